// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package responses

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"retort/dialect"
	"retort/model"
)

// request reads a body as a client sends it.
func request(t *testing.T, body string) *model.Request {
	t.Helper()
	r := httptest.NewRequest("POST", "/v1/responses", nil)
	r.Header.Set("OpenAI-Beta", "x=1")
	r.Header.Set("Session-Id", "s")
	r.Header.Set("Authorization", "Bearer secret")
	req, err := Server{}.Request(r, []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	return req
}

// asks returns the body that an upstream gets, and what was dropped.
func asks(t *testing.T, c Client, base string, req *model.Request) (string, *http.Request, []string) {
	t.Helper()
	trail := &model.Trail{}
	r, err := c.Request(model.WithTrail(t.Context(), trail), base, "theirs", req)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body), r, trail.Dropped()
}

func TestPassOn(t *testing.T) {
	body := ` { "x":1e2, "model" : "m","previous_response_id":"resp_1", "input":[ {"id":"msg_1"}, "odd" ],"background":true }`
	got, r, dropped := asks(t, Client{}, "https://api.openai.com/v1", request(t, body))
	if want := strings.Replace(body, `"m"`, `"theirs"`, 1); got != want || dropped != nil {
		t.Errorf("got %s, dropped %v", got, dropped)
	}
	if r.URL.String() != "https://api.openai.com/v1/responses" || r.Header.Get("Openai-Beta") != "x=1" || r.Header.Get("Session-Id") != "s" ||
		r.Header.Get("Authorization") != "" {
		t.Errorf("got %s %v", r.URL, r.Header)
	}
}

func TestPassOnWithoutForeignSeals(t *testing.T) {
	body := `{"input":[{"type":"reasoning","summary":[{"type":"summary_text","text":"t"}],"encrypted_content":"retort.anthropic.sig"}, ` +
		`{"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"gAA"},{"role":"user","content":"what is retort.io?"},` +
		`{"encrypted_content":">retort.gemini.x","type":"reasoning","summary":[]}],"previous_response_id":"p","model":"m"}`
	req := request(t, body)
	got, _, dropped := asks(t, Client{}, "https://api.openai.com/v1", req)
	want := `{"input":[{"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"gAA"},{"role":"user","content":"what is retort.io?"}],` +
		`"previous_response_id":"p","model":"theirs"}`
	if got != want || !slices.Equal(dropped, []string{"input[0].reasoning_seal", "input[3].reasoning_seal"}) {
		t.Errorf("got %s, dropped %v", got, dropped)
	}
	req.Strict = true
	if _, err := (Client{}).Request(t.Context(), "http://h", "m", req); model.KindOf(err) != model.Invalid {
		t.Errorf("strict: %v", err)
	}
}

func TestMemoryIsRefused(t *testing.T) {
	for field, body := range map[string]string{
		"previous_response_id": `{"model":"m","input":"x","previous_response_id":"r"}`,
		"conversation":         `{"model":"m","input":"x","conversation":{"id":"c"}}`,
		"prompt":               `{"model":"m","input":"x","prompt":{"id":"p"}}`,
		"background":           `{"model":"m","input":"x","background":true}`,
		"input[1]":             `{"model":"m","input":[{"role":"user","content":"x"},{"type":"item_reference","id":"msg_1"}]}`,
		"input[0]":             `{"model":"m","input":[{"id":"msg_1"}]}`,
		"input[2]":             `{"model":"m","input":[{"role":"user","content":"x"},{"role":"user","content":"x"},{"type":"compaction_trigger"}]}`,
	} {
		_, err := request(t, body).Content()
		var e *model.Error
		if !errors.As(err, &e) || e.Kind != model.Invalid || e.Field != field || e.Hint == "" {
			t.Errorf("%s: %v", field, err)
		}
	}
	if _, err := request(t, `{"model":"m","input":"x","previous_response_id":null,"conversation":null,"background":false,"prompt":null}`).Content(); err != nil {
		t.Error(err)
	}
}

func TestBadRequests(t *testing.T) {
	for field, body := range map[string]string{
		"":                              `{"model":"m","input":`,
		"model":                         `{"input":"x"}`,
		"stream":                        `{"model":"m","stream":1}`,
		"input":                         `{"model":"m","input":3}`,
		"input[0]":                      `{"model":"m","input":[3]}`,
		"input[0].role":                 `{"model":"m","input":[{"role":"bard","content":"x"}]}`,
		"input[0].content[1].type":      `{"model":"m","input":[{"role":"user","content":[{"type":"input_text","text":"x"},{}]}]}`,
		"input[0].content[0]":           `{"model":"m","input":[{"role":"user","content":[{"type":"input_image"}]}]}`,
		"input[0].content[0].image_url": `{"model":"m","input":[{"role":"user","content":[{"type":"input_image","image_url":"data:image/png;base64,?"}]}]}`,
		"input[0].call_id":              `{"model":"m","input":[{"type":"function_call_output","output":"x"}]}`,
		"input[0].name":                 `{"model":"m","input":[{"type":"function_call","call_id":"x"}]}`,
		"tools[0].name":                 `{"model":"m","input":"x","tools":[{"type":"function"}]}`,
		"tools[0].tools[0].name":        `{"model":"m","input":"x","tools":[{"type":"namespace","name":"n","tools":[{"type":"function"}]}]}`,
		"tool_choice":                   `{"model":"m","input":"x","tool_choice":"maybe"}`,
		"text.format.schema":            `{"model":"m","input":"x","text":{"format":{"type":"json_schema","name":"n"}}}`,
		"max_output_tokens":             `{"model":"m","input":"x","max_output_tokens":1.5}`,
	} {
		req, err := Server{}.Request(httptest.NewRequest("POST", "/", nil), []byte(body))
		if err == nil {
			_, err = req.Content()
		}
		var e *model.Error
		if !errors.As(err, &e) || e.Kind != model.Invalid || e.Field != field {
			t.Errorf("%s: %v", body, err)
		}
	}
}

// foreign is a request of another dialect with what the vendor would refuse.
func foreign() *model.Content {
	one, few := 1.0, 5
	yes := true
	return &model.Content{Dialect: "anthropic", MaxTokens: &few, Temperature: &one, Stop: []string{"END"}, Effort: "high",
		Messages: []model.Message{
			model.Text(model.System, "Be brief."),
			{Role: model.User, Blocks: []model.Block{{Kind: model.TextBlock, Text: "q", Cache: &model.CacheMark{TTL: "5m"}}, {Kind: model.TextBlock},
				{Kind: model.DocumentBlock, Media: &model.Media{Type: "text/plain", Data: []byte("hi")}},
				{Kind: model.ImageBlock, Media: &model.Media{FileID: "file_a"}}}},
			{Role: model.Assistant, Blocks: []model.Block{
				{Kind: model.ReasoningBlock, Text: "hm", Seal: &model.Seal{Dialect: "anthropic", Data: "sig"}},
				{Kind: model.ReasoningBlock, Text: "so", Seal: &model.Seal{Dialect: Name, Data: "gAA"}},
				{Kind: model.TextBlock, Text: "a", ID: "odd"},
				{Kind: model.ToolCallBlock, Call: &model.ToolCall{ID: strings.Repeat("i", 80), Name: "f"}},
				{Kind: model.NativeBlock, Native: json.RawMessage(`{"type":"server_tool_use"}`)}}},
			{Role: model.User, Blocks: []model.Block{
				{Kind: model.ToolResultBlock, CallID: strings.Repeat("i", 80), Blocks: []model.Block{{Kind: model.ImageBlock, Media: &model.Media{Type: "image/png", Data: []byte("1")}}}},
				{Kind: model.TextBlock, Text: "next"}}},
			model.Text(model.System, "Now be long."),
		},
		Tools: []model.Tool{{Name: "f", Strict: &yes, Parameters: json.RawMessage(`{"type":"object","properties":{"a":{"type":"string","minLength":3}},"required":["a"],"additionalProperties":false}`)},
			{Name: "g"}, {Name: "p", Freeform: &model.Freeform{}}},
		Extra: map[string]json.RawMessage{"metadata": json.RawMessage(`{"k":"v"}`), ".how": json.RawMessage("1")},
	}
}

func TestTranslate(t *testing.T) {
	got, _, dropped := asks(t, Client{}, "https://api.openai.com/v1", model.NewRequest("m", foreign()))
	want := `{"model":"theirs","instructions":"Be brief.","input":[` +
		`{"type":"message","role":"user","content":[{"type":"input_text","text":"q"},{"type":"input_file","file_data":"data:text/plain;base64,aGk=","filename":"document.txt"}]},` +
		`{"type":"reasoning","summary":[{"type":"summary_text","text":"so"}],"encrypted_content":"gAA"},` +
		`{"type":"message","role":"assistant","content":[{"type":"output_text","text":"a"}]},` +
		`{"type":"function_call","call_id":"ID","name":"f","arguments":"{}"},` +
		`{"type":"function_call_output","call_id":"ID","output":[{"type":"input_image","image_url":"data:image/png;base64,MQ=="}]},` +
		`{"type":"message","role":"user","content":[{"type":"input_text","text":"next"}]},` +
		`{"type":"message","role":"developer","content":[{"type":"input_text","text":"Now be long."}]}],` +
		`"tools":[{"type":"function","name":"f","parameters":{"type":"object","properties":{"a":{"type":"string"}},"required":["a"],"additionalProperties":false},"strict":true},` +
		`{"type":"function","name":"g","parameters":{"type":"object","properties":{}},"strict":false},{"type":"custom","name":"p"}],` +
		`"reasoning":{"effort":"high"},"max_output_tokens":16,"include":["reasoning.encrypted_content"],"store":false}`
	e := &encoder{}
	want = strings.ReplaceAll(want, `"ID"`, `"`+e.callID(strings.Repeat("i", 80))+`"`)
	if d := cmp.Diff(parsed(t, want), parsed(t, got)); d != "" {
		t.Errorf("%s\n%s", d, got)
	}
	slices.Sort(dropped)
	if d := cmp.Diff([]string{"messages[1].cache_marks", "messages[1].image_file", "messages[2].past_reasoning", "messages[2].reasoning_seal",
		"messages[2].server_tool_use", "metadata", "stop", "tool_schema.minLength"}, dropped); d != "" {
		t.Error(d)
	}
}

func parsed(t *testing.T, text string) (v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return v
}

func TestTranslateForOthers(t *testing.T) {
	got, _, _ := asks(t, Client{Plain: true, Breakpoints: true}, "http://localhost:8000/v1", model.NewRequest("m", foreign()))
	for _, part := range []string{`"role":"system"`, `{"type":"reasoning","id":"rs_1","summary":[],"content":[{"type":"reasoning_text","text":"hm"}]}`,
		`"prompt_cache_breakpoint":{"mode":"explicit"}`, `"max_output_tokens":5`, `"temperature":1`, `"minLength":3`} {
		if !strings.Contains(got, part) {
			t.Errorf("%s is missing in %s", part, got)
		}
	}
	if strings.Contains(got, includeSeals) {
		t.Errorf("sealed reasoning is asked for in %s", got)
	}
	if reasons("gpt-4o-mini") || reasons("openai/gpt-4.1") || !reasons("gpt-5.4") || !reasons("o4-mini") || reasons("gpt-5-chat-latest") {
		t.Error("wrong about which models reason")
	}
}

func TestCount(t *testing.T) {
	req, err := Server{}.CountRequest(httptest.NewRequest("POST", "/v1/responses/input_tokens", nil), []byte(`{"model":"m","input":"x"}`))
	if err != nil {
		t.Fatal(err)
	}
	r, err := Client{}.CountRequest(t.Context(), "http://h/v1", "theirs", req)
	if err != nil || r.URL.Path != "/v1/responses/input_tokens" {
		t.Fatal(r, err)
	}
	r, err = Client{}.CountRequest(t.Context(), "http://h/v1", "theirs", model.NewRequest("m", foreign()))
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil || strings.Contains(string(body), "store") || !strings.Contains(string(body), "instructions") {
		t.Errorf("got %s, %v", body, err)
	}
	if n, err := (Client{}).Counted(Server{}.Counted(42)); n != 42 || err != nil {
		t.Errorf("counted %d, %v", n, err)
	}
	if _, err := (Client{}).Counted([]byte(`{"tokens":1}`)); model.KindOf(err) != model.Upstream {
		t.Errorf("got %v", err)
	}
}

func TestSaid(t *testing.T) {
	want := map[string]int{"GET /v1/responses": 426, "GET /v1/responses/*": 404, "GET /v1/responses/*/input_items": 404, "DELETE /v1/responses/*": 404}
	for _, route := range (Server{}).Routes() {
		if route.Say == nil {
			continue
		}
		w := httptest.NewRecorder()
		route.Say(w, httptest.NewRequest(route.Method, strings.Replace(route.Path, "*", "resp_1", 1), nil))
		var body struct {
			Error struct{ Message, Type string }
		}
		if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil || body.Error.Message == "" || body.Error.Type == "" {
			t.Errorf("%s: %v in %s", route.Path, err, w.Body)
		}
		if at := route.Method + " " + route.Path; w.Code != want[at] {
			t.Errorf("%s: status %d", at, w.Code)
		}
	}
}

func TestModels(t *testing.T) {
	names, err := Client{}.Models([]byte(`{"object":"list","data":[{"id":"a","object":"model"},{"object":"model","id":"b"}]}`))
	if err != nil || !slices.Equal(names, []string{"a", "b"}) {
		t.Errorf("got %v, %v", names, err)
	}
	for _, body := range []string{`{}`, `[]`, `{"data":[1]}`, `<html>`} {
		if _, err := (Client{}).Models([]byte(body)); model.KindOf(err) != model.Upstream {
			t.Errorf("%s: %v", body, err)
		}
	}
	r, err := Client{}.ModelsRequest(t.Context(), "http://h/v1")
	if err != nil || r.URL.Path != "/v1/models" {
		t.Errorf("got %v, %v", r, err)
	}
}

// TestSideItems translates what the vendor's CLI sends among its items: tools and settings.
func TestSideItems(t *testing.T) {
	content, err := request(t, `{"model":"m","input":[{"type":"additional_tools","role":"developer","tools":[`+
		`{"type":"namespace","name":"functions","description":"","tools":[{"type":"custom","name":"exec"},{"type":"function","name":"wait"}]}]},`+
		`{"role":"developer","content":"d"},{"role":"user","content":"q"},{"type":"configuration_update","reasoning":{"effort":"low"}}],`+
		`"tools":[{"type":"function","name":"wait"}]}`).Content()
	if err != nil {
		t.Fatal(err)
	}
	var tools []string
	for i := range content.Tools {
		n := nameIn(&content.Tools[i])
		tools = append(tools, n.group+"/"+n.name)
	}
	if !slices.Equal(tools, []string{"/wait", "functions/exec", "functions/wait"}) || content.Effort != "low" || len(content.Messages) != 2 ||
		content.Messages[0].Role != model.System {
		t.Errorf("got tools %v, effort %q, messages %+v", tools, content.Effort, content.Messages)
	}
	if dropped := dialect.Unsaid(content, "other", Features()); dropped != nil {
		t.Errorf("dropped %v", dropped)
	}
}
