// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package dialect_test

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"retort/dialect"
	"retort/model"
)

// upstream is the client side of a dialect with functions alone: its answers are given.
type upstream struct {
	parts []model.Part
	resp  *model.Response
	err   error
}

func (upstream) Name() string { return "functions" }
func (upstream) Request(context.Context, string, string, *model.Request) (*http.Request, error) {
	return nil, errors.New("not asked for")
}
func (upstream) Authorize(*http.Request, string)             {}
func (upstream) Error(int, http.Header, []byte) *model.Error { return nil }
func (u upstream) Response(_ *http.Response, _ *model.Request, _ int, emit func(model.Part) error) (*model.Response, error) {
	for _, p := range u.parts {
		if err := emit(p); err != nil {
			return nil, err
		}
	}
	return u.resp, u.err
}

func call(choice, index int, id, name, text string) model.Part {
	return model.Part{Kind: model.ToolCallPart, Choice: choice, Index: index, ID: id, Name: name, Text: text}
}

func block(id, name, args string) model.Block {
	return model.Block{Kind: model.ToolCallBlock, Call: &model.ToolCall{ID: id, Name: name, Arguments: args}}
}

func grouped() *model.Request {
	content := model.Prompt("hi")
	group := &model.Namespace{Name: "git"}
	content.Tools = []model.Tool{{Name: "f"}, {Name: "log", Namespace: group}, {Name: "patch", Freeform: &model.Freeform{}},
		{Name: "apply", Namespace: group, Freeform: &model.Freeform{}}}
	return model.NewRequest("m", content)
}

// answer calls all four tools in two choices, whose parts come interleaved.
func answer() upstream {
	finish := func(choice int) model.Part {
		return model.Part{Kind: model.FinishPart, Choice: choice, Finish: model.FinishToolCalls}
	}
	seal := call(0, 1, "", "", `:"ls"}`)
	seal.Detail = &model.Detail{Seal: &model.Seal{Dialect: "functions", Data: "s"}}
	return upstream{parts: []model.Part{{Kind: model.TextPart, Text: "so"}, call(0, 0, "a", "f", "{"), call(0, 0, "", "", "}"),
		call(0, 1, "b", "patch", `{"input"`), call(1, 0, "d", "git__apply", `{"inp`), call(0, 2, "c", "git__log", "{}"), seal,
		finish(0), call(1, 0, "", "", `ut":"x"}`), finish(1)},
		resp: &model.Response{Body: &model.Body{Dialect: "functions"}, Choices: []model.Choice{
			{Message: model.Message{Blocks: []model.Block{{Kind: model.TextBlock, Text: "so"}, block("a", "f", "{}"), block("b", "patch", `{"input":"ls"}`), block("c", "git__log", "{}")}}},
			{Message: model.Message{Blocks: []model.Block{block("d", "git__apply", `{"input":"x"}`)}}}}}}
}

func TestReadGivesToolsTheirNamesBack(t *testing.T) {
	var all model.Collector
	resp, err := dialect.Read(answer(), nil, grouped(), 0, func(p model.Part) error { return all.Add(&p) })
	if err != nil {
		t.Fatal(err)
	}
	want := []map[string]model.ToolCall{
		{"a": {ID: "a", Name: "f", Arguments: "{}"}, "b": {ID: "b", Name: "patch", Arguments: "ls", Freeform: true}, "c": {ID: "c", Name: "log", Namespace: "git", Arguments: "{}"}},
		{"d": {ID: "d", Name: "apply", Namespace: "git", Arguments: "x", Freeform: true}}}
	for what, choices := range map[string][]model.Choice{"response": resp.Choices, "parts": all.Choices()} {
		got := make([]map[string]model.ToolCall, len(choices))
		for i := range choices {
			got[i] = map[string]model.ToolCall{}
			for _, b := range choices[i].Message.Blocks {
				if b.Call != nil {
					got[i][b.Call.ID] = *b.Call
				}
				if what == "parts" && b.Call != nil && (b.Seal != nil) != (b.Call.ID == "b") {
					t.Errorf("call %s has the seal %v", b.Call.ID, b.Seal)
				}
			}
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", what, d)
		}
	}
	if resp.Body != nil {
		t.Error("the upstream's own body has the functions' names")
	}
}

func TestReadLeavesPlainFunctionsAlone(t *testing.T) {
	plain := model.NewRequest("m", model.Prompt("hi"))
	same := grouped()
	same.Wire = model.NewWire("functions", nil, nil, func([]byte) (*model.Content, error) { return nil, errors.New("not to be decoded") })
	for name, req := range map[string]*model.Request{"no tools": plain, "the same dialect": same} {
		u, i := answer(), 0
		resp, err := dialect.Read(u, nil, req, 0, func(p model.Part) error {
			if d := cmp.Diff(u.parts[i], p); d != "" {
				t.Errorf("%s, part %d (-want +got):\n%s", name, i, d)
			}
			i++
			return nil
		})
		if err != nil || resp.Body == nil || i != len(u.parts) {
			t.Errorf("%s: %v, %d parts", name, err, i)
		}
	}
}

// strict is an upstream that holds names of functions to a rule.
type strict struct{ upstream }

func (strict) ToolNames() dialect.ToolNames { return dialect.ToolNames{Most: 64} }

func TestReadGivesRefusedNamesBack(t *testing.T) {
	content := model.Prompt("hi")
	content.Tools = []model.Tool{{Name: "web.search"}, {Name: "my patch", Freeform: &model.Freeform{}}}
	rule := strict{}.ToolNames()
	search, patch := rule.Safe("web.search"), rule.Safe("my patch")
	twice := call(0, 0, "", search, "}") // some servers say the name with every piece
	event := model.Event{Dialect: "functions", Data: []byte(search)}
	twice.Event = event
	alive := model.Part{Event: model.Event{Dialect: "functions"}}
	u := strict{upstream{parts: []model.Part{alive, call(0, 0, "a", search, "{"), twice, call(0, 1, "b", patch, `{"input":"x"}`)},
		resp: &model.Response{Choices: []model.Choice{{Message: model.Message{Blocks: []model.Block{block("a", search, "{}"), block("b", patch, `{"input":"x"}`)}}}}}}}
	var got []model.ToolCall
	beats := 0
	resp, err := dialect.Read(u, nil, model.NewRequest("m", content), 0, func(p model.Part) error {
		if p.Event.Data != nil {
			t.Errorf("an event with the function's name went on: %s", p.Event.Data)
		}
		if p.Kind == model.MetaPart {
			beats += len(p.Event.Dialect)
			return nil
		}
		got = append(got, model.ToolCall{ID: p.ID, Name: p.Name, Arguments: p.Text, Freeform: p.Detail != nil && p.Detail.Freeform})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if beats == 0 {
		t.Error("the upstream's sign of life was lost")
	}
	for i := range resp.Choices[0].Message.Blocks {
		got = append(got, *resp.Choices[0].Message.Blocks[i].Call)
	}
	want := []model.ToolCall{{ID: "a", Name: "web.search", Arguments: "{"}, {Name: "web.search", Arguments: "}"}, {ID: "b", Name: "my patch", Arguments: "x", Freeform: true},
		{ID: "a", Name: "web.search", Arguments: "{}"}, {ID: "b", Name: "my patch", Arguments: "x", Freeform: true}}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestReadPassesErrorsOn(t *testing.T) {
	stop := errors.New("enough")
	for at := range len(answer().parts) {
		n := 0
		_, err := dialect.Read(answer(), nil, grouped(), 0, func(model.Part) error {
			if n++; n > at {
				return stop
			}
			return nil
		})
		if err != nil != (err == stop) || n > at+1 {
			t.Errorf("after %d parts: %v, %d emitted", at, err, n)
		}
	}
	failed := answer()
	failed.err, failed.resp = stop, nil
	if _, err := dialect.Read(failed, nil, grouped(), 0, model.Discard); err != stop {
		t.Errorf("got %v", err)
	}
	broken := model.NewRequest("m", nil)
	if _, err := dialect.Read(answer(), nil, broken, 0, model.Discard); model.KindOf(err) != model.Invalid {
		t.Errorf("a request without content: %v", err)
	}
}
