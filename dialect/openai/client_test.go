// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package openai

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"math"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"retort/model"
)

func TestErrorKinds(t *testing.T) {
	shaped := func(kind, code string) string {
		return `{"error":{"message":"Sorry","type":"` + kind + `","param":"messages","code":"` + code + `"}}`
	}
	for _, tc := range []struct {
		status int
		body   string
		kind   model.Kind
		says   string
		hint   string
		own    bool // its body passes on
	}{
		{400, shaped("invalid_request_error", "x"), model.Invalid, "status 400: Sorry", "", true},
		{400, shaped("invalid_request_error", "context_length_exceeded"), model.TooLong, "Sorry", "", true},
		{400, `{"object":"error","message":"This model's maximum context length is 10 tokens","code":400}`, model.TooLong, "maximum", "", false},
		{400, `{"error":{"code":400,"message":"the request exceeds the context","type":"exceed_context_size_error"}}`, model.TooLong, "exceeds", "", true},
		{401, shaped("invalid_request_error", "invalid_api_key"), model.Unauthenticated, "Sorry", "api_key", true},
		{402, "", model.Exhausted, "Payment Required", "", false},
		{403, `{"detail":"no access"}`, model.Forbidden, "no access", "", false},
		{404, shaped("invalid_request_error", "model_not_found"), model.NotFound, "Sorry", "model's name", true},
		{404, "<html>nginx</html>", model.NotFound, "status 404 Not Found", "web page", false},
		{408, "", model.Timeout, "408", "", false},
		{409, "", model.Unavailable, "409", "", false},
		{413, "", model.TooLarge, "413", "", false},
		{422, `{"error":"bad schema"}`, model.Invalid, "bad schema", "", false},
		{429, shaped("requests", "rate_limit_exceeded"), model.RateLimited, "Sorry", "", true},
		{429, shaped("insufficient_quota", "insufficient_quota"), model.Exhausted, "Sorry", "", true},
		{500, shaped("server_error", ""), model.Unavailable, "Sorry", "", true},
		{502, "<html>Bad gateway</html>", model.Unavailable, "502", "web page", false},
		{503, `[{"error":{"code":503,"message":"overloaded","status":"UNAVAILABLE"}}]`, model.Unavailable, "overloaded", "", false},
		{504, "", model.Timeout, "nothing", "", false},
		{529, "{", model.Unavailable, "529", "", false},
		{302, "", model.Upstream, "302", "redirects to https://elsewhere", false},
		{204, "", model.Upstream, "204", "", false},
	} {
		e := Client{}.Error(tc.status, http.Header{"Location": {"https://elsewhere"}}, []byte(tc.body))
		if e.Kind != tc.kind || e.Status != tc.status || !strings.Contains(e.Error(), tc.says) || !strings.Contains(e.Hint, tc.hint) {
			t.Errorf("%d %s: got %v, status %d, %q, hint %q; want %v", tc.status, tc.body, e.Kind, e.Status, e, e.Hint, tc.kind)
		}
		if own := e.Body != nil && string(e.Body.Data) == tc.body; own != tc.own {
			t.Errorf("%d %s: body %v", tc.status, tc.body, e.Body)
		}
	}
}

// foreign is a request in another dialect, with what Chat Completions has no place for.
func foreign() *model.Content {
	return &model.Content{Dialect: "other", Extra: map[string]json.RawMessage{"thinking": json.RawMessage(`{"type":"own"}`)},
		Tools:      []model.Tool{{Name: "f"}, {Name: "bash", Native: json.RawMessage(`{"type":"bash"}`)}},
		ToolChoice: &model.ToolChoice{Extra: json.RawMessage(`{"x":1}`)},
		Messages: []model.Message{
			{Role: model.User, Blocks: []model.Block{
				{Kind: model.ToolResultBlock, CallID: "c1", Text: "sunny", Failed: true},
				{Kind: model.ToolResultBlock, CallID: "c2", Blocks: []model.Block{{Kind: model.TextBlock, Text: "a"}, {Kind: model.ImageBlock, Media: &model.Media{URL: "u"}}}},
				{Kind: model.TextBlock, Text: "and now?", Cache: &model.CacheMark{TTL: "5m"}}}},
			{Role: model.User, Blocks: []model.Block{{Kind: model.DocumentBlock, Media: &model.Media{URL: "https://h/a.pdf"}},
				{Kind: model.ImageBlock, Media: &model.Media{Data: []byte{1}, Type: "image/gif"}},
				{Kind: model.VideoBlock, Media: &model.Media{URL: "https://h/v"}}}},
			{Role: model.User, Blocks: []model.Block{{Kind: model.NativeBlock, Native: json.RawMessage(`{"type":"search_result"}`)}}},
			{Role: model.Assistant, Blocks: []model.Block{{Kind: model.ReasoningBlock, Text: "hm"}, {Kind: model.TextBlock, Text: "ok"}}},
		}}
}

func TestForeignRequests(t *testing.T) {
	req := model.NewRequest("m", foreign())
	trail := &model.Trail{}
	r, err := Client{}.Request(model.WithTrail(t.Context(), trail), "https://api.openai.com/v1", "gpt", req)
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(r.Body)
	want := `{"model":"gpt","messages":[` +
		`{"role":"tool","tool_call_id":"c1","content":"sunny"},` +
		`{"role":"tool","tool_call_id":"c2","content":[{"type":"text","text":"a"}]},` +
		`{"role":"user","content":[{"type":"image_url","image_url":{"url":"u"}}]},` +
		`{"role":"user","content":"and now?"},` +
		`{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/gif;base64,AQ=="}}]},` +
		`{"role":"assistant","content":"ok"}],"tools":[{"type":"function","function":{"name":"f"}}]}`
	if string(body) != want {
		t.Errorf("got  %s\nwant %s", body, want)
	}
	dropped := []string{"thinking", "tools[1].bash", "tool_choice", "messages[0].tool_failed", "messages[0].cache_marks",
		"messages[1].document_url", "messages[1].video_url", "messages[2].search_result", "messages[3].past_reasoning"}
	if d := cmp.Diff(dropped, trail.Dropped()); d != "" {
		t.Errorf("dropped (-want +got):\n%s", d)
	}
	req.Strict = true
	_, err = Client{}.Request(context.Background(), "http://h/v1", "m", req)
	var e *model.Error
	if !errors.As(err, &e) || e.Kind != model.Invalid || e.Field != "thinking" {
		t.Errorf("strict: %v", err)
	}
}

func TestVendorAndOthersDiffer(t *testing.T) {
	content := model.Prompt("hi")
	content.MaxTokens = ptr(5)
	for base, want := range map[string]string{"https://api.openai.com/v1": `"max_completion_tokens":5`, "https://x.openai.azure.com/openai/v1": `"max_completion_tokens":5`,
		"http://127.0.0.1:8000/v1": `"max_tokens":5`, "https://api.openai.com.example.org": `"max_tokens":5`} {
		body, _, err := Client{}.encode(base, "m", false, content)
		if err != nil || !strings.Contains(string(body), want) {
			t.Errorf("%s: %s, %v", base, body, err)
		}
	}
}

func TestEncodeRefuses(t *testing.T) {
	for name, change := range map[string]func(*model.Content){
		"temperature": func(c *model.Content) { c.Temperature = ptr(math.NaN()) },
		"schema":      func(c *model.Content) { c.Format = &model.Format{Kind: "schema", Schema: json.RawMessage(`{`)} },
		"own":         func(c *model.Content) { c.Extra = map[string]json.RawMessage{"own": json.RawMessage(`1,"model":"x"`)} },
	} {
		content := model.Prompt("hi")
		change(content)
		_, err := Client{}.Request(t.Context(), "http://h/v1", "m", model.NewRequest("m", content))
		var e *model.Error
		if !errors.As(err, &e) || e.Kind != model.Invalid || e.Field != name {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestStreamsAskForUsage(t *testing.T) {
	req := model.NewRequest("m", model.Prompt("hi"))
	req.Stream = true
	for no, want := range map[bool]bool{false: true, true: false} {
		c := Client{NoUsage: no}
		r, err := c.Request(t.Context(), "http://h/v1", "m", req)
		if err != nil {
			t.Fatal(err)
		}
		if body, _ := io.ReadAll(r.Body); strings.Contains(string(body), `"stream_options":{"include_usage":true}`) != want {
			t.Errorf("%+v: %s", c, body)
		}
	}
}

func TestModels(t *testing.T) {
	got, err := Client{}.Models([]byte(`{"object":"list","data":[{"id":"a","object":"model"},{"id":"b","own":{}}]}`))
	if err != nil || !cmp.Equal(got, []string{"a", "b"}) {
		t.Errorf("got %v, %v", got, err)
	}
	for _, bad := range []string{"<html>", "", `{}`, `{"error":{"message":"no"}}`, `{"data":[7]}`, `{"data":[{"id":7}]}`} {
		var e *model.Error
		if _, err := (Client{}).Models([]byte(bad)); !errors.As(err, &e) || e.Hint == "" {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

func BenchmarkTranslate(b *testing.B) {
	content := model.Prompt(strings.Repeat("Where is the card that I ordered? ", 30))
	content.Dialect, content.MaxTokens, content.Temperature = "other", ptr(100), ptr(0.5)
	req := model.NewRequest("m", content)
	req.Stream = true
	b.ReportAllocs()
	for b.Loop() {
		r, err := Client{}.Request(b.Context(), elsewhere, "m", req)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			b.Fatal(err)
		}
	}
}
