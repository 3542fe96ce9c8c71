// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package rule

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"retort/model"
)

// rich is a request about which every fact says something.
func rich() *model.Request {
	limit := 50
	req := model.NewRequest("support", &model.Content{
		Messages: []model.Message{
			model.Text(model.System, "Be Brief."),
			model.Text(model.User, "Hallo"),
			model.Text(model.Assistant, "Hi"),
			{Role: model.User, Blocks: []model.Block{
				{Kind: model.TextBlock, Text: "Wie kann ich mein Passwort ändern?"},
				{Kind: model.ImageBlock, Media: &model.Media{URL: "u"}},
				{Kind: model.ToolResultBlock, Blocks: []model.Block{{Kind: model.ImageBlock}, {Kind: model.DocumentBlock}}},
			}},
		},
		Tools:     []model.Tool{{Name: "look"}, {Name: "run_query"}},
		Format:    &model.Format{Kind: "schema"},
		MaxTokens: &limit, Effort: "high", User: "anna",
		Extra: map[string]json.RawMessage{"metadata": json.RawMessage(`{"tier": "gold", "a.b": "x", "n": 7, "bad": "seven"}`)},
	})
	req.Tenant, req.Key, req.Stream = "acme", "key-1", true
	return req
}

func around() Surroundings {
	return Surroundings{
		Estimate: func(*model.Content) int { return 9000 },
		IsTask:   func(name string) bool { return name == "support" },
		Now:      func() time.Time { return time.Date(2026, 3, 1, 13, 0, 0, 0, time.FixedZone("", 3600)) }, // a Sunday
	}
}

func compiled(t testing.TB, conditions ...string) []Condition {
	t.Helper()
	list := make([]Condition, len(conditions))
	for i, text := range conditions {
		c, err := Compile(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		list[i] = c
	}
	return list
}

func TestConditions(t *testing.T) {
	for condition, want := range map[string]bool{
		"":                            true,
		"tokens > 8000 || images > 0": true,
		"tokens < 8000":               false,
		`language == "de"`:            true,
		`language != "de"`:            false,
		`model == "support" && task == "support"`:                       true,
		`tenant == "acme" and key == "key-1" and stream`:                true,
		`images == 2 and documents == 1 and audio == 0 and videos == 0`: true,
		`turns == 2 and tools == 2 and "run_query" in tool_names`:       true,
		`"drop" in tool_names`:                                          false,
		`json and effort in ["high", "max"] and max_tokens <= 50`:       true,
		`user startsWith "an" and text contains "passwort"`:             true,
		`text matches "pass(wort|phrase)"`:                              true,
		`system == "be brief."`:                                         true,
		`characters == 50`:                                              true,
		`metadata.tier == "gold" and metadata["a.b"] == "x"`:            true,
		`metadata.missing == ""`:                                        true,
		`int(metadata.n) > 5`:                                           true,
		`hour == 12 and weekday == 7`:                                   true,
		`len(text) > 3 ? true : false`:                                  true,
		`let long = tokens > 100; long && !(images > 5)`:                true,
		`max(images, documents) == 2`:                                   true,
		`not (tools > 0)`:                                               false,
		`int(metadata.bad) > 5`:                                         false, // fails at run time
	} {
		r := New(compiled(t, condition), around())
		for range 2 { // cold and warm
			got, err := r.First(rich())
			if err != nil || (got == 0) != want {
				t.Errorf("%s: got %d, %v; want %v", condition, got, err, want)
			}
		}
		if failed := r.Failures()[0] > 0; failed != strings.Contains(condition, "bad") {
			t.Errorf("%s: failures are %v", condition, r.Failures())
		}
	}
}

func TestMistakes(t *testing.T) {
	for condition, want := range map[string]string{
		"tokn > 5":                               `character 1: there is no fact or function "tokn"`,
		"tokens > 5 and\n image > 0":             `line 2, character 2: there is no fact or function "image"`,
		"tokens":                                 `is neither true nor false, but a number; compare it with something`,
		`tokens == "x"`:                          `character 8: == does not go with a number and a text`,
		`!tokens`:                                `character 1: ! does not go with a number`,
		`tool_names and json`:                    `character 12: and does not go with a list of texts and a true-or-false`,
		`metadata > 5`:                           `character 10: > does not go with a set of texts by name and a number`,
		`text.size > 5`:                          `character 6: type text has no field size`,
		"tokens >":                               `character 8: unexpected token EOF`,
		"tokens > 5 &&& images":                  ``,
		`text matches "("`:                       ``,
		`text matches system`:                    `character 6: the pattern must stand in the condition, in quotes`,
		`len(text + text) > 5`:                   `character 10: a condition only looks at text and puts none together`,
		`tokens in 1..100000000`:                 ``,
		`any(tool_names, # == "x")`:              ``,
		`$env.tokens > 5`:                        ``,
		`now().Year() > 5`:                       ``,
		`metadata.tier.x == 1`:                   ``,
		strings.Repeat("(", 3000):                ``,
		strings.Repeat("!", 4000) + "json":       ``,
		strings.Repeat("json && ", 700) + "json": `has 5604 bytes; a condition has at most 4096`,
		"\xff":                                   ``,
	} {
		_, err := Compile(condition)
		var mistake *Error
		if !errors.As(err, &mistake) {
			t.Errorf("%.60s: got %v, want a mistake", condition, err)
			continue
		}
		if want != "" && err.Error() != want {
			t.Errorf("%.60s: got %q, want %q", condition, err, want)
		}
		if strings.Contains(err.Error(), "\n") {
			t.Errorf("%.60s: the message has several lines: %q", condition, err)
		}
	}
	var mistake *Error
	if _, err := Compile("tokn > 5"); !errors.As(err, &mistake) || mistake.Unknown != "tokn" {
		t.Errorf("got %+v; want the unknown name", mistake)
	}
}

func TestFirstThatHolds(t *testing.T) {
	r := New(compiled(t, `tenant == "other"`, `tokens > 5`, ""), around())
	if got, err := r.First(rich()); got != 1 || err != nil {
		t.Errorf("got %d, %v", got, err)
	}
	if got, err := New(compiled(t, `tenant == "other"`), around()).First(rich()); got != -1 || err != nil {
		t.Errorf("got %d, %v; want none", got, err)
	}
	if got, err := New(nil, Surroundings{}).First(rich()); got != -1 || err != nil {
		t.Errorf("got %d, %v; want none", got, err)
	}
}

// A request whose content nobody asks about passes undecoded; one that cannot be read is an error otherwise.
func TestContentIsReadWhenNeeded(t *testing.T) {
	unreadable := &model.Request{Tenant: "acme", Wire: model.NewWire("x", nil, nil, func([]byte) (*model.Content, error) {
		return nil, &model.Error{Kind: model.Invalid, Op: "read request"}
	})}
	r := New(compiled(t, `tenant == "acme"`, "tokens > 5"), Surroundings{})
	if got, err := r.First(unreadable); got != 0 || err != nil {
		t.Errorf("got %d, %v", got, err)
	}
	unreadable.Tenant = "other"
	if _, err := r.First(unreadable); model.KindOf(err) != model.Invalid {
		t.Errorf("got %v; want the request's error", err)
	}
}

// Nothing of one request is seen by the next.
func TestRequestsAreApart(t *testing.T) {
	r := New(compiled(t, `text contains "secret" or metadata.tier == "gold"`), Surroundings{})
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 300 {
				text, want := "hello", -1
				if (i+j)%2 == 0 {
					text, want = "a SECRET", 0
				}
				if got, err := r.First(model.NewRequest("m", model.Prompt(text))); got != want || err != nil {
					t.Errorf("%q: got %d, %v", text, got, err)
				}
			}
		})
	}
	wg.Wait()
}

func TestEveryFactIsTold(t *testing.T) {
	for _, f := range Facts() {
		if f.Doc == "" || f.Type == "" || !slices.Contains(Names(), f.Name) {
			t.Errorf("%+v lacks something", f)
		}
	}
	page, err := os.ReadFile("../../docs/blends.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range Facts() {
		if row := fmt.Sprintf("| `%s` | %s | %s |\n", f.Name, f.Type, f.Doc); !strings.Contains(string(page), row) {
			t.Errorf("docs/blends.md lacks %s", row)
		}
	}
	for _, name := range functions {
		if !strings.Contains(string(page), "`"+name+"`") {
			t.Errorf("docs/blends.md lacks %s", name)
		}
	}
	empty := model.NewRequest("", &model.Content{})
	for i := range facts {
		v := &view{req: empty, content: &model.Content{}, around: &Surroundings{}}
		if facts[i].of(v) == nil {
			t.Errorf("%s of an empty request is nil", facts[i].name)
		}
	}
}

func TestRulesAllocateLittle(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector drops what a sync.Pool keeps")
	}
	r := New(compiled(t, "images > 9", "turns > 100 || json", `tenant == "x"`, ""), around())
	req := model.NewRequest("m", model.Prompt("hello there"))
	if n := testing.AllocsPerRun(200, func() {
		if got, err := r.First(req); got != 3 || err != nil {
			t.Fatal(got, err)
		}
	}); n > 1 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkFirst(b *testing.B) {
	req := model.NewRequest("m", model.Prompt(strings.Repeat("What is the capital of Mongolia? ", 120)))
	for name, conditions := range map[string][]string{
		"counts":   {"tokens > 8000 || images > 0", "tools > 0", ""},
		"text":     {`text contains "xyzzy"`, `text matches "x[yz]+y"`, ""},
		"language": {`language == "de"`, `language == "fr"`, ""},
	} {
		b.Run(name, func(b *testing.B) {
			r := New(compiled(b, conditions...), Surroundings{})
			b.ReportAllocs()
			for b.Loop() {
				if got, _ := r.First(req); got != 2 {
					b.Fatal(got)
				}
			}
		})
	}
}

func FuzzCompile(f *testing.F) {
	for _, seed := range []string{"tokens > 5", `text matches "a"`, `metadata.x in ["a"]`, "let a = 1; a > 0", "any([1], # > 0)", "1..2", "1 / 0 > 1", "text[0:99] == ''", "-(-(1)) ** 9999 > 0"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := Compile(text)
		if err != nil {
			var mistake *Error
			if !errors.As(err, &mistake) {
				t.Fatalf("an error of type %T", err)
			}
			return
		}
		if _, err := New([]Condition{c}, around()).First(rich()); err != nil {
			t.Fatal(err)
		}
	})
}
