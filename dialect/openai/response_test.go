// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package openai

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"retort/model"
)

const testLimit = 1 << 20

// answered reads an upstream's answer; events are copied, so that they can be looked at afterwards.
func answered(contentType, body string, stream bool) (*model.Response, []model.Part, error) {
	return answeredBy(contentType, strings.NewReader(body), stream)
}

func answeredBy(contentType string, body io.Reader, stream bool) (*model.Response, []model.Part, error) {
	r := &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {contentType}}, Body: io.NopCloser(body), ContentLength: -1}
	req := model.NewRequest("m", model.Prompt("hi"))
	req.Stream = stream
	var parts []model.Part
	resp, err := Client{}.Response(r, req, testLimit, func(p model.Part) error {
		if p.Event.Data != nil {
			p.Event.Data = []byte(string(p.Event.Data))
		}
		parts = append(parts, p)
		return nil
	})
	return resp, parts, err
}

func TestWholeAnswer(t *testing.T) {
	const body = `{"id":"chatcmpl-1","object":"chat.completion","created":1700000000,"model":"m-1","choices":[
		{"index":0,"message":{"role":"assistant","content":"Hé\n","refusal":null,"annotations":[],"reasoning_content":"hm"},
		 "logprobs":{"content":[{"token":"H","logprob":-0.5,"bytes":[72],"top_logprobs":[{"token":"H","logprob":-0.5,"bytes":null}]}],"refusal":null},"finish_reason":"stop"},
		{"index":1,"message":{"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]},"finish_reason":"tool_calls"}],
		"usage":{"prompt_tokens":9,"completion_tokens":5,"total_tokens":14,"prompt_tokens_details":{"cached_tokens":4,"audio_tokens":0},
		"completion_tokens_details":{"reasoning_tokens":2}},"service_tier":"default","system_fingerprint":"fp"}`
	resp, parts, err := answered("application/json", body, false)
	if err != nil {
		t.Fatal(err)
	}
	want := &model.Response{ID: "chatcmpl-1", Created: 1700000000, Choices: []model.Choice{
		{Message: model.Message{Role: model.Assistant, Blocks: []model.Block{{Kind: model.ReasoningBlock, Text: "hm"}, {Kind: model.TextBlock, Text: "Hé\n"}}},
			Finish: "stop", Logprobs: []model.TokenLogprob{{Token: "H", Logprob: -0.5, Bytes: []byte("H"), Top: []model.TokenLogprob{{Token: "H", Logprob: -0.5}}}}},
		{Message: model.Message{Role: model.Assistant, Blocks: []model.Block{{Kind: model.ToolCallBlock, Call: &model.ToolCall{ID: "c", Name: "f", Arguments: "{}"}}}},
			Finish: "tool_calls"}},
		Usage: model.Usage{Input: 9, Cached: 4, Output: 5, Reasoning: 2}, ServiceTier: "default", Body: &model.Body{Dialect: "openai", Data: []byte(body)}}
	if d := cmp.Diff(want, resp); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if len(parts) != 5 {
		t.Errorf("%d parts, want reasoning, text and end of one choice, call and end of the other", len(parts))
	}
	if streamed, _, err := answered("application/json; charset=utf-8", body, true); err != nil || streamed.Body != nil {
		t.Errorf("JSON in answer to a stream request: body %v, %v; want an answer to be written as a stream", streamed.Body, err)
	}
}

// chunkOf returns an event with one choice.
func chunkOf(delta, finish string) string {
	if finish != "null" {
		finish = `"` + finish + `"`
	}
	return `data: {"id":"c1","object":"chat.completion.chunk","created":17,"model":"m","choices":[{"index":0,"delta":` + delta +
		`,"finish_reason":` + finish + `}],"usage":null}` + "\n\n"
}

const done = "data: [DONE]\n\n"

func TestStreamedAnswer(t *testing.T) {
	events := []string{
		chunkOf(`{"role":"assistant","content":""}`, "null"),
		chunkOf(`{"reasoning_content":"hm"}`, "null"),
		chunkOf(`{"reasoning":"m?","reasoning_details":[{}]}`, "null"),
		chunkOf(`{"content":"Hé"}`, "null"),
		": keep-alive\n\n",
		chunkOf(`{"content":"llo","tool_calls":[{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":""}}]}`, "null"),
		chunkOf(`{"tool_calls":[{"index":0,"function":{"arguments":"{\"x\":"}},{"index":1,"id":"b","type":"function","function":{"name":"g","arguments":"{}"}}]}`, "null"),
		chunkOf(`{"tool_calls":[{"index":0,"function":{"arguments":"1}"}}]}`, "tool_calls"),
		`data: {"id":"c1","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}}` + "\n\n",
		done,
	}
	stream := strings.Join(events, "")
	for name, src := range map[string]io.Reader{"at once": strings.NewReader(stream), "in bytes": iotest.OneByteReader(strings.NewReader(stream)),
		"crlf": strings.NewReader(strings.ReplaceAll(stream, "\n", "\r\n"))} {
		t.Run(name, func(t *testing.T) {
			resp, parts, err := answeredBy("text/event-stream", src, true)
			if err != nil {
				t.Fatal(err)
			}
			want := &model.Response{ID: "c1", Created: 17, Usage: model.Usage{Input: 3, Output: 4}, Choices: []model.Choice{{Finish: "tool_calls",
				Message: model.Message{Role: model.Assistant, Blocks: []model.Block{{Kind: model.ReasoningBlock, Text: "hmm?"}, {Kind: model.TextBlock, Text: "Héllo"},
					{Kind: model.ToolCallBlock, Call: &model.ToolCall{ID: "a", Name: "f", Arguments: `{"x":1}`}},
					{Kind: model.ToolCallBlock, Call: &model.ToolCall{ID: "b", Name: "g", Arguments: "{}"}}}}}}}
			if d := cmp.Diff(want, resp); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			var passed strings.Builder // what a client of the same dialect gets
			for i, p := range parts {
				if p.Event.Dialect != Name {
					t.Errorf("part %d carries no event", i)
				}
				if p.Kind == model.MetaPart && !p.Event.Same && len(p.Event.Data) == 0 {
					passed.WriteString(": keep-alive\n\n")
				} else if !p.Event.Same {
					passed.WriteString("data: " + string(p.Event.Data) + "\n\n")
				}
				if next := i+1 < len(parts) && parts[i+1].Event.Same; next && !p.More {
					t.Errorf("part %d: another of the same event follows, but More is not set", i)
				}
			}
			if want := strings.TrimSuffix(stream, done); passed.String() != want {
				t.Errorf("events were changed:\n%s", cmp.Diff(want, passed.String()))
			}
		})
	}
	_, parts, err := answered("text/event-stream", stream, true)
	if err != nil || !parts[1].More || parts[0].Kind != model.MetaPart {
		t.Errorf("of a stream that came at once: %v, first part %+v, second %+v", err, parts[0], parts[1])
	}
	if _, parts, err = answeredBy("text/event-stream", iotest.OneByteReader(strings.NewReader(stream)), true); err != nil || parts[1].More {
		t.Errorf("of a stream that trickles: %v, second part %+v", err, parts[1])
	}
}

func TestUnusualStreams(t *testing.T) {
	for name, tc := range map[string]struct{ contentType, body, want string }{
		"several choices": {"text/event-stream", `data: {"choices":[{"index":1,"delta":{"content":"b"}},{"index":0,"delta":{"content":"a"}}]}` + "\n\n" +
			`data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"},{"index":1,"delta":{},"finish_reason":"stop"}]}` + "\n\n" + done, "a|b"},
		"no type":                {"", chunkOf(`{"content":"a"}`, "stop") + done, "a"},
		"plain text":             {"text/plain", ": hi\n\n" + chunkOf(`{"content":"a"}`, "stop") + done, "a"},
		"blank lines first":      {"text/event-stream", "\n\n\n" + chunkOf(`{"content":"a"}`, "stop") + done, "a"},
		"JSON named a stream":    {"text/event-stream", `{"choices":[{"message":{"role":"assistant","content":"a"},"finish_reason":"stop"}]}`, "a"},
		"no [DONE]":              {"text/event-stream", chunkOf(`{"content":"a"}`, "stop"), "a"},
		"usage, then no [DONE]":  {"text/event-stream", chunkOf(`{"content":"a"}`, "stop") + `data: {"choices":[],"usage":{"prompt_tokens":1}}` + "\n\n", "a"},
		"end without blank line": {"text/event-stream", chunkOf(`{"content":"a"}`, "stop") + "data: [DONE]", "a"},
		"content in parts":       {"text/event-stream", chunkOf(`{"content":[{"type":"thinking","thinking":[]},{"type":"text","text":"a"}]}`, "stop") + done, "a"},
		"delta null":             {"text/event-stream", `data: {"choices":[{"index":0,"delta":null,"finish_reason":null}]}` + "\n\n" + chunkOf(`{"content":"a"}`, "stop") + done, "a"},
		"choices null":           {"text/event-stream", `data: {"choices":null,"usage":{"prompt_tokens":1,"completion_tokens":1}}` + "\n\n" + chunkOf(`{"content":"a"}`, "stop") + done, "a"},
		"events of others":       {"text/event-stream", "event: ping\ndata: {\"type\":\"ping\"}\n\n" + chunkOf(`{"content":"a"}`, "stop") + done, "a"},
	} {
		t.Run(name, func(t *testing.T) {
			resp, parts, err := answered(tc.contentType, tc.body, true)
			if err != nil {
				t.Fatal(err)
			}
			var texts []string
			for i := range resp.Choices {
				texts = append(texts, resp.Choices[i].Message.Text())
			}
			if got := strings.Join(texts, "|"); got != tc.want {
				t.Errorf("got %q, want %q; parts %v", got, tc.want, parts)
			}
		})
	}
	if resp, _, err := answered("text/event-stream", chunkOf(`{"content":"a"}`, "stop")+done, false); err != nil || resp.Text() != "a" || resp.Body != nil {
		t.Errorf("a stream in answer to a request for a whole answer: %+v, %v", resp, err)
	}
}

func TestBadAnswers(t *testing.T) {
	page := "<!DOCTYPE html><html><body>Welcome</body></html>"
	hello := chunkOf(`{"content":"Hello"}`, "null")
	end := chunkOf(`{}`, "stop")
	for name, tc := range map[string]struct {
		contentType, body string
		kind              model.Kind
		says, hint        string
	}{
		"web page":               {"text/html; charset=utf-8", page, model.Upstream, "web page", "base_url"},
		"web page named JSON":    {"application/json", "\n  " + page, model.Upstream, "web page", "base_url"},
		"empty":                  {"application/json", "", model.Upstream, "empty", "base_url"},
		"blank":                  {"text/event-stream", "\n\n", model.Upstream, "empty", "base_url"},
		"plain text":             {"text/plain", "OK", model.Upstream, `neither JSON nor a stream of events: "O`, "base_url"},
		"cut JSON":               {"application/json", `{"id":"x","choices":[{"mess`, model.Upstream, "not JSON", ""},
		"another API":            {"application/json", `{"status":"ok"}`, model.Upstream, "no choices", "base_url"},
		"no choice":              {"application/json", `{"choices":[]}`, model.Upstream, "empty", ""},
		"wrong type":             {"application/json", `{"choices":[{"message":{"role":"assistant","content":7}}]}`, model.Upstream, "choices[0].message.content must be", ""},
		"error in 200":           {"application/json", `{"error":{"message":"Too busy","type":"server_error","code":null}}`, model.Unavailable, "Too busy", ""},
		"error with a status":    {"application/json", `{"error":{"message":"Slow down","code":429}}`, model.RateLimited, "Slow down", ""},
		"error as a string":      {"application/json", `{"error":"model not loaded"}`, model.Upstream, "model not loaded", ""},
		"cut at the start":       {"text/event-stream", hello, model.Upstream, "middle of the answer", ""},
		"cut in an event":        {"text/event-stream", hello + `data: {"choices":[{"ind`, model.Upstream, "not JSON", ""},
		"cut between choices":    {"text/event-stream", hello + end + `data: {"choices":[{"index":1,"delta":{"content":"b"}}]}` + "\n\n", model.Upstream, "middle of the answer", ""},
		"nothing but [DONE]":     {"text/event-stream", done, model.Upstream, "without an answer", ""},
		"event not JSON":         {"text/event-stream", "data: hello\n\n" + done, model.Upstream, `not a JSON object: "hello"`, ""},
		"error event":            {"text/event-stream", hello + `data: {"error":{"message":"GPU lost","type":"server_error"}}` + "\n\n", model.Unavailable, "GPU lost", ""},
		"named error event":      {"text/event-stream", "event: error\ndata: {\"message\":\"GPU lost\"}\n\n", model.Upstream, "GPU lost", ""},
		"error object":           {"text/event-stream", `data: {"object":"error","message":"too long: maximum context length is 10","code":400}` + "\n\n", model.TooLong, "too long", ""},
		"negative index":         {"text/event-stream", `data: {"choices":[{"index":-1,"delta":{"content":"a"}}]}` + "\n\n" + done, model.Upstream, "between", ""},
		"absurd index":           {"text/event-stream", `data: {"choices":[{"index":100000,"delta":{"content":"a"}}]}` + "\n\n" + done, model.Upstream, "far beyond", ""},
		"absurd call":            {"text/event-stream", chunkOf(`{"tool_calls":[{"index":100000,"function":{"arguments":"a"}}]}`, "null") + done, model.Upstream, "far beyond", ""},
		"negative usage":         {"application/json", `{"choices":[{"message":{"role":"assistant","content":"a"}}],"usage":{"prompt_tokens":-5}}`, model.Upstream, "usage.prompt_tokens must be between", ""},
		"event too long":         {"text/event-stream", hello + "data: " + strings.Repeat("x", testLimit) + "\n\n", model.Upstream, "too long", "max_answer"},
		"answer too long":        {"application/json", `{"x":"` + strings.Repeat("x", testLimit) + `"}`, model.Upstream, "too long", "max_answer"},
		"neither, very long":     {"application/octet-stream", strings.Repeat("x", testLimit), model.Upstream, "neither", "base_url"},
		"blank for a long while": {"text/event-stream", strings.Repeat("\n", 100_000) + done, model.Upstream, "without an answer", ""},
	} {
		t.Run(name, func(t *testing.T) {
			for _, stream := range []bool{false, true} {
				resp, _, err := answered(tc.contentType, tc.body, stream)
				var e *model.Error
				if resp != nil || !errors.As(err, &e) {
					t.Fatalf("stream %v: got %v, %v; want an error", stream, resp, err)
				}
				if e.Kind != tc.kind || !strings.Contains(err.Error(), tc.says) || !strings.Contains(e.Hint, tc.hint) {
					t.Errorf("stream %v: got %v error %q, hint %q; want %v, %q, %q", stream, e.Kind, err, e.Hint, tc.kind, tc.says, tc.hint)
				}
			}
		})
	}
}

func TestConnectionBreaks(t *testing.T) {
	reset := errors.New("connection reset by peer")
	for name, tc := range map[string]struct{ contentType, body string }{
		"at once":     {"application/json", ""},
		"in JSON":     {"application/json", `{"id":`},
		"in a stream": {"text/event-stream", chunkOf(`{"content":"a"}`, "null") + "data: {"},
	} {
		_, _, err := answeredBy(tc.contentType, io.MultiReader(strings.NewReader(tc.body), iotest.ErrReader(reset)), true)
		if !errors.Is(err, reset) || model.KindOf(err) != model.Upstream {
			t.Errorf("%s: %v (%v)", name, err, model.KindOf(err))
		}
	}
}

// TestStreamsOfFewerChoicesThanWanted ends after one of the choices that were asked for.
func TestStreamsOfFewerChoicesThanWanted(t *testing.T) {
	content := model.Prompt("hi")
	for n, ok := range map[int]bool{0: true, 1: true, 2: false} {
		content.N = n
		r := &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(chunkOf(`{"content":"a"}`, "stop")))}
		if _, err := (Client{}).Response(r, model.NewRequest("m", content), testLimit, model.Discard); (err == nil) != ok {
			t.Errorf("%d wanted: %v", n, err)
		}
	}
}

// TestKeepAlives passes comments on while the answer is under way.
func TestKeepAlives(t *testing.T) {
	_, parts, err := answered("text/event-stream", ": one\n\n: two\n\n"+chunkOf(`{"content":"a"}`, "null")+": three\n\n"+chunkOf(`{}`, "stop")+": four\n\n"+done, true)
	if err != nil || len(parts) != 3 || parts[1].Kind != model.MetaPart || parts[1].Event.Data != nil {
		t.Fatalf("got %+v, %v", parts, err)
	}
	var b strings.Builder
	a := Server{}.Answer(&b, &model.Request{Stream: true})
	if err := a.Part(parts[1]); err != nil || b.String() != ":\n\n" {
		t.Errorf("a client gets %q, %v", b.String(), err)
	}
	if err := a.Part(model.Part{}); err != nil || b.String() != ":\n\n" { // a part to flush by is none
		t.Errorf("a client gets %q, %v", b.String(), err)
	}
}

func TestEmitErrorStops(t *testing.T) {
	stop := errors.New("enough")
	r := &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(strings.Repeat(chunkOf(`{"content":"a"}`, "null"), 10)))}
	n := 0
	_, err := Client{}.Response(r, model.NewRequest("m", nil), testLimit, func(model.Part) error { n++; return stop })
	if !errors.Is(err, stop) || n != 1 {
		t.Errorf("emitted %d times, %v", n, err)
	}
}

// TestPatternReadsLikeTheFullReader puts events through a reader that has learnt the pattern of a stream, and one by one
// through readers that have learnt nothing.
func TestPatternReadsLikeTheFullReader(t *testing.T) {
	data := func(text, rest string) []byte {
		return []byte(`{"id":"1","choices":[{"index":2,"delta":{"content":"` + text + `"},"logprobs":null,"finish_reason":null}]` + rest + `}`)
	}
	learnt := &chunks{}
	for _, event := range [][]byte{data("one", ""), data("two", ""), data("", ""), data(`\u00e9\n\"`, ""), data("é日本", ""), data(`a"},"logprobs":null,"finish_reason":null}]}`, ""),
		data(`a"},"x":{"y":"b`, ""), data(`bad \x`, ""), data("raw \n", ""), data("cut", "")[:60], data("own", `,"own":1`), data("three", `,"own":1`), data("four", ""),
		data(`x","content":"y`, ""), data("\xff", ""), data("error", `,"error":{"message":"no"}`), data("last", "")} {
		fresh := &chunks{}
		want, got := fresh.read("", event), learnt.read("", event)
		if (got == nil) != (want == nil) || got != nil && got.Error() != want.Error() {
			t.Errorf("%s: error %v, want %v", event, got, want)
		}
		if got == nil {
			if d := cmp.Diff(fresh.parts, learnt.parts); d != "" {
				t.Errorf("%s (-want +got):\n%s", event, d)
			}
		}
	}
}

func FuzzResponse(f *testing.F) {
	f.Add([]byte(chunkOf(`{"content":"a","tool_calls":[{"index":1,"id":"x","function":{"name":"f","arguments":"{}"}}]}`, "stop")+done), true)
	f.Add([]byte(`{"choices":[{"message":{"role":"assistant","content":"a"},"logprobs":{"content":[{"token":"a","logprob":-1,"bytes":[97]}]}}],"usage":{"prompt_tokens":1}}`), false)
	f.Add([]byte(`data: {"error":{"message":"x","code":500}}`+"\n\n"), true)
	f.Fuzz(func(t *testing.T, body []byte, stream bool) {
		resp, parts, err := answered("", string(body), stream)
		if (resp == nil) == (err == nil) {
			t.Fatalf("response %v and error %v", resp, err)
		}
		if err != nil {
			return
		}
		var c model.Collector
		for i := range parts {
			if err := c.Add(&parts[i]); err != nil {
				t.Fatal(err)
			}
		}
		for i, got := range c.Choices() {
			if text := resp.Choices[i].Message.Text(); got.Message.Text() != text {
				t.Fatalf("choice %d: parts say %q, response %q", i, got.Message.Text(), text)
			}
		}
	})
}

func BenchmarkStream(b *testing.B) {
	stream := chunkOf(`{"role":"assistant","content":""}`, "null") + strings.Repeat(chunkOf(`{"content":" some text\nof it"}`, "null"), 100) + chunkOf("{}", "stop") + done
	req := &model.Request{Stream: true}
	b.ReportAllocs()
	src := strings.NewReader(stream)
	header := http.Header{"Content-Type": {"text/event-stream"}}
	for b.Loop() {
		src.Reset(stream)
		r := &http.Response{StatusCode: 200, Header: header, Body: io.NopCloser(src)}
		if _, err := (Client{}).Response(r, req, testLimit, model.Discard); err != nil {
			b.Fatal(err)
		}
	}
}
