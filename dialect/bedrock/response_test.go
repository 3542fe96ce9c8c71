// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package bedrock

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws/protocol/eventstream"
	"github.com/google/go-cmp/cmp"

	"retort/model"
)

// event returns an event in AWS's framing.
func event(t testing.TB, kind, name, payload string) []byte {
	t.Helper()
	var out bytes.Buffer
	m := eventstream.Message{Payload: []byte(payload)}
	m.Headers.Set(":message-type", eventstream.StringValue(kind))
	m.Headers.Set(":content-type", eventstream.StringValue("application/json"))
	header := map[string]string{"event": ":event-type", "exception": ":exception-type", "error": ":error-code"}[kind]
	m.Headers.Set(header, eventstream.StringValue(name))
	if kind == "error" {
		m.Headers.Set(":error-message", eventstream.StringValue("words of a header"))
	}
	if err := eventstream.NewEncoder().Encode(&out, m); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// events returns a stream of events, each a name and a payload.
func events(t testing.TB, pairs ...string) []byte {
	t.Helper()
	var out []byte
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, event(t, "event", pairs[i], pairs[i+1])...)
	}
	return out
}

// answer is a stream with text, thoughts, citations, parallel calls and what the upstream did by itself.
func answer(t testing.TB) []byte {
	return events(t,
		"messageStart", `{"role":"assistant","p":"abc"}`,
		"contentBlockDelta", `{"contentBlockIndex":0,"delta":{"reasoningContent":{"text":"Let me "}}}`,
		"contentBlockDelta", `{"contentBlockIndex":0,"delta":{"reasoningContent":{"text":"see."}}}`,
		"contentBlockDelta", `{"contentBlockIndex":0,"delta":{"reasoningContent":{"signature":"c2ln"}}}`,
		"contentBlockStop", `{"contentBlockIndex":0}`,
		"contentBlockDelta", `{"contentBlockIndex":1,"delta":{"reasoningContent":{"redactedContent":"aGlk"}}}`,
		"contentBlockStop", `{"contentBlockIndex":1}`,
		"contentBlockDelta", `{"p":"x","delta":{"text":"It is "},"contentBlockIndex":2}`,
		"contentBlockDelta", `{"contentBlockIndex":2,"delta":{"text":"here."}}`,
		"contentBlockDelta", `{"contentBlockIndex":2,"delta":{"citation":{"title":"Doc","sourceContent":[{"text":"here it is"}],"location":{"documentPage":{"documentIndex":0,"start":1,"end":2}}}}}`,
		"contentBlockStop", `{"contentBlockIndex":2}`,
		"contentBlockDelta", `{"contentBlockIndex":3,"delta":{"text":"Now tools."}}`,
		"contentBlockStop", `{"contentBlockIndex":3}`,
		"contentBlockStart", `{"contentBlockIndex":4,"start":{"toolUse":{"toolUseId":"t1","name":"read"}}}`,
		"contentBlockDelta", `{"contentBlockIndex":4,"delta":{"toolUse":{"input":"{\"a\":"}}}`,
		"contentBlockDelta", `{"contentBlockIndex":4,"delta":{"toolUse":{"input":"1}"}}}`,
		"contentBlockStop", `{"contentBlockIndex":4}`,
		"contentBlockStart", `{"contentBlockIndex":5,"start":{"toolUse":{"toolUseId":"s1","name":"nova_grounding","type":"server_tool_use"}}}`,
		"contentBlockDelta", `{"contentBlockIndex":5,"delta":{"toolUse":{"input":"{}"}}}`,
		"contentBlockStop", `{"contentBlockIndex":5}`,
		"contentBlockStart", `{"contentBlockIndex":6,"start":{"image":{"format":"png"}}}`,
		"contentBlockDelta", `{"contentBlockIndex":6,"delta":{"image":{"source":{"bytes":"iVBO"}}}}`,
		"contentBlockDelta", `{"contentBlockIndex":6,"delta":{"image":{"source":{"bytes":"Rw0K"}}}}`,
		"contentBlockStop", `{"contentBlockIndex":6}`,
		"contentBlockStart", `{"contentBlockIndex":7,"start":{"toolUse":{"toolUseId":"t2","name":"list"}}}`,
		"contentBlockStop", `{"contentBlockIndex":7}`,
		"messageStop", `{"stopReason":"tool_use","additionalModelResponseFields":{"stop_sequence":null}}`,
		"metadata", `{"usage":{"inputTokens":7,"outputTokens":30,"totalTokens":142,"cacheReadInputTokens":100,"cacheWriteInputTokens":5},"metrics":{"latencyMs":9},"serviceTier":{"type":"priority"}}`,
		"somethingNew", `{"whatever":1}`)
}

// wanted is what answer says.
func wanted() *model.Response {
	return &model.Response{ID: "r-1", ServiceTier: "priority",
		Usage: model.Usage{Input: 112, Cached: 100, Written: 5, Output: 30},
		Choices: []model.Choice{{Finish: model.FinishToolCalls, Message: model.Message{Role: model.Assistant, Blocks: []model.Block{
			{Kind: model.ReasoningBlock, Text: "Let me see.", Seal: &model.Seal{Dialect: Name, Data: "c2ln"}},
			{Kind: model.ReasoningBlock, Seal: &model.Seal{Dialect: Name, Data: "aGlk", Hidden: true}},
			{Kind: model.TextBlock, Text: "It is here.", Citations: []model.Citation{{Title: "Doc", Quote: "here it is",
				Native: []byte(`{"title":"Doc","sourceContent":[{"text":"here it is"}],"location":{"documentPage":{"documentIndex":0,"start":1,"end":2}}}`)}}},
			{Kind: model.TextBlock, Text: "Now tools."},
			{Kind: model.ToolCallBlock, Call: &model.ToolCall{ID: "t1", Name: "read", Arguments: `{"a":1}`}},
			{Kind: model.ImageBlock, Media: &model.Media{Type: "image/png", Data: []byte("\x89PNG\r\n")}},
			{Kind: model.ToolCallBlock, Call: &model.ToolCall{ID: "t2", Name: "list"}},
		}}}}}
}

func respond(kind string, body io.Reader) *http.Response {
	return &http.Response{StatusCode: 200, ContentLength: -1, Body: io.NopCloser(body),
		Header: http.Header{"Content-Type": {kind}, "X-Amzn-Requestid": {"r-1"}}}
}

// read reads a response, and collects its parts apart.
func read(r *http.Response) (*model.Response, []model.Choice, error) {
	var parts model.Collector
	resp, err := Client{}.Response(r, model.NewRequest("m", model.Prompt("hi")), 1<<20, func(p model.Part) error { return parts.Add(&p) })
	return resp, parts.Choices(), err
}

func TestStream(t *testing.T) {
	for name, body := range map[string]io.Reader{"at once": bytes.NewReader(answer(t)), "byte by byte": &slowly{answer(t)}} {
		resp, parts, err := read(respond(EventType, body))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(wanted(), resp); diff != "" {
			t.Errorf("%s: -want +got:\n%s", name, diff)
		}
		if diff := cmp.Diff(wanted().Choices, parts); diff != "" {
			t.Errorf("%s: parts -want +got:\n%s", name, diff)
		}
	}
}

// slowly gives one byte at a time.
type slowly struct{ rest []byte }

func (s *slowly) Read(p []byte) (int, error) {
	if len(s.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p, s.rest[:1])
	s.rest = s.rest[1:]
	return n, nil
}

func TestMoreIsSaid(t *testing.T) {
	var more []bool
	_, err := Client{}.Response(respond(EventType, bytes.NewReader(answer(t))), model.NewRequest("m", model.Prompt("hi")), 1<<20,
		func(p model.Part) error { more = append(more, p.More); return nil })
	if err != nil || len(more) < 5 || !more[0] {
		t.Errorf("got %v, %v", more, err)
	}
	more = nil
	_, err = Client{}.Response(respond(EventType, &slowly{answer(t)}), model.NewRequest("m", model.Prompt("hi")), 1<<20,
		func(p model.Part) error { more = append(more, p.More); return nil })
	for _, m := range more {
		if m || err != nil {
			t.Fatalf("a part was held back for one that had not come: %v, %v", more, err)
		}
	}
}

func TestWhole(t *testing.T) {
	const body = ` {"output":{"message":{"role":"assistant","content":[
		{"reasoningContent":{"reasoningText":{"text":"Let me see.","signature":"c2ln"}}},{"reasoningContent":{"redactedContent":"aGlk"}},
		{"citationsContent":{"content":[{"text":"It is "},{"text":"here."}],"citations":[{"title":"Doc","location":{"web":{"url":"https://example.com"}}}]}},
		{"text":"Now tools."},{"toolUse":{"toolUseId":"t1","name":"read","input":{"a":1}}},
		{"toolUse":{"toolUseId":"s1","name":"nova_grounding","type":"server_tool_use","input":{}}},{"newKind":{}}]}},
		"stopReason":"stop_sequence","additionalModelResponseFields":{"stop_sequence":"END"},"metrics":{"latencyMs":1},
		"usage":{"inputTokens":7,"outputTokens":30,"totalTokens":37}}`
	resp, parts, err := read(respond("application/json", strings.NewReader(body)))
	if err != nil {
		t.Fatal(err)
	}
	want := &model.Response{ID: "r-1", Usage: model.Usage{Input: 7, Output: 30},
		Choices: []model.Choice{{Finish: model.FinishStop, StopText: "END", Message: model.Message{Role: model.Assistant, Blocks: []model.Block{
			{Kind: model.ReasoningBlock, Text: "Let me see.", Seal: &model.Seal{Dialect: Name, Data: "c2ln"}},
			{Kind: model.ReasoningBlock, Seal: &model.Seal{Dialect: Name, Data: "aGlk", Hidden: true}},
			{Kind: model.TextBlock, Text: "It is here.", Citations: []model.Citation{{Title: "Doc", URL: "https://example.com",
				Native: []byte(`{"title":"Doc","location":{"web":{"url":"https://example.com"}}}`)}}},
			{Kind: model.TextBlock, Text: "Now tools."},
			{Kind: model.ToolCallBlock, Call: &model.ToolCall{ID: "t1", Name: "read", Arguments: `{"a":1}`}},
		}}}}}
	if diff := cmp.Diff(want, resp); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if diff := cmp.Diff(want.Choices, parts); diff != "" {
		t.Errorf("parts -want +got:\n%s", diff)
	}
}

// TestBrokenStreams spoils streams in every way: none may look whole.
func TestBrokenStreams(t *testing.T) {
	text := events(t, "messageStart", `{"role":"assistant"}`, "contentBlockDelta", `{"contentBlockIndex":0,"delta":{"text":"Hi"}}`)
	flipped := bytes.Clone(answer(t))
	flipped[len(flipped)/2] ^= 1
	sized := func(size uint32) []byte {
		out := bytes.Clone(text)
		binary.BigEndian.PutUint32(out, size)
		binary.BigEndian.PutUint32(out[8:], crc32.ChecksumIEEE(out[:8]))
		return out
	}
	for name, tc := range map[string]struct {
		body []byte
		kind model.Kind
		says string
	}{
		"nothing":             {nil, model.Upstream, "empty"},
		"cut between events":  {text, model.Upstream, "broke off in the middle"},
		"cut in an event":     {text[:len(text)-3], model.Upstream, "broke off"},
		"cut in a length":     {append(bytes.Clone(text), 0, 0), model.Upstream, "broke off"},
		"a bit is wrong":      {flipped, model.Upstream, ""},
		"too long":            {sized(1 << 30), model.Upstream, "too long"},
		"too short":           {sized(3), model.Upstream, "do not fit"},
		"not JSON":            {append(bytes.Clone(text), events(t, "contentBlockDelta", `{"delta":`)...), model.Upstream, "contentBlockDelta"},
		"arguments unnamed":   {events(t, "contentBlockDelta", `{"contentBlockIndex":0,"delta":{"toolUse":{"input":"1"}}}`), model.Upstream, "before its name"},
		"no reason":           {append(bytes.Clone(text), events(t, "messageStop", `{}`)...), model.Upstream, "why it ended"},
		"two ends":            {append(bytes.Clone(text), events(t, "messageStop", `{"stopReason":"end_turn"}`, "messageStop", `{"stopReason":"end_turn"}`)...), model.Upstream, "twice"},
		"spoiled tool use":    {append(bytes.Clone(text), events(t, "messageStop", `{"stopReason":"malformed_tool_use"}`)...), model.Upstream, "malformed_tool_use"},
		"throttled":           {append(bytes.Clone(text), event(t, "exception", "throttlingException", `{"message":"Too many requests"}`)...), model.RateLimited, "Too many requests"},
		"model failed":        {event(t, "exception", "modelStreamErrorException", `{"message":"oops","originalStatusCode":500}`), model.Unavailable, "oops"},
		"refused":             {event(t, "exception", "validationException", `{"message":"Input is too long for requested model."}`), model.TooLong, "too long"},
		"exception unknown":   {event(t, "exception", "brandNewException", `not JSON`), model.Upstream, "brandNewException"},
		"error in headers":    {event(t, "error", "InternalFailure", ``), model.Unavailable, "words of a header"},
		"events as an answer": {[]byte("<html>hello</html>"), model.Upstream, ""},
	} {
		resp, _, err := read(respond(EventType, bytes.NewReader(tc.body)))
		var e *model.Error
		if resp != nil || !errors.As(err, &e) || e.Kind != tc.kind || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%s: got %v, %v (%v); want %v %q", name, resp, err, model.KindOf(err), tc.kind, tc.says)
		}
	}
}

func TestBrokenAnswers(t *testing.T) {
	for body, says := range map[string]string{
		"": "empty", "<html>": "web page", "OK": "neither JSON", `{"output":`: "not JSON", `{"message":"x"}`: "no output",
		`{"output":{"message":{"content":[{"text":1}]}},"stopReason":"end_turn"}`: "must be a string",
		`{"output":{"message":{"content":[]}}}`:                                   "why it ended",
	} {
		resp, _, err := read(respond("application/json", strings.NewReader(body)))
		if resp != nil || model.KindOf(err) != model.Upstream || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: got %v, %v; want %q", body, resp, err, says)
		}
	}
}

func TestErrors(t *testing.T) {
	for _, tc := range []struct {
		status     int
		code, body string
		kind       model.Kind
		says       string
	}{
		{429, "ThrottlingException:http://internal.amazon.com/coral/com.amazon.bedrock/", `{"message":"Too many requests, please wait"}`, model.RateLimited, "status 429: Too many requests"},
		{429, "", `{"__type":"com.amazon.bedrock#ThrottlingException","message":"Too many tokens per day, please wait"}`, model.Exhausted, "per day"},
		{400, "ValidationException", `{"message":"Input is too long for requested model."}`, model.TooLong, "too long"},
		{400, "ValidationException", `{"message":"The provided model identifier is invalid."}`, model.NotFound, "identifier"},
		{400, "ValidationException", `{"message":"messages.0.content is empty"}`, model.Invalid, "messages.0"},
		{400, "ServiceQuotaExceededException", `{"message":"quota"}`, model.Exhausted, "quota"},
		{403, "AccessDeniedException", `{"message":"You don't have access to the model with the specified model ID."}`, model.Forbidden, "access"},
		{403, "UnrecognizedClientException", `{"message":"The security token included in the request is invalid."}`, model.Unauthenticated, "token"},
		{403, "ExpiredTokenException", `{"message":"expired"}`, model.Unauthenticated, "expired"},
		{403, "", `{"Message":"Authentication failed: Please make sure your API Key is valid."}`, model.Unauthenticated, "API Key"},
		{404, "ResourceNotFoundException", `{"message":"no such profile"}`, model.NotFound, "profile"},
		{408, "ModelTimeoutException", `{"message":"slow"}`, model.Timeout, "slow"},
		{424, "ModelErrorException", `{"message":"m","originalStatusCode":500}`, model.Unavailable, "m"},
		{429, "ModelNotReadyException", `{"message":"warming up"}`, model.Unavailable, "warming"},
		{500, "InternalServerException", `{"message":"x"}`, model.Unavailable, "x"},
		{503, "", `<html>busy</html>`, model.Unavailable, "busy"},
		{404, "", `{"message":"no route"}`, model.NotFound, "no route"},
	} {
		header := http.Header{}
		if tc.code != "" {
			header.Set("x-amzn-ErrorType", tc.code)
		}
		e := Client{}.Error(tc.status, header, []byte(tc.body))
		if e.Kind != tc.kind || !strings.Contains(e.Error(), tc.says) || e.Status != tc.status {
			t.Errorf("%d %s %s: got %v %v", tc.status, tc.code, tc.body, e.Kind, e)
		}
	}
}

func TestFinishes(t *testing.T) {
	for reason, want := range map[string]model.Finish{"end_turn": "stop", "stop_sequence": "stop", "tool_use": "tool_calls", "max_tokens": "length",
		"model_context_window_exceeded": "length", "guardrail_intervened": "content_filter", "content_filtered": "content_filter",
		"refusal": "refusal", "pause_turn": "pause", "brand_new": "brand_new"} {
		if got, err := finishOf(reason); got != want || err != nil {
			t.Errorf("%s: got %s, %v", reason, got, err)
		}
	}
}

// FuzzStream puts any bytes to the reader: it must not panic, and what it takes for whole must have ended.
func FuzzStream(f *testing.F) {
	f.Add(answer(f))
	f.Add(events(f, "messageStop", `{"stopReason":"end_turn"}`))
	f.Add(event(f, "exception", "throttlingException", `{"message":"m"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		resp, parts, err := read(respond(EventType, bytes.NewReader(body)))
		if err != nil {
			var e *model.Error
			if !errors.As(err, &e) {
				t.Fatalf("an error of type %T: %v", err, err)
			}
			return
		}
		if len(resp.Choices) != 1 || resp.Choices[0].Finish == "" {
			t.Fatalf("taken for whole: %+v", resp)
		}
		if diff := cmp.Diff(resp.Choices, parts); diff != "" {
			t.Fatalf("parts differ: %s", diff)
		}
	})
}

// FuzzEvent puts any payload into events whose framing is right.
func FuzzEvent(f *testing.F) {
	f.Add("contentBlockDelta", `{"contentBlockIndex":0,"delta":{"text":"Hi"}}`)
	f.Add("contentBlockStart", `{"contentBlockIndex":4,"start":{"toolUse":{"toolUseId":"t1","name":"read"}}}`)
	f.Add("metadata", `{"usage":{"inputTokens":7}}`)
	f.Fuzz(func(t *testing.T, name, payload string) {
		body := append(events(t, "contentBlockStart", `{"contentBlockIndex":1,"start":{"toolUse":{"toolUseId":"t","name":"n"}}}`, name, payload),
			events(t, "messageStop", `{"stopReason":"end_turn"}`)...)
		resp, parts, err := read(respond(EventType, bytes.NewReader(body)))
		if err != nil {
			return
		}
		if diff := cmp.Diff(resp.Choices, parts); diff != "" {
			t.Fatalf("parts differ: %s", diff)
		}
	})
}

// BenchmarkStream reads a stream of 200 words.
func BenchmarkStream(b *testing.B) {
	pairs := []string{"messageStart", `{"role":"assistant"}`}
	for range 200 {
		pairs = append(pairs, "contentBlockDelta", `{"contentBlockIndex":0,"delta":{"text":" word"},"p":"abcdefghijklmn"}`)
	}
	pairs = append(pairs, "messageStop", `{"stopReason":"end_turn"}`, "metadata", `{"usage":{"inputTokens":7,"outputTokens":30,"totalTokens":37}}`)
	body := events(b, pairs...)
	req := model.NewRequest("m", model.Prompt("hi"))
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := (Client{}).Response(respond(EventType, bytes.NewReader(body)), req, 1<<20, model.Discard); err != nil {
			b.Fatal(err)
		}
	}
}
