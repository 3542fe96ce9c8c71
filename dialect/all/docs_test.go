// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package all

import (
	"flag"
	"fmt"
	"go/ast"
	"go/doc/comment"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"retort/dialect"
)

var update = flag.Bool("update", false, "write docs/dialects.md anew")

const page = "../../docs/dialects.md"

// begin and end enclose what programs other than this test write into the page.
const begin, end = "<!-- clients:begin -->", "<!-- clients:end -->"

// TestDocsAreFresh holds docs/dialects.md against the tables and the packages' own documentation.
func TestDocsAreFresh(t *testing.T) {
	old, err := os.ReadFile(page)
	if err != nil && !*update {
		t.Fatal(err)
	}
	want := render(t, kept(string(old)))
	if *update {
		if err := os.WriteFile(page, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if d := cmp.Diff(want, string(old)); d != "" {
		t.Errorf("docs/dialects.md is stale; run go test ./dialect/all -update (-want +got):\n%.4000s", d)
	}
}

// kept returns what stands between the marks.
func kept(page string) string {
	_, rest, found := strings.Cut(page, begin+"\n")
	inner, _, closed := strings.Cut(rest, end)
	if !found || !closed {
		return ""
	}
	return inner
}

func render(t *testing.T, clients string) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("# Dialects\n\n" +
		"<!-- Written by go test ./dialect/all -update, but for what is between the marks. -->\n\n" +
		"Retort speaks to upstreams in any of these dialects, and clients speak to Retort in any but " + upstreamsOnly() + ".\n" +
		"Where both are the same, requests and answers pass unchanged. Where they differ, everything goes through one model of\n" +
		"requests and answers, and the tables say what becomes of it:\n\n" +
		"- **native**: the dialect has a field for it, and nothing of it is lost;\n" +
		"- **mapped**: it is said in other words, and what matters of it survives;\n" +
		"- **dropped**: the dialect cannot say it. It is left out, and the answer's header `Retort-Dropped` names it; a request\n" +
		"  with the header `Retort-Strict: true` is refused instead.\n\n" +
		"A feature arrives if both the client's dialect and the upstream's have it. Tests hold each row against what the dialects do:\n" +
		"see package `dialect/dialecttest`. Single upstreams have less than their dialect: what is known of a server (see\n" +
		"`dialect/openai.Quirks`) or shows in a model's name counts as well, and is noted in the same header. Names of tools that an\n" +
		"upstream does not take, such as those with dots, are others on the way there, and themselves again on the way back. A model itself may\n" +
		"still not do what its API can say.\n\n")
	b.WriteString("## What requests ask\n\n")
	table(&b, false)
	b.WriteString("\n## What answers hold\n\n")
	table(&b, true)
	b.WriteString("\n## Clients and upstreams\n\n" + begin + "\n" + clients + end + "\n")
	for _, e := range All() {
		section(t, &b, e)
	}
	return b.String()
}

// upstreamsOnly names the dialects that clients do not speak.
func upstreamsOnly() string {
	var names []string
	for _, e := range All() {
		if e.Server == nil {
			names = append(names, e.Title)
		}
	}
	return strings.Join(names, " and ")
}

func table(b *strings.Builder, answers bool) {
	b.WriteString("| name | |")
	for _, e := range All() {
		if e.Server != nil || !answers {
			b.WriteString(" " + e.Name + " |")
		}
	}
	b.WriteString("\n| --- | --- |")
	for _, e := range All() {
		if e.Server != nil || !answers {
			b.WriteString(" --- |")
		}
	}
	b.WriteString("\n")
	for _, f := range dialect.Features() {
		if f.Answer != answers {
			continue
		}
		fmt.Fprintf(b, "| `%s` | %s |", f.Feature, f.Doc)
		for _, e := range All() {
			if e.Server != nil || !answers {
				b.WriteString(" " + e.Table[f.Feature].String() + " |")
			}
		}
		b.WriteString("\n")
	}
}

// section writes what a dialect's package says of itself, and where its clients ask.
func section(t *testing.T, b *strings.Builder, e Entry) {
	t.Helper()
	fmt.Fprintf(b, "\n## %s (`%s`)\n\n", e.Title, e.Name)
	if e.Server != nil {
		b.WriteString("Clients ask at:\n\n")
		for _, r := range e.Server.Routes() {
			fmt.Fprintf(b, "- `%s %s`", r.Method, r.Path)
			if r.Header != "" {
				fmt.Fprintf(b, " with the header `%s`", r.Header)
			}
			b.WriteString(": " + does(r.Op) + "\n")
		}
		b.WriteString("\n")
	} else {
		b.WriteString("Upstreams only: clients cannot speak it to Retort.\n\n")
	}
	parsed := (&comment.Parser{}).Parse(packageDoc(t, reflect.TypeOf(e.Client).PkgPath()))
	b.Write((&comment.Printer{HeadingLevel: 3, HeadingID: func(*comment.Heading) string { return "" }}).Markdown(parsed))
}

func does(op dialect.Op) string {
	return map[dialect.Op]string{dialect.Generate: "an answer", dialect.Embed: "vectors", dialect.Count: "the number of tokens", dialect.List: "the models",
		dialect.Show: "one model", dialect.Say: "answered by Retort itself"}[op]
}

// packageDoc returns the comment of a package of this module.
func packageDoc(t *testing.T, pkg string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("../..", strings.TrimPrefix(pkg, "retort/"), "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		var f *ast.File
		if f, err = parser.ParseFile(token.NewFileSet(), name, nil, parser.PackageClauseOnly|parser.ParseComments); err != nil {
			t.Fatal(err)
		}
		if f.Doc != nil {
			return f.Doc.Text()
		}
	}
	t.Fatalf("package %s has no documentation", pkg)
	return ""
}

func TestEntries(t *testing.T) {
	for _, e := range All() {
		if e.Client.Name() != e.Name || e.Server != nil && e.Server.Name() != e.Name || e.Title == "" || len(e.Table) == 0 {
			t.Errorf("%s: client %s, title %q, %d features", e.Name, e.Client.Name(), e.Title, len(e.Table))
		}
		if got, ok := Named(e.Name); !ok || got.Title != e.Title {
			t.Errorf("%s is not found by its name", e.Name)
		}
	}
	if _, ok := Named("morse"); ok {
		t.Error("a dialect that nobody speaks is found")
	}
	if n := len(Servers()); n == 0 || n >= len(All()) {
		t.Errorf("%d of %d dialects have servers", n, len(All()))
	}
}
