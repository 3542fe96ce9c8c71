// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package discover

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// Whatever is asked and answered, groups hold calls that are there, each once, with what was put in as it stood.
func FuzzFind(f *testing.F) {
	f.Add("Sort this: ", "one\ntwo\nthree", "\nAnswer:", `{"a": [1, null, "two"]}`)
	f.Add("", "\x00\xff{…}", "", "")
	f.Add("a b c d e f g h", "a b c\nb c d", " a b c", "yes\nno")
	f.Fuzz(func(t *testing.T, before, inputs, after, answers string) {
		if len(before)+len(inputs)+len(after)+len(answers) > 600 {
			return
		}
		in, out := strings.Split(inputs, "\n"), strings.Split(answers, "\n")
		var calls []Call
		for i := range 12 {
			text := in[i%len(in)]
			calls = append(calls, Call{Messages: []Message{{"system", before}, {"user", text + after}}, Answer: out[i%len(out)]}, Call{Messages: []Message{{"user", text}}, Answer: out[i%len(out)]})
		}
		groups := find(t, calls, Options{Least: 3})
		seen := map[int]bool{}
		for _, g := range groups {
			if len(g.Calls) < 3 || len(g.Inputs) != len(g.Calls) || g.Found == ByTemplate && g.Constant < fewestConstant {
				t.Fatalf("a group of %d calls, %d inputs, %d constant tokens", len(g.Calls), len(g.Inputs), g.Constant)
			}
			for i, c := range g.Calls {
				if seen[c] {
					t.Fatalf("call %d is in two groups", c)
				}
				seen[c] = true
				for piece := range strings.SplitSeq(g.Inputs[i], "\n") {
					if !strings.Contains(calls[c].Messages[0].Text+"\n"+calls[c].Messages[len(calls[c].Messages)-1].Text, piece) {
						t.Fatalf("input %q is not in call %d", g.Inputs[i], c)
					}
				}
			}
		}
		if again := find(t, calls, Options{Least: 3}); !reflect.DeepEqual(again, groups) {
			t.Fatal("the same calls gave other groups")
		}
	})
}

func TestInfer(t *testing.T) {
	repeat := func(n int, pairs ...string) (inputs, answers []string) {
		for range n {
			for i := 0; i < len(pairs); i += 2 {
				inputs, answers = append(inputs, pairs[i]), append(answers, pairs[i+1])
			}
		}
		return
	}
	var texts []string
	for i := range 100 {
		texts = append(texts, "x", fmt.Sprintf("answer number %d of many", i))
	}
	for name, c := range map[string]struct {
		pairs []string
		want  string
	}{
		"labels":           {[]string{"x", "Yes", "y", "no.", "z", "yes", "z", "Yes"}, "labels [Yes no]"},
		"one label":        {[]string{"x", "yes"}, "text: all answers are the same"},
		"free text":        {texts, "text: answers are free text: new ones keep coming"},
		"objects":          {[]string{"two red apples", `{"what": "red apples", "n": 2, "kind": "buy"}`, "cancel it", "```json\n{\"kind\": \"stop\", \"n\": null}\n```"}, "objects kind:string[buy stop]! n:integer what:string"},
		"lists":            {[]string{"a and b", `{"of": ["a", "b"]}`, "none", `{"of": []}`}, "objects of:string*!"},
		"inside":           {[]string{"a", `{"of": {"b": 1}}`}, "objects of.b:integer!"},
		"inside at times":  {[]string{"a", `{"of": {"b": 1, "c": {"d": "x"}}}`, "b", `{"of": null}`, "c", `{"of": {"b": 2, "c": {"d": "y"}}}`}, "objects of.b:integer of.c.d:string[x y]"},
		"inside or not":    {[]string{"a", `{"of": {"b": 1}}`, "b", `{"of": 7}`}, `text: field "of": values have several types`},
		"lists of objects": {[]string{"a", `{"of": [{"b": 1}]}`}, `text: field "of": lists of objects, or of lists, are nothing that a student here learns`},
		"several types":    {[]string{"a", `{"of": 1}`, "b", `{"of": "b"}`}, `text: field "of": values have several types`},
		"list at times":    {[]string{"a", `{"of": ["a"]}`, "b", `{"of": "b"}`}, `text: field "of": it is a list at times`},
		"nothing inside":   {[]string{"a", `{}`, "b", `{}`}, "text: answers are free text: new ones keep coming"},
	} {
		t.Run(name, func(t *testing.T) {
			n := 100
			if len(c.pairs) > 50 {
				n = 1
			}
			inputs, answers := repeat(n, c.pairs...)
			got := infer(inputs, answers)
			text := string(got.Kind)
			if got.Why != "" {
				text += ": " + got.Why
			}
			if got.Labels != nil {
				text += fmt.Sprint(" ", got.Labels)
			}
			for _, f := range got.Fields {
				text += " " + f.Name + ":" + f.Type
				if f.Labels != nil {
					text += fmt.Sprint(f.Labels)
				}
				if f.List {
					text += "*"
				}
				if f.Required {
					text += "!"
				}
			}
			if text != c.want {
				t.Errorf("got %s, want %s", text, c.want)
			}
		})
	}
}
