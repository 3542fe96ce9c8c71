// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package anthropic

import (
	"bytes"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"retort/model"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestStreams checks, event for event, what parts of other dialects' answers become.
func TestStreams(t *testing.T) {
	text := func(s string) model.Part { return model.Part{Kind: model.TextPart, Text: s} }
	thought := func(s string, seal *model.Seal) model.Part {
		p := model.Part{Kind: model.ReasoningPart, Text: s}
		if seal != nil {
			p.Detail = &model.Detail{Seal: seal}
		}
		return p
	}
	call := func(i int, id, args string) model.Part {
		p := model.Part{Kind: model.ToolCallPart, Index: i, ID: id, Text: args}
		if id != "" {
			p.Name = "f"
		}
		return p
	}
	finish := func(f model.Finish) model.Part { return model.Part{Kind: model.FinishPart, Finish: f} }
	usage := model.Part{Detail: &model.Detail{Usage: &model.Usage{Input: 9, Cached: 4}}}
	alive := model.Part{Event: model.Event{Dialect: "other"}}
	tests := map[string][]model.Part{
		"text":              {usage, alive, text("a"), alive, text("b"), {Kind: model.FinishPart, Finish: model.FinishStop, Detail: &model.Detail{StopText: "END"}}},
		"thoughts":          {thought("a", nil), thought("b", nil), text("c"), thought("d", &model.Seal{Dialect: "gemini", Data: "x"}), finish(model.FinishLength)},
		"hidden":            {thought("", &model.Seal{Dialect: "responses", Data: "x", Hidden: true}), thought("", &model.Seal{Dialect: Name, Data: "y"}), text("c"), finish(model.FinishStop)},
		"calls_one_by_one":  {text("a"), call(0, "c0", ""), call(0, "", `{"a":`), call(0, "", `1}`), call(1, "c1", `{}`), finish(model.FinishStop)},
		"calls_interleaved": {call(0, "c0", `{"a"`), call(1, "c1", `{"b"`), call(2, "c2", ""), call(1, "", ":2}"), text("well"), call(0, "", `:1}`), finish(model.FinishToolCalls)},
		"refusal":           {{Kind: model.RefusalPart, Text: "I would "}, {Kind: model.RefusalPart, Text: "rather not."}, finish(model.FinishStop)},
		"plain_text_tool": {{Kind: model.ToolCallPart, ID: "c0", Name: "patch", Text: "*** Begin", Detail: &model.Detail{Freeform: true, Namespace: "git"}},
			{Kind: model.ToolCallPart, Text: " Patch"}, finish(model.FinishToolCalls)},
		"nothing": {finish(model.FinishStop)},
	}
	for _, name := range slices.Sorted(maps.Keys(tests)) {
		parts := tests[name]
		t.Run(name, func(t *testing.T) {
			req := model.NewRequest("asked", model.Prompt("hi"))
			req.Stream, req.Trace = true, "trace"
			var out bytes.Buffer
			a := Server{}.Answer(&out, req)
			var all model.Collector
			for _, p := range parts {
				p.Model = "up/m"
				if err := all.Add(&p); err != nil {
					t.Fatal(err)
				}
				if err := a.Part(p); err != nil {
					t.Fatal(err)
				}
			}
			resp := &model.Response{Model: "up/m", Choices: all.Choices(), Usage: model.Usage{Input: 10, Cached: 4, Output: 5}}
			if err := a.Finish(resp); err != nil {
				t.Fatal(err)
			}
			golden(t, name, out.Bytes())
		})
	}
}

// golden compares with a part of an archive.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", "streams.txtar")
	archive, err := txtar.ParseFile(file)
	if err != nil {
		if !*update {
			t.Fatal(err)
		}
		archive = &txtar.Archive{Comment: []byte("What clients are sent of streams that other dialects' upstreams began.\n")}
	}
	for i := range archive.Files {
		f := &archive.Files[i]
		if f.Name != name {
			continue
		}
		if !*update {
			if d := cmp.Diff(string(f.Data), string(got)); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			return
		}
		f.Data = got
		got = nil
	}
	if !*update {
		t.Fatalf("%s is not in %s; run with -update", name, file)
	}
	if got != nil {
		archive.Files = append(archive.Files, txtar.File{Name: name, Data: got})
	}
	if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestWhole(t *testing.T) {
	req := model.NewRequest("asked", model.Prompt("hi"))
	req.Trace = "trace"
	resp := &model.Response{ServiceTier: "default", Usage: model.Usage{Input: 3, Output: 2}, Choices: []model.Choice{{Finish: model.FinishStop, Message: model.Message{Blocks: []model.Block{
		{Kind: model.ReasoningBlock, Text: "t"}, {Kind: model.RefusalBlock, Text: "no"},
		{Kind: model.ToolCallBlock, Call: &model.ToolCall{Name: "f", Arguments: " "}},
		{Kind: model.NativeBlock, Native: []byte(`{"type":"server_tool_use","id":"s","name":"web_search","input":{}}`)},
		{Kind: model.NativeBlock, Native: []byte(`{"type":"others"}`)}}}}}}
	want := `{"id":"msg_trace","type":"message","role":"assistant","model":"asked","content":[{"type":"thinking","thinking":"t","signature":"retort.none."},{"type":"text","text":"no"},` +
		`{"type":"tool_use","id":"toolu_trace_0","name":"f","input":{}},{"type":"server_tool_use","id":"s","name":"web_search","input":{}}],` +
		`"stop_reason":"tool_use","stop_sequence":null,"stop_details":{"type":"refusal","category":null,"explanation":"no"},` +
		`"usage":{"input_tokens":3,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":2,"service_tier":"standard"}}`
	var out bytes.Buffer
	a := Server{}.Answer(&out, req)
	if err := a.Finish(resp); err != nil || a.ContentType() != "application/json" {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, out.String()); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	resp.Body = &model.Body{Dialect: Name, Data: []byte(`{"x": 1}`)}
	out.Reset()
	if err := (Server{}).Answer(&out, req).Finish(resp); err != nil || out.String() != `{"x": 1}` {
		t.Errorf("an upstream's own answer is passed on as %s, %v", out.String(), err)
	}
}

func TestKeepAlive(t *testing.T) {
	req := model.NewRequest("m", model.Prompt("hi"))
	req.Stream = true
	var out bytes.Buffer
	a := Server{}.Answer(&out, req)
	own := model.Part{Event: model.Event{Dialect: Name}}
	if err := a.Part(own); err != nil || out.Len() > 0 {
		t.Errorf("before the answer: %q, %v", out.String(), err)
	}
	if err := a.Part(model.Part{Event: model.Event{Dialect: Name, Name: "message_start", Data: []byte("{}")}}); err != nil {
		t.Fatal(err)
	}
	if err := a.Part(own); err != nil || !strings.HasSuffix(out.String(), pingEvent) {
		t.Errorf("got %q, %v", out.String(), err)
	}
	if err := a.Fail(&model.Error{Kind: model.Upstream, Op: "read answer"}); err != nil ||
		!strings.Contains(out.String(), "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"api_error\"") {
		t.Errorf("got %q, %v", out.String(), err)
	}
}
