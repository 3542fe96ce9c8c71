// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package called

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"retort/model"
)

// rules are those of the vendors, and none.
func rules() map[string]Rule {
	return map[string]Rule{"any": {}, "strict": {Most: 64}, "dots": {Most: 64, Also: ".:", Letter: true}, "groups": {Most: 64, Groups: true}}
}

func TestNamesOfTools(t *testing.T) {
	plain := &model.Content{Tools: []model.Tool{{Name: "f"}, {Native: []byte("{}")}}, ToolChoice: &model.ToolChoice{Mode: "tool", Name: "f"}}
	if n := Of(plain, "d", Rule{Most: 64}); n != nil || n.Tool("", "f") != (Tool{Name: "f"}) || n.Apply(plain) != plain {
		t.Errorf("plain functions need no names: %v", n)
	}
	long := strings.Repeat("é", 40)
	git := &model.Namespace{Name: "github"}
	content := &model.Content{Tools: []model.Tool{{Name: "f"}, {Name: "get", Namespace: git}, {Name: "patch", Freeform: &model.Freeform{}},
		{Name: long, Namespace: git}, {Name: long + "x", Namespace: git, Freeform: &model.Freeform{}}, {Name: "server.get"}, {Name: "server/get"},
		{Name: "ns:fn"}, {Name: "7up"}, {Name: ""}, {Name: "get"}, {Name: strings.Repeat("a", 100)}}}
	for name, rule := range rules() {
		t.Run(name, func(t *testing.T) { checkNames(t, content, rule) })
	}
	own := &model.Content{Dialect: "d", Tools: []model.Tool{{Name: "server.get"}}}
	if n := Of(own, "d", Rule{Most: 64}); n != nil {
		t.Errorf("what came in the dialect itself keeps its names: %v", n)
	}
}

// checkNames holds the names of a content's tools to a rule: allowed, each its own, and known again.
func checkNames(t *testing.T, content *model.Content, rule Rule) {
	t.Helper()
	n := Of(content, "d", rule)
	before, err := json.Marshal(content)
	if err != nil {
		t.Fatal(err)
	}
	out := n.Apply(content)
	if after, err := json.Marshal(content); err != nil || string(after) != string(before) {
		t.Error("the content itself was changed")
	}
	seen := map[id]Tool{}
	for i := range content.Tools {
		was, now := &content.Tools[i], &out.Tools[i]
		want := Tool{Name: was.Name, Namespace: group(was), Freeform: was.Freeform != nil}
		function := id{group(now), now.Name}
		if before, ok := seen[function]; ok && (before.Name != want.Name || before.Namespace != want.Namespace) {
			t.Errorf("%+v and %+v are both %q", before, want, function)
		} else if ok {
			continue // the same tool once more
		}
		seen[function] = want
		if !rule.allows(now.Name) || !utf8.ValidString(now.Name) && utf8.ValidString(was.Name) && utf8.ValidString(want.Namespace) || !rule.Groups && now.Namespace != nil {
			t.Errorf("%+v became %q in %q", want, now.Name, group(now))
		}
		if got := n.Tool(function.group, function.name); n != nil && got != want {
			t.Errorf("%q stands for %+v, want %+v", function, got, want)
		}
		if rule.keeps(group(was), was.Name) && now.Name != was.Name {
			t.Errorf("%q need not have become %q", was.Name, now.Name)
		}
	}
	if got := n.Tool("", "made_up"); got != (Tool{Name: "made_up"}) {
		t.Errorf("a function that nobody knows stands for %+v", got)
	}
	again := Of(content, "d", rule).Apply(content)
	if d := cmp.Diff(out, again); d != "" {
		t.Errorf("other names the second time:\n%s", d)
	}
}

func TestApplyRenamesEverything(t *testing.T) {
	fs := &model.Namespace{Name: "fs"}
	call := func(group, name string) model.Block {
		return model.Block{Kind: model.ToolCallBlock, Call: &model.ToolCall{ID: "1", Namespace: group, Name: name, Arguments: "{}"}}
	}
	content := &model.Content{
		Tools:      []model.Tool{{Name: "web.search"}, {Name: "read", Namespace: fs}, {Name: "read"}, {Name: "f"}},
		ToolChoice: &model.ToolChoice{Mode: "required", Name: "web.search", Allowed: []string{"read", "f", "web.search", "gone.away"}},
		Messages: []model.Message{model.Text(model.User, "hi"),
			{Role: model.Assistant, Blocks: []model.Block{call("", "web.search"), call("fs", "read"), call("", "read"), call("", "old tool")}},
			{Role: model.ToolRole, Name: "web.search", Blocks: []model.Block{{Kind: model.ToolResultBlock, CallID: "1", Text: "x"}}}}}
	rule := Rule{Most: 64}
	out := Of(content, "d", rule).Apply(content)
	search, old, gone := rule.Safe("web.search"), rule.Safe("old tool"), rule.Safe("gone.away")
	if !strings.HasPrefix(search, "web_search_") || len(search) > 20 {
		t.Errorf("%q is not readable", search)
	}
	want := []string{search, "fs__read", "read", "f", "", search, "fs__read", "read", "f", search, gone, "", search, "fs__read", "read", old, search}
	var got []string
	for i := range out.Tools {
		got = append(got, out.Tools[i].Name)
	}
	got = append(append(got, "", out.ToolChoice.Name), out.ToolChoice.Allowed...)
	got = append(got, "")
	for _, b := range out.Messages[1].Blocks {
		got = append(got, b.Call.Namespace+b.Call.Name)
	}
	if d := cmp.Diff(want, append(got, out.Messages[2].Name)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if content.Messages[1].Blocks[0].Call.Name != "web.search" || content.Tools[1].Namespace != fs || content.ToolChoice.Name != "web.search" {
		t.Error("the content itself was changed")
	}
	native := &model.Content{Tools: content.Tools, ToolChoice: &model.ToolChoice{Extra: []byte("{}"), Name: "web.search"}}
	if got := Of(native, "d", rule).Apply(native); got.ToolChoice != native.ToolChoice {
		t.Error("a choice of the dialect's own is left alone")
	}
}

func TestNamesThatClash(t *testing.T) {
	rule := Rule{Most: 64}
	var content model.Content
	for _, name := range []string{"a.b", rule.Safe("a.b"), rule.short("a.b", 1), rule.short(join("", "a.b"), 1), rule.short(join("", "a.b"), 2)} {
		content.Tools = append(content.Tools, model.Tool{Name: name})
	}
	content.Tools = append(content.Tools, model.Tool{Name: "c", Namespace: &model.Namespace{Name: "g"}}, model.Tool{Name: "g__c"})
	for name, rule := range rules() {
		t.Run(name, func(t *testing.T) { checkNames(t, &content, rule) })
	}
}

func FuzzNames(f *testing.F) {
	f.Add("web.search", "web_search", "g", uint8(1))
	f.Add("a.b", "a_b_1eg2g0r", "", uint8(0))
	f.Add("", "\xff", strings.Repeat("é", 70), uint8(2))
	f.Add("1", "_1", ".", uint8(3))
	f.Fuzz(func(t *testing.T, a, b, space string, which uint8) {
		all := rules()
		rule := all[[]string{"any", "strict", "dots", "groups"}[which%4]]
		content := &model.Content{}
		for _, name := range []string{a, b, a + b, b + "." + a, rule.Safe(a), rule.Safe(b), rule.short(a, 1), fmt.Sprint(a, 1)} {
			content.Tools = append(content.Tools, model.Tool{Name: name}, model.Tool{Name: name, Namespace: &model.Namespace{Name: space}})
		}
		if space == "" { // which is no namespace
			for i := range content.Tools {
				content.Tools[i].Namespace = nil
			}
		}
		checkNames(t, content, rule)
	})
}
