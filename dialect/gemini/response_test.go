// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package gemini

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"retort/model"
)

func httpResponse(kind, body string) *http.Response {
	return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {kind}}, ContentLength: -1,
		Body: io.NopCloser(iotest.HalfReader(strings.NewReader(body)))}
}

func events(chunks ...string) string {
	var b strings.Builder
	for _, c := range chunks {
		b.WriteString("data: " + c + "\r\n\r\n")
	}
	return b.String()
}

// readEvents reads a stream; parts keep copies of their events.
func readEvents(t *testing.T, body string) (*model.Response, []model.Part, error) {
	t.Helper()
	req := model.NewRequest("m", model.Prompt("q"))
	req.Stream = true
	var parts []model.Part
	resp, err := Client{}.Response(httpResponse("text/event-stream", body), req, 1<<20, func(p model.Part) error {
		p.Event.Data = bytes.Clone(p.Event.Data)
		parts = append(parts, p)
		return nil
	})
	return resp, parts, err
}

// recorded is a stream as the vendor writes it.
var recorded = []string{
	`{"candidates": [{"content": {"parts": [{"text": "**Looking**\n","thought": true}],"role": "model"},"index": 0}],"usageMetadata": {"promptTokenCount": 9,"totalTokenCount": 11,"thoughtsTokenCount": 2},"modelVersion": "gemini-3-pro","responseId": "r1"}`,
	`{"candidates": [{"content": {"parts": [{"text": "caf\u00e9 "}],"role": "model"},"index": 0}],"usageMetadata": {"promptTokenCount": 9,"candidatesTokenCount": 1,"totalTokenCount": 12,"thoughtsTokenCount": 2},"modelVersion": "gemini-3-pro","responseId": "r1"}`,
	`{"candidates": [{"content": {"parts": [{"text": "is"}],"role": "model"},"index": 0}],"usageMetadata": {"promptTokenCount": 9,"candidatesTokenCount": 10,"totalTokenCount": 21,"thoughtsTokenCount": 2},"modelVersion": "gemini-3-pro","responseId": "r1"}`,
	`{"candidates": [{"content": {"parts": [{"text": " \"open\""}],"role": "model"},"index": 0}],"usageMetadata": {"promptTokenCount": 9,"candidatesTokenCount": 12,"totalTokenCount": 23,"thoughtsTokenCount": 2},"modelVersion": "gemini-3-pro","responseId": "r1"}`,
	`{"candidates": [{"content": {"parts": [{"functionCall": {"name": "f","args": {"b": 1,"a": [2]}},"thoughtSignature": "U2ln"},{"functionCall": {"id": "own","name": "g"}}],"role": "model"},"index": 0}],"usageMetadata": {"promptTokenCount": 9,"candidatesTokenCount": 20,"totalTokenCount": 31,"thoughtsTokenCount": 2},"modelVersion": "gemini-3-pro","responseId": "r1"}`,
	`{"candidates": [{"content": {"parts": [{"text": ""}],"role": "model"},"finishReason": "STOP","index": 0,"groundingMetadata": {"groundingChunks": [{"web": {"uri": "https://a.example","title": "A"}}]}}],"usageMetadata": {"promptTokenCount": 9,"cachedContentTokenCount": 4,"candidatesTokenCount": 22,"totalTokenCount": 33,"thoughtsTokenCount": 2},"modelVersion": "gemini-3-pro","responseId": "r1"}`,
}

func TestStream(t *testing.T) {
	resp, parts, err := readEvents(t, events(recorded...))
	if err != nil {
		t.Fatal(err)
	}
	blocks := resp.Choices[0].Message.Blocks
	if len(blocks) != 4 || !strings.HasPrefix(blocks[2].Call.ID, made) {
		t.Fatalf("blocks %+v", blocks)
	}
	want := []model.Block{{Kind: model.ReasoningBlock, Text: "**Looking**\n"}, {Kind: model.TextBlock, Text: `café is "open"`},
		{Kind: model.ToolCallBlock, Call: &model.ToolCall{ID: blocks[2].Call.ID, Name: "f", Arguments: `{"b": 1,"a": [2]}`}, Seal: &model.Seal{Dialect: Name, Data: "U2ln"}},
		{Kind: model.ToolCallBlock, Call: &model.ToolCall{ID: "own", Name: "g", Arguments: "{}"}}}
	if d := cmp.Diff(want, blocks); d != "" {
		t.Error(d)
	}
	if resp.ID != "r1" || resp.Choices[0].Finish != model.FinishToolCalls || resp.Usage != (model.Usage{Input: 9, Cached: 4, Output: 24, Reasoning: 2}) {
		t.Errorf("got %+v", resp)
	}
	if d := parts[0].Detail; d == nil || d.Usage == nil || d.Usage.Input != 9 {
		t.Errorf("the first part does not tell the usage: %+v", parts[0])
	}
	var out []string
	for _, p := range parts {
		if !p.Event.Same {
			out = append(out, string(p.Event.Data))
		}
	}
	if d := cmp.Diff(recorded, out); d != "" {
		t.Errorf("events (-sent +passed):\n%s", d)
	}
	if last := parts[len(parts)-1]; last.Kind != model.FinishPart || last.More {
		t.Errorf("last part %+v", last)
	}
}

// TestPatternReadsTheSame checks that events that are recognised by what surrounds their text are read like all others.
func TestPatternReadsTheSame(t *testing.T) {
	c := &chunks{}
	fast := 0
	for i, data := range recorded[1:4] {
		if err := c.read([]byte(data)); err != nil {
			t.Fatal(err)
		}
		if i > 0 && len(c.parts) == 1 && c.like.part.Kind == model.TextPart {
			fast++
		}
	}
	c.like.usage(c)
	if fast != 2 || c.usage.Output != 14 || string(c.choices[0].text) != `café is "open"` {
		t.Errorf("%d by pattern, usage %+v, text %q", fast, c.usage, c.choices[0].text)
	}
	other := strings.Replace(recorded[3], `"index": 0`, `"index": 1`, 1)
	if c.like.read(c, []byte(other)) {
		t.Error("an event of another candidate is taken for one of the pattern")
	}
}

func TestCutStreams(t *testing.T) {
	whole := events(recorded...)
	for _, n := range []int{0, 10, len(events(recorded[0])), len(events(recorded[:5]...)), len(whole) - 30} {
		_, _, err := readEvents(t, whole[:n])
		if model.KindOf(err) != model.Upstream {
			t.Errorf("cut after %d bytes: %v", n, err)
		}
	}
	_, _, err := readEvents(t, events(recorded[0], `{"error":{"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE"}}`))
	if e, ok := err.(*model.Error); !ok || e.Kind != model.Unavailable || e.Body == nil {
		t.Errorf("an error in the stream: %v", err)
	}
	if _, _, err := readEvents(t, events(`{"id":"x","choices":[]}`)); model.KindOf(err) != model.Upstream {
		t.Errorf("another dialect: %v", err)
	}
}

// TestFinishInEveryEvent reads a stream of an older model, which says STOP throughout.
func TestFinishInEveryEvent(t *testing.T) {
	piece := func(text string) string {
		return `{"candidates":[{"content":{"parts":[{"text":"` + text + `"}],"role":"model"},"finishReason":"STOP","index":0}]}`
	}
	resp, parts, err := readEvents(t, events(piece("a"), piece("b"), piece("c")))
	if err != nil || resp.Text() != "abc" || resp.Choices[0].Finish != model.FinishStop {
		t.Fatalf("%+v, %v", resp, err)
	}
	ends := 0
	for _, p := range parts {
		if p.Kind == model.FinishPart {
			ends++
		}
	}
	if ends != 1 {
		t.Errorf("it ends %d times", ends)
	}
}

func readBody(t *testing.T, body string) (*model.Response, error) {
	t.Helper()
	return Client{}.Response(httpResponse("application/json", body), model.NewRequest("m", model.Prompt("q")), 1<<20, func(model.Part) error { return nil })
}

func TestWhole(t *testing.T) {
	resp, err := readBody(t, `{"candidates":[{"content":{"parts":[{"text":"Né a"},{"executableCode":{"code":"1"}},{"inlineData":{"mimeType":"image/png","data":"AAEC"}},{"text":"日本"}],"role":"model"},"finishReason":"MAX_TOKENS",
		"citationMetadata":{"citationSources":[{"startIndex":5,"endIndex":8,"uri":"https://c.example"}]},
		"logprobsResult":{"chosenCandidates":[{"token":"N","logProbability":-0.25}],"topCandidates":[{"candidates":[{"token":"M","logProbability":-2}]}]}}],
		"usageMetadata":{"promptTokenCount":"3","candidatesTokenCount":2,"toolUsePromptTokenCount":5},"createTime":"2026-11-23T10:00:00Z"}`)
	if err != nil {
		t.Fatal(err)
	}
	want := []model.Choice{{Message: model.Message{Role: model.Assistant, Blocks: []model.Block{{Kind: model.TextBlock, Text: "Né a"},
		{Kind: model.NativeBlock, Native: []byte(`{"executableCode":{"code":"1"}}`)},
		{Kind: model.ImageBlock, Media: &model.Media{Type: "image/png", Data: []byte{0, 1, 2}}},
		{Kind: model.TextBlock, Text: "日本", Citations: []model.Citation{{URL: "https://c.example", Start: 0, End: 1}}}}},
		Finish: model.FinishLength, Logprobs: []model.TokenLogprob{{Token: "N", Logprob: -0.25, Top: []model.TokenLogprob{{Token: "M", Logprob: -2}}}}}}
	if d := cmp.Diff(want, resp.Choices); d != "" {
		t.Error(d)
	}
	if resp.Usage != (model.Usage{Input: 8, Output: 2}) || resp.Created == 0 || resp.Body == nil {
		t.Errorf("got %+v", resp)
	}
	resp, err = readBody(t, `{"promptFeedback":{"blockReason":"SAFETY"},"usageMetadata":{"promptTokenCount":4}}`)
	if err != nil || len(resp.Choices) != 1 || resp.Choices[0].Finish != model.FinishFilter || resp.Usage.Input != 4 {
		t.Errorf("a blocked prompt: %+v, %v", resp, err)
	}
	for _, body := range []string{`{}`, `{"usageMetadata":{}}`, `{"candidates":[]}`, `{"candidates":[{"index":999999}]}`, `{"candidates":[{"content":{"parts":[{"text":3}]}}]}`, `{"candidates`} {
		if _, err := readBody(t, body); model.KindOf(err) != model.Upstream {
			t.Errorf("%s: %v", body, err)
		}
	}
}

func FuzzStream(f *testing.F) {
	f.Add([]byte(events(recorded...)))
	f.Add([]byte(events(`{"candidates":[{"content":{"parts":[{}]},"index":3},{"citationMetadata":{"citations":[{}]}}],"promptFeedback":{"blockReason":"X"}}`)))
	f.Add([]byte(": a\n\ndata: {\"candidates\":{\"groundingMetadata\":{\"groundingSupports\":{\"segment\":{\"endIndex\":9},\"groundingChunkIndices\":[0,7]},\"groundingChunks\":[{\"web\":{}}]},\"finishReason\":\"STOP\"}}\n\n"))
	f.Fuzz(func(t *testing.T, body []byte) {
		req := model.NewRequest("m", model.Prompt("q"))
		req.Stream = true
		r := &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"text/event-stream"}}, Body: io.NopCloser(bytes.NewReader(body))}
		var out bytes.Buffer
		a := Server{}.Answer(&out, model.NewRequest("m", model.Prompt("q")))
		resp, err := Client{}.Response(r, req, 1<<16, func(p model.Part) error {
			if p.Event = (model.Event{}); p.Text == "" && p.Kind == model.TextPart {
				return nil
			}
			return a.Part(p)
		})
		if (resp == nil) == (err == nil) {
			t.Fatalf("%v and %v", resp, err)
		}
		if err == nil {
			a.Finish(resp)
			again, err := Client{}.Response(httpResponse("application/json", out.String()), model.NewRequest("m", model.Prompt("q")), 1<<20, func(model.Part) error { return nil })
			if err != nil || len(again.Choices) != len(resp.Choices) || again.Text() != resp.Text() {
				t.Fatalf("written as %s, read as %+v, %v", out.String(), again, err)
			}
		}
	})
}

func TestErrors(t *testing.T) {
	detail := func(d string) string {
		return `{"error":{"code":429,"message":"m","status":"S","details":[` + d + `]}}`
	}
	tests := []struct {
		name   string
		status int
		body   string
		kind   model.Kind
		wait   string
	}{
		{"key", 400, `{"error":{"code":400,"message":"API key not valid.","status":"INVALID_ARGUMENT","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"API_KEY_INVALID"}]}}`, model.Unauthenticated, "0s"},
		{"too long", 400, `{"error":{"code":400,"message":"The input token count (2000000) exceeds the maximum number of tokens allowed (1048576).","status":"INVALID_ARGUMENT"}}`, model.TooLong, "0s"},
		{"in an array", 404, `[{"error":{"code":404,"message":"no such model","status":"NOT_FOUND"}}]`, model.NotFound, "0s"},
		{"rate", 429, detail(`{"violations":[{"quotaId":"GenerateRequestsPerMinutePerProject"}]},{"retryDelay":"34.5s"}`), model.RateLimited, "34.5s"},
		{"quota of the day", 429, detail(`{"violations":[{"quotaId":"GenerateRequestsPerDayPerProject"}]},{"retryDelay":"34s"}`), model.Exhausted, "34s"},
		{"place", 400, `{"error":{"code":400,"message":"User location is not supported","status":"FAILED_PRECONDITION"}}`, model.Forbidden, "0s"},
		{"overloaded", 503, `{"error":{"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE"}}`, model.Unavailable, "0s"},
		{"late", 504, `{"error":{"code":504,"message":"Deadline","status":"DEADLINE_EXCEEDED"}}`, model.Timeout, "0s"},
		{"a page", 502, `<html>bad gateway</html>`, model.Unavailable, "0s"},
		{"text", 400, `bad`, model.Invalid, "0s"},
	}
	for _, tt := range tests {
		e := Client{}.Error(tt.status, http.Header{}, []byte(tt.body))
		if e.Kind != tt.kind || e.RetryAfter.String() != tt.wait || e.Status != tt.status {
			t.Errorf("%s: kind %v, wait %v: %v", tt.name, e.Kind, e.RetryAfter, e)
		}
		again := Client{}.Error(tt.status, http.Header{}, Server{}.Error(e))
		if again.Kind != e.Kind && tt.kind != model.Exhausted && tt.kind != model.Forbidden && tt.kind != model.TooLong {
			t.Errorf("%s: written and read it is of kind %v: %s", tt.name, again.Kind, Server{}.Error(e))
		}
	}
	e := &model.Error{Kind: model.Invalid, Field: "contents", Err: io.EOF}
	want := `{"error":{"code":400,"message":"contents: EOF","status":"INVALID_ARGUMENT","details":[{"@type":"type.googleapis.com/google.rpc.BadRequest","fieldViolations":[{"field":"contents","description":"EOF"}]}]}}`
	if got := string(Server{}.Error(e)); got != want {
		t.Errorf("got %s", got)
	}
	if again := (Client{}).Error(400, nil, []byte(want)); again.Field != "contents" {
		t.Errorf("field %q", again.Field)
	}
}

func TestModels(t *testing.T) {
	names, err := Client{}.Models([]byte(`{"models":[{"name":"models/a","x":1},{"name":"tunedModels/b"}],"nextPageToken":""}`))
	if d := cmp.Diff([]string{"a", "tunedModels/b"}, names); err != nil || d != "" {
		t.Errorf("%v, %s", err, d)
	}
	names, err = Client{Vertex: true}.Models([]byte(`{"publisherModels":[{"name":"publishers/google/models/a"}]}`))
	if d := cmp.Diff([]string{"a"}, names); err != nil || d != "" {
		t.Errorf("%v, %s", err, d)
	}
	if _, err := (Client{}).Models([]byte(`{"data":[]}`)); err == nil {
		t.Error("another dialect's list is taken")
	}
	r, err := Client{Vertex: true}.ModelsRequest(t.Context(), "https://eu-aiplatform.googleapis.com/v1/projects/p/locations/eu")
	if err != nil || r.URL.Path != "/v1beta1/publishers/google/models" {
		t.Errorf("%v, %v", r.URL, err)
	}
	if name, err := (Server{}).Named(httptest.NewRequest("GET", "/v1beta/models/up%2Fslow", nil), nil); name != "up/slow" || err != nil {
		t.Errorf("%q, %v", name, err)
	}
}
