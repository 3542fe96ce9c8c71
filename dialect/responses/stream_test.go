// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package responses

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"retort/model"
)

// lines makes a stream of events; each is named after its type where the first word of the test says so.
func lines(named bool, events ...string) string {
	var b strings.Builder
	for _, ev := range events {
		if named {
			var e event
			if e.scan([]byte(ev)) == nil {
				b.WriteString("event: " + e.kind + "\n")
			}
		}
		b.WriteString("data: " + ev + "\n\n")
	}
	return b.String()
}

// readAs reads a body of a content type.
func readAs(kind, body string, stream bool) (*model.Response, []model.Part, error) {
	req := model.NewRequest("m", model.Prompt("x"))
	req.Stream = stream
	r := &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {kind}}, Body: io.NopCloser(strings.NewReader(body)), ContentLength: -1}
	var parts []model.Part
	resp, err := Client{}.Response(r, req, 1<<20, func(p model.Part) error {
		p.Event.Data = bytes.Clone(p.Event.Data)
		parts = append(parts, p)
		return nil
	})
	return resp, parts, err
}

const (
	created  = `{"type":"response.created","sequence_number":0,"response":{"id":"resp_1","object":"response","created_at":5,"status":"in_progress","output":[]}}`
	finished = `{"type":"response.completed","sequence_number":9,"response":{"id":"resp_1","created_at":5,"status":"completed","service_tier":"flex","output":[],` +
		`"usage":{"input_tokens":7,"input_tokens_details":{"cached_tokens":3},"output_tokens":5,"output_tokens_details":{"reasoning_tokens":2},"total_tokens":12}}}`
)

func TestStreams(t *testing.T) {
	text := func(s string) model.Block { return model.Block{Kind: model.TextBlock, Text: s, ID: "msg_1"} }
	for name, tc := range map[string]struct {
		events []string
		blocks []model.Block
		finish model.Finish
	}{
		"text": {[]string{
			`{"type":"response.output_item.added","output_index":0,"item":{"id":"msg_1","type":"message","status":"in_progress","role":"assistant","content":[]}}`,
			`{"type":"response.content_part.added","item_id":"msg_1","output_index":0,"content_index":0,"part":{"type":"output_text","text":"","annotations":[]}}`,
			`{"type":"response.output_text.delta","item_id":"msg_1","output_index":0,"content_index":0,"delta":"Hé","logprobs":[],"obfuscation":"x"}`,
			`{"type":"response.output_text.delta","item_id":"msg_1","output_index":0,"content_index":0,"delta":"llo","logprobs":[]}`,
			`{"type":"response.output_text.done","item_id":"msg_1","output_index":0,"content_index":0,"text":"Héllo","logprobs":[]}`,
			`{"type":"response.output_item.done","output_index":0,"item":{"id":"msg_1","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"Héllo","annotations":[]}]}}`,
		}, []model.Block{text("Héllo")}, model.FinishStop},
		"two parts and a refusal": {[]string{
			`{"type":"response.output_item.added","output_index":0,"item":{"id":"msg_1","type":"message"}}`,
			`{"type":"response.output_text.delta","item_id":"msg_1","output_index":0,"content_index":0,"delta":"a"}`,
			`{"type":"response.output_text.delta","item_id":"msg_1","output_index":0,"content_index":1,"delta":"b"}`,
			`{"type":"response.refusal.delta","item_id":"msg_1","output_index":0,"content_index":2,"delta":"no"}`,
		}, []model.Block{text("a"), text("b"), {Kind: model.RefusalBlock, Text: "no", ID: "msg_1"}}, model.FinishStop},
		"whole items alone": {[]string{
			`{"type":"response.output_item.done","output_index":0,"item":{"id":"msg_1","type":"message","role":"assistant","content":[{"type":"output_text","text":"a"}]}}`,
			`{"type":"response.output_item.done","output_index":1,"item":{"id":"fc_1","type":"function_call","call_id":"c","name":"f","arguments":"{}"}}`,
		}, []model.Block{text("a"), {Kind: model.ToolCallBlock, Call: &model.ToolCall{ID: "c", Name: "f", Arguments: "{}"}}}, model.FinishToolCalls},
		"calls in turns": {[]string{
			`{"type":"response.output_item.added","output_index":0,"item":{"type":"function_call","call_id":"c0","name":"f","arguments":""}}`,
			`{"type":"response.output_item.added","output_index":1,"item":{"type":"function_call","call_id":"c1","name":"g","namespace":"n","arguments":""}}`,
			`{"type":"response.function_call_arguments.delta","output_index":1,"delta":"{\"b\""}`,
			`{"type":"response.function_call_arguments.delta","output_index":0,"delta":"{}"}`,
			`{"type":"response.function_call_arguments.delta","output_index":1,"delta":":1}"}`,
			`{"type":"response.output_item.added","output_index":2,"item":{"type":"custom_tool_call","call_id":"c2","name":"p","input":""}}`,
			`{"type":"response.custom_tool_call_input.done","output_index":2,"input":"***"}`,
		}, []model.Block{
			{Kind: model.ToolCallBlock, Call: &model.ToolCall{ID: "c0", Name: "f", Arguments: "{}"}},
			{Kind: model.ToolCallBlock, Call: &model.ToolCall{ID: "c1", Name: "g", Namespace: "n", Arguments: `{"b":1}`}},
			{Kind: model.ToolCallBlock, Call: &model.ToolCall{ID: "c2", Name: "p", Arguments: "***", Freeform: true}},
		}, model.FinishToolCalls},
		"reasoning": {[]string{
			`{"type":"response.output_item.added","output_index":0,"item":{"id":"rs_1","type":"reasoning","summary":[]}}`,
			`{"type":"response.reasoning_summary_part.added","item_id":"rs_1","output_index":0,"summary_index":0,"part":{"type":"summary_text","text":""}}`,
			`{"type":"response.reasoning_summary_text.delta","item_id":"rs_1","output_index":0,"summary_index":0,"delta":"one"}`,
			`{"type":"response.reasoning_summary_part.added","item_id":"rs_1","output_index":0,"summary_index":1,"part":{"type":"summary_text","text":""}}`,
			`{"type":"response.reasoning_summary_text.delta","item_id":"rs_1","output_index":0,"summary_index":1,"delta":"two"}`,
			`{"type":"response.output_item.done","output_index":0,"item":{"id":"rs_1","type":"reasoning","summary":[{"type":"summary_text","text":"one"},{"type":"summary_text","text":"two"}],"encrypted_content":"gAA"}}`,
			`{"type":"response.output_item.done","output_index":1,"item":{"id":"rs_2","type":"reasoning","summary":[],"encrypted_content":"gBB"}}`,
			`{"type":"response.reasoning_text.delta","item_id":"rs_3","output_index":2,"content_index":0,"delta":"raw"}`,
		}, []model.Block{
			{Kind: model.ReasoningBlock, Text: "one\n\ntwo", ID: "rs_1", Seal: &model.Seal{Dialect: Name, Data: "gAA"}},
			{Kind: model.ReasoningBlock, ID: "rs_2", Seal: &model.Seal{Dialect: Name, Data: "gBB", Hidden: true}},
			{Kind: model.ReasoningBlock, Text: "raw", ID: "rs_3"},
		}, model.FinishStop},
		"what only the dialect knows": {[]string{
			`{"type":"response.output_item.added","output_index":0,"item":{"id":"ws_1","type":"web_search_call","status":"in_progress"}}`,
			`{"type":"response.web_search_call.searching","output_index":0,"item_id":"ws_1"}`,
			`{"type":"response.output_item.done","output_index":0,"item":{"id":"ws_1","type":"web_search_call","status":"completed"}}`,
			`{"type":"response.heard_of_later","x":{"y":[]}}`,
		}, []model.Block{{Kind: model.NativeBlock, ID: "ws_1", Native: []byte(`{"id":"ws_1","type":"web_search_call","status":"completed"}`)}}, model.FinishStop},
		"seals of other dialects": {[]string{
			`{"type":"response.output_item.done","output_index":0,"item":{"type":"reasoning","summary":[],"encrypted_content":">retort.gemini.AAA"}}`,
			`{"type":"response.output_item.added","output_index":1,"item":{"type":"function_call","call_id":"c0","name":"f","arguments":""}}`,
			`{"type":"response.function_call_arguments.delta","output_index":1,"delta":"{}"}`,
			`{"type":"response.output_text.delta","item_id":"msg_1","output_index":2,"content_index":0,"delta":"a"}`,
			`{"type":"response.output_item.done","output_index":3,"item":{"type":"reasoning","summary":[],"encrypted_content":"<retort.gemini.BBB"}}`,
		}, []model.Block{
			{Kind: model.ToolCallBlock, Call: &model.ToolCall{ID: "c0", Name: "f", Arguments: "{}"}, Seal: &model.Seal{Dialect: "gemini", Data: "AAA"}},
			{Kind: model.TextBlock, Text: "a", ID: "msg_1", Seal: &model.Seal{Dialect: "gemini", Data: "BBB"}},
		}, model.FinishToolCalls},
	} {
		t.Run(name, func(t *testing.T) {
			events := append(append([]string{created}, tc.events...), finished)
			for _, named := range []bool{true, false} {
				resp, parts, err := readAs("text/event-stream", lines(named, events...), true)
				if err != nil {
					t.Fatal(err)
				}
				want := &model.Response{ID: "resp_1", Created: 5, ServiceTier: "flex", Usage: model.Usage{Input: 7, Cached: 3, Output: 5, Reasoning: 2},
					Choices: []model.Choice{{Message: model.Message{Role: model.Assistant, Blocks: tc.blocks}, Finish: tc.finish}}}
				if d := cmp.Diff(want, resp, cmpopts.EquateEmpty()); d != "" {
					t.Error(d)
				}
				var passed []string
				for _, p := range parts {
					if !p.Event.Same {
						passed = append(passed, string(p.Event.Data))
					}
				}
				if d := cmp.Diff(events, passed); d != "" {
					t.Error(d)
				}
			}
		})
	}
}

func TestStreamEnds(t *testing.T) {
	const delta = `{"type":"response.output_text.delta","item_id":"m","output_index":0,"content_index":0,"delta":"a"}`
	for name, tc := range map[string]struct {
		events []string
		kind   model.Kind
		finish model.Finish // where there is no error
	}{
		"length":       {[]string{delta, `{"type":"response.incomplete","response":{"status":"incomplete","incomplete_details":{"reason":"max_output_tokens"}}}`}, 0, model.FinishLength},
		"filter":       {[]string{delta, `{"type":"response.incomplete","response":{"status":"incomplete","incomplete_details":{"reason":"content_filter"}}}`}, 0, model.FinishFilter},
		"whole alone":  {[]string{`{"type":"response.completed","response":{"output":[{"type":"function_call","call_id":"c","name":"f","arguments":"{}"}]}}`}, 0, model.FinishToolCalls},
		"cut":          {[]string{delta}, model.Upstream, ""},
		"done alone":   {[]string{delta, `[DONE]`}, model.Upstream, ""},
		"no response":  {[]string{delta, `{"type":"response.completed"}`}, model.Upstream, ""},
		"cancelled":    {[]string{delta, `{"type":"response.cancelled","response":{"status":"cancelled"}}`}, model.Upstream, ""},
		"failed":       {[]string{delta, `{"type":"response.failed","response":{"status":"failed","error":{"code":"rate_limit_exceeded","message":"m"}}}`}, model.RateLimited, ""},
		"too long":     {[]string{`{"type":"response.failed","response":{"status":"failed","error":{"code":"context_length_exceeded","message":"m"}}}`}, model.TooLong, ""},
		"server":       {[]string{`{"type":"response.failed","response":{"status":"failed","error":{"code":"server_error","message":"m"}}}`}, model.Unavailable, ""},
		"quota":        {[]string{`{"type":"error","code":"insufficient_quota","message":"m","param":null,"sequence_number":3}`}, model.Exhausted, ""},
		"error inside": {[]string{`{"type":"error","error":{"type":"invalid_request_error","code":"invalid_prompt","message":"m"}}`}, model.Invalid, ""},
		"no object":    {[]string{`[]`}, model.Upstream, ""},
		"broken":       {[]string{`{"type":"response.output_text.delta","delta":`}, model.Upstream, ""},
		"index":        {[]string{`{"type":"response.output_text.delta","output_index":99999999,"delta":"a"}`}, model.Upstream, ""},
	} {
		t.Run(name, func(t *testing.T) {
			resp, _, err := readAs("text/event-stream", lines(false, append([]string{created}, tc.events...)...), true)
			switch {
			case tc.finish == "" && (err == nil || resp != nil || model.KindOf(err) != tc.kind):
				t.Errorf("got %v", err)
			case tc.finish != "" && (err != nil || resp.Choices[0].Finish != tc.finish):
				t.Errorf("got %+v, %v", resp, err)
			}
		})
	}
}

func TestWholeAnswers(t *testing.T) {
	for name, tc := range map[string]struct {
		body string
		kind model.Kind
		text string // where there is no error
	}{
		"text":       {`{"id":"r","status":"completed","output":[{"type":"message","role":"assistant","content":[{"type":"output_text","text":"a"}]}],"error":null}`, 0, "a"},
		"background": {`{"id":"r","status":"queued","output":[],"usage":null}`, model.Upstream, ""},
		"running":    {`{"id":"r","status":"in_progress","output":[]}`, model.Upstream, ""},
		"cancelled":  {`{"id":"r","status":"cancelled","output":[],"error":null}`, model.Upstream, ""},
		"no reason":  {`{"id":"r","status":"failed","output":[]}`, model.Upstream, ""},
		"failed":     {`{"id":"r","status":"failed","output":[],"error":{"code":"server_error","message":"m"}}`, model.Unavailable, ""},
		"error":      {`{"error":{"message":"m","type":"invalid_request_error","code":null}}`, model.Invalid, ""},
		"chat":       {`{"choices":[]}`, model.Upstream, ""},
		"not JSON":   {`{"output":[`, model.Upstream, ""},
		"odd item":   {`{"output":[3]}`, model.Upstream, ""},
	} {
		t.Run(name, func(t *testing.T) {
			resp, _, err := readAs("application/json", tc.body, false)
			switch {
			case tc.kind != 0 && model.KindOf(err) != tc.kind || tc.kind != 0 && err == nil:
				t.Errorf("got %v", err)
			case tc.kind == 0 && (err != nil || resp.Text() != tc.text || string(resp.Body.Data) != tc.body):
				t.Errorf("got %+v, %v", resp, err)
			}
		})
	}
}

// FuzzStream reads any stream: nothing panics, errors have a kind, and parts add up to the answer.
func FuzzStream(f *testing.F) {
	f.Add(lines(true, created, finished))
	f.Add(lines(false, created, `{"type":"response.output_item.done","output_index":1,"item":{"type":"function_call","call_id":"c","name":"f","arguments":"{}"}}`, finished))
	f.Add(lines(false, `{"type":"response.reasoning_summary_text.delta","delta":"x"}`, `{"type":"response.output_text.delta","delta":"x","logprobs":[{"token":"x","logprob":-1}]}`, finished))
	f.Add(`{"output":[{"type":"reasoning","summary":[],"encrypted_content":"<x"}]}`)
	f.Fuzz(func(t *testing.T, body string) {
		resp, parts, err := readAs("", body, true)
		if err != nil {
			var e *model.Error
			if !errors.As(err, &e) || resp != nil {
				t.Fatalf("error %v, response %v", err, resp)
			}
			return
		}
		var all model.Collector
		for i := range parts {
			if err := all.Add(&parts[i]); err != nil {
				t.Fatal(err)
			}
		}
		text := ""
		for _, c := range all.Choices() {
			text += c.Message.Text()
		}
		if text != resp.Text() {
			t.Fatalf("parts say %q, the answer %q", text, resp.Text())
		}
	})
}
