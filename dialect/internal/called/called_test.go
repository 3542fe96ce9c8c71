// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package called

import (
	"strings"
	"testing"
	"unicode/utf8"

	"retort/model"
)

func TestNamesOfTools(t *testing.T) {
	plain := &model.Content{Tools: []model.Tool{{Name: "f"}, {Native: []byte("{}")}}}
	if n := Of(plain); n != nil || n.Tool("f") != (Tool{Name: "f"}) {
		t.Errorf("plain functions need no names: %v", n)
	}
	long := strings.Repeat("é", 40)
	group := &model.Namespace{Name: "github"}
	content := &model.Content{Tools: []model.Tool{{Name: "f"}, {Name: "get", Namespace: group}, {Name: "patch", Freeform: &model.Freeform{}},
		{Name: long, Namespace: group}, {Name: long + "x", Namespace: group, Freeform: &model.Freeform{}}}}
	n := Of(content)
	for i := range content.Tools {
		tool := &content.Tools[i]
		want := Tool{Name: tool.Name, Freeform: tool.Freeform != nil}
		if tool.Namespace != nil {
			want.Namespace = tool.Namespace.Name
		}
		flat := Flat(want.Namespace, want.Name)
		if got := n.Tool(flat); got != want {
			t.Errorf("%s stands for %+v, want %+v", flat, got, want)
		}
	}
	if got := n.Tool("made_up"); got != (Tool{Name: "made_up"}) {
		t.Errorf("a function that nobody knows stands for %+v", got)
	}
}

func TestFlat(t *testing.T) {
	for _, tc := range []struct{ namespace, name, want string }{
		{"", "f", "f"}, {"", strings.Repeat("f", 99), strings.Repeat("f", 99)}, {"github", "get", "github__get"},
		{strings.Repeat("n", 31), strings.Repeat("f", 31), strings.Repeat("n", 31) + "__" + strings.Repeat("f", 31)},
	} {
		if got := Flat(tc.namespace, tc.name); got != tc.want {
			t.Errorf("%q, %q: %q, want %q", tc.namespace, tc.name, got, tc.want)
		}
	}
	seen := map[string]bool{}
	for _, name := range []string{strings.Repeat("日", 30), strings.Repeat("日", 29) + "a", strings.Repeat("x", 63)} {
		got := Flat("a", name)
		if len(got) > 64 || !utf8.ValidString(got) || seen[got] {
			t.Errorf("%q becomes %q: too long, broken or not its own", name, got)
		}
		seen[got] = true
	}
}

func TestWrapAndUnwrap(t *testing.T) {
	for _, text := range []string{"", "ls -la", "*** Begin Patch\n+é\"\\\n", "{}", `{"input":"x"}`, "\u2028<a>"} {
		if got := Unwrap(Wrap(text)); got != text {
			t.Errorf("%q became %q", text, got)
		}
	}
	for _, text := range []string{"", "plain", "{", "[]", `{"command":"ls"}`, `{"input":5}`, `{"input":"x","more":1}`, `"x"`} {
		if got := Unwrap(text); got != text {
			t.Errorf("what is no wrapped text, %q, became %q", text, got)
		}
	}
}

func TestDescribe(t *testing.T) {
	grammar := &model.Freeform{Syntax: "lark", Definition: "start: /a/"}
	for _, tc := range []struct {
		tool model.Tool
		want []string
	}{
		{model.Tool{Description: "Patches."}, []string{"Patches."}},
		{model.Tool{Description: "Patches.", Freeform: &model.Freeform{}}, []string{"Patches."}},
		{model.Tool{Description: "Patches.", Freeform: grammar}, []string{"Patches.\n\n", "lark grammar", "start: /a/"}},
		{model.Tool{Freeform: grammar}, []string{"The input", "start: /a/"}},
	} {
		got := Describe(&tc.tool)
		for _, want := range tc.want {
			if !strings.Contains(got, want) || strings.HasPrefix(got, "\n") {
				t.Errorf("%+v: %q does not say %q", tc.tool, got, want)
			}
		}
	}
}
