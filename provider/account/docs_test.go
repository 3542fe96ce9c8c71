// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package account

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"retort/internal/config"
	"retort/provider/preset"
)

var update = flag.Bool("update", false, "write what was got into the documentation")

var page = filepath.Join("..", "..", "docs", "providers.md")

// section is what lies between two marks of the page.
var section = regexp.MustCompile(`(?s)(<!-- begin ([a-z]+) -->\n).*?(<!-- end -->)`)

// TestDocumentation holds the tables of docs/providers.md against the presets.
func TestDocumentation(t *testing.T) {
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	tables := map[string]func() string{"presets": presetTable, "quirks": quirkTable, "notes": noteList, "terms": termTable}
	got := section.ReplaceAllStringFunc(string(text), func(s string) string {
		m := section.FindStringSubmatch(s)
		table, ok := tables[m[2]]
		if !ok {
			t.Fatalf("the page has a section %q, of which nothing is known", m[2])
		}
		delete(tables, m[2])
		return m[1] + table() + m[3]
	})
	if len(tables) > 0 {
		t.Errorf("the page lacks %d of its sections", len(tables))
	}
	if *update {
		if err := os.WriteFile(page, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	} else if diff := cmp.Diff(string(text), got); diff != "" {
		t.Errorf("the page is not fresh; run go test ./provider/account -update (-page +presets):\n%s", diff)
	}
}

func presetTable() string {
	var b strings.Builder
	b.WriteString("| `preset:` | for | `dialect:` | address | credential, taken from | also needed |\n| --- | --- | --- | --- | --- | --- |\n")
	for _, p := range preset.All() {
		for i, s := range p.Speaks {
			if i == 0 {
				fmt.Fprintf(&b, "| `%s` | [%s](%s) | %s | `%s` | %s | %s |\n", p.Name, p.Title, p.Source, s.Dialect, s.BaseURL, credentials(&p), needs(&p))
			} else if s.BaseURL == p.Speaks[0].BaseURL {
				fmt.Fprintf(&b, "| | | or %s | the same | | |\n", s.Dialect)
			} else {
				fmt.Fprintf(&b, "| | | or %s | `%s` | | |\n", s.Dialect, s.BaseURL)
			}
		}
	}
	return b.String()
}

func credentials(p *preset.Preset) string {
	var from []string
	for _, name := range p.Keys {
		from = append(from, "`"+name+"`")
	}
	switch p.Auth {
	case preset.AuthAWS:
		from = append(from, "AWS's own tools")
	case preset.AuthGoogle:
		from = append(from, "Google's own tools")
	}
	if from == nil {
		return "none"
	}
	return strings.Join(from, ", else ")
}

func needs(p *preset.Preset) string {
	var all []string
	for _, f := range p.Needs {
		text := "`" + f.Name + "`: else `" + strings.Join(f.Vars, "`, `") + "`"
		if f.Default != "" {
			text += ", else " + f.Default
		}
		all = append(all, text)
	}
	return strings.Join(all, "; ")
}

func quirkTable() string {
	var b strings.Builder
	b.WriteString("| preset | is asked without | and with |\n| --- | --- | --- |\n")
	for _, p := range preset.All() {
		q := quirks(p.Name)
		var without, with []string
		for _, f := range q.Refuses {
			without = append(without, "`"+string(f)+"`")
		}
		for _, f := range q.RefusesFields {
			without = append(without, "`"+f+"`")
		}
		for _, w := range []struct {
			set  bool
			text string
		}{
			{q.Vendor, "nothing that only compatible servers know"}, {q.MaxCompletionTokens, "`max_completion_tokens`"}, {q.Seed != "", "`" + q.Seed + "` for the seed"},
			{q.Required != "", "`tool_choice: " + q.Required + "`"}, {q.ShortIDs, "ids of calls of nine characters"}, {q.NoDeveloper, "the role `system` alone"},
			{q.Reasoning == "-", "no reasoning of earlier turns"}, {q.Reasoning != "" && q.Reasoning != "-", "reasoning of earlier turns as `" + q.Reasoning + "`"},
		} {
			if w.set {
				with = append(with, w.text)
			}
		}
		if without != nil || with != nil {
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", p.Name, strings.Join(without, ", "), strings.Join(with, ", "))
		}
	}
	return b.String()
}

func noteList() string {
	var b strings.Builder
	for _, p := range preset.All() {
		if p.Notes != "" {
			fmt.Fprintf(&b, "- `%s`: %s\n", p.Name, p.Notes)
		}
	}
	return b.String()
}

func termTable() string {
	var b strings.Builder
	b.WriteString("| what the terms say, in short | of | read |\n| --- | --- | --- |\n")
	done := map[preset.Terms]bool{{}: true}
	for _, p := range preset.All() {
		if done[p.Terms] {
			continue
		}
		done[p.Terms] = true
		var same []string
		for _, other := range preset.All() {
			if other.Terms == p.Terms {
				same = append(same, "`"+other.Name+"`")
			}
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", p.Terms.Basis, strings.Join(same, ", "), p.Terms.Source)
	}
	return b.String()
}

// TestExamplesOfThePage reads every example of the page, and makes the accounts in it.
func TestExamplesOfThePage(t *testing.T) {
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	env := func(name string) (string, bool) {
		return "planted-" + strings.ToLower(name), !strings.HasPrefix(name, "AWS_")
	}
	examples := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(string(text), -1)
	if len(examples) < 5 {
		t.Fatalf("the page has %d examples", len(examples))
	}
	for _, m := range examples {
		cfg, err := config.Parse("retort.yaml", []byte(m[1]), env)
		if err != nil {
			t.Errorf("%v in\n%s", err, m[1])
			continue
		}
		for name, p := range cfg.Providers {
			if p.Credentials != "" {
				p.Credentials = ""
			}
			if _, err := (Account{Name: name, Preset: p.Preset, Dialect: p.Dialect, BaseURL: p.BaseURL, Auth: p.Auth, Key: "planted", Region: p.Region}).Options(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}
