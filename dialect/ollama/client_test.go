// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package ollama

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"retort/dialect"
	"retort/model"
)

func sent(t *testing.T, r *http.Request, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil || int64(len(body)) != r.ContentLength {
		t.Errorf("%d bytes, length %d, %v", len(body), r.ContentLength, err)
	}
	return string(body)
}

func TestRequestsPassUnchanged(t *testing.T) {
	for path, body := range map[string]string{chatPath: `{ "own":[1.0], "model":"fast:latest" ,"messages":[{"role":"user","content":"hi"}]}`,
		generatePath: `{"prompt":"a","suffix":"b","model":"fast:latest"}`} {
		in, err := http.NewRequest("POST", path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req, err := Server{}.Request(in, []byte(body))
		if err != nil || req.Model != "fast:latest" || !req.Stream {
			t.Fatalf("%+v, %v", req, err)
		}
		again, err := req.Clone() // without the note of its scan
		if err != nil {
			t.Fatal(err)
		}
		for _, req := range []*model.Request{req, again} {
			r, err := Client{}.Request(t.Context(), "http://h:1", "qwen\"3", req)
			want := strings.Replace(body, `"fast:latest"`, `"qwen\"3"`, 1)
			if got := sent(t, r, err); got != want || r.URL.String() != "http://h:1"+path || r.Header.Get("Accept") != "application/x-ndjson" {
				t.Errorf("%s: %s\nwant %s", r.URL, got, want)
			}
		}
	}
}

func TestTranslation(t *testing.T) {
	seed, most := int64(7), 0
	strictTool := true
	content := &model.Content{Dialect: "openai", MaxTokens: ptr(9), Seed: &seed, TopK: ptr(3), Temperature: ptr(0.5), Stop: []string{"x"}, Logprobs: true, TopLogprobs: 30, N: 2,
		Effort: "minimal", User: "u", Reasoning: &model.Reasoning{Budget: &most}, Format: &model.Format{Kind: "schema", Schema: json.RawMessage(`{"type":"object"}`)},
		ToolChoice: &model.ToolChoice{Mode: "auto", Allowed: []string{"f", "plain"}}, Extra: map[string]json.RawMessage{"store": json.RawMessage("true")},
		Tools: []model.Tool{{Name: "f", Strict: &strictTool, Parameters: json.RawMessage(`{"type":"object","properties":{"a":true,"b":{"type":["string","null"],"anyOf":[false,{"enum":7}]},"c":{"type":"string","minLength":2}},"required":"a"}`)},
			{Name: "g"}, {Name: "plain", Namespace: &model.Namespace{Name: "ns"}, Freeform: &model.Freeform{}, Description: "d"}, {Native: json.RawMessage(`{"type":"web_search"}`)}},
		Messages: []model.Message{{Role: model.System, Blocks: []model.Block{{Kind: model.TextBlock, Text: "a"}, {Kind: model.TextBlock, Text: "b"}}},
			{Role: model.User, Name: "Ann", Blocks: []model.Block{{Kind: model.TextBlock, Text: "look"}, {Kind: model.ImageBlock, Media: &model.Media{Data: []byte{1, 2, 3}}},
				{Kind: model.ImageBlock, Media: &model.Media{URL: "https://h/x.png"}}}},
			{Role: model.Assistant, Blocks: []model.Block{{Kind: model.ReasoningBlock, Text: "hm", Seal: &model.Seal{Dialect: "anthropic", Data: "s"}}, {Kind: model.RefusalBlock, Text: "no"},
				{Kind: model.ToolCallBlock, Call: &model.ToolCall{ID: "c1", Name: "plain", Namespace: "ns", Freeform: true, Arguments: "two\nlines"}}}},
			{Role: model.User, Blocks: []model.Block{{Kind: model.ToolResultBlock, CallID: "c1", Failed: true, Blocks: []model.Block{{Kind: model.TextBlock, Text: "r"}, {Kind: model.ImageBlock, Media: &model.Media{Data: []byte{1}}}}},
				{Kind: model.TextBlock, Text: "go on"}}}}}
	trail := &model.Trail{}
	r, err := Client{}.Request(model.WithTrail(t.Context(), trail), "", "m", model.NewRequest("m", content))
	want := `{"model":"m","messages":[{"role":"system","content":"ab"},{"role":"user","content":"look","images":["AQID"]},` +
		`{"role":"assistant","content":"no","thinking":"hm","tool_calls":[{"id":"c1","function":{"index":0,"name":"ns__plain","arguments":{"input":"two\nlines"}}}]},` +
		`{"role":"tool","content":"r","images":["AQ=="],"tool_name":"ns__plain","tool_call_id":"c1"},{"role":"user","content":"go on"}],` +
		`"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{"a":{},"b":{"type":["string","null"],"anyOf":[{},{}]},"c":{"type":"string","minLength":2}}}}},` +
		`{"type":"function","function":{"name":"ns__plain","description":"d","parameters":{"type":"object","properties":{"input":{"type":"string","description":"The tool's input, as plain text."}},"required":["input"],"additionalProperties":false}}}],` +
		`"format":{"type":"object"},"think":"low","logprobs":true,"top_logprobs":20,"options":{"temperature":0.5,"top_k":3,"seed":7,"num_predict":9,"stop":["x"]},"stream":false}`
	if got := sent(t, r, err); got != want || r.URL.String() != BaseURL+chatPath {
		t.Errorf("to %s\n%s\nwant\n%s", r.URL, got, want)
	}
	wantDropped := []string{"store", "n", "user", "reasoning_budget", "tools[0].tool_strict", "tools[3].web_search", "tool_choice_allowed", "messages[1].name", "messages[1].image_url",
		"messages[2].reasoning_seal", "messages[3].tool_failed", "tools.parameters.false", "tools.parameters.enum", "tools.parameters.required", "top_logprobs"}
	if d := cmp.Diff(wantDropped, trail.Dropped()); d != "" {
		t.Errorf("left out (-want +got):\n%s", d)
	}
	req := model.NewRequest("m", content)
	req.Strict = true
	var e *model.Error
	if _, err := (Client{}).Request(t.Context(), "", "m", req); !errors.As(err, &e) || e.Kind != model.Invalid || e.Field != "store" {
		t.Errorf("strict: %v", err)
	}
}

// TestFeaturesSurvive encodes what the table says the dialect has, and reads it again.
func TestFeaturesSurvive(t *testing.T) {
	for effort, want := range map[string]string{"low": "low", "minimal": "low", "medium": "medium", "high": "high", "xhigh": "max", "max": "max"} {
		_, body, _, err := encode("m", false, &model.Content{Effort: effort, Messages: model.Prompt("hi").Messages})
		if err != nil {
			t.Fatal(err)
		}
		content, err := decodeChat(body)
		if err != nil || content.Effort != want {
			t.Errorf("%s became %+v, %v", effort, content, err)
		}
	}
	for mode, want := range map[string]string{"on": `"think":true`, "off": `"think":false`, "adaptive": `"stream"`} {
		_, body, _, err := encode("m", false, &model.Content{Reasoning: &model.Reasoning{Mode: mode}, Messages: model.Prompt("hi").Messages})
		if err != nil || !strings.Contains(string(body), want) || strings.Contains(string(body), "think") != (mode != "adaptive") {
			t.Errorf("%s: %s, %v", mode, body, err)
		}
	}
	_, body, _, err := encode("m", false, &model.Content{Tools: []model.Tool{{Name: "f"}}, ToolChoice: &model.ToolChoice{Mode: "none"}, Messages: model.Prompt("hi").Messages})
	if err != nil || strings.Contains(string(body), "tools") {
		t.Errorf("tools that must not be called: %s, %v", body, err)
	}
}

func TestUpstreamErrors(t *testing.T) {
	for _, tc := range []struct {
		status     int
		body       string
		kind       model.Kind
		says, hint string
		shaped     bool
	}{
		{404, `{"error":"model 'x' not found"}`, model.NotFound, "model 'x' not found", "model's name", true},
		{503, `{"error":"server busy, please try again.  maximum pending requests exceeded"}`, model.Unavailable, "server busy", "", true},
		{400, `{"error":"the input length exceeds the context length"}`, model.TooLong, "exceeds", "", true},
		{400, `{"error":"\"m\" does not support tools"}`, model.Invalid, "does not support tools", "", true},
		{500, `{"error":"llama runner process has terminated"}`, model.Unavailable, "terminated", "", true},
		{401, `{"error":{"message":"no"}}`, model.Unauthenticated, "no", "api_key", false},
		{502, `<html>`, model.Unavailable, "502", "web page", false},
		{429, ``, model.RateLimited, "nothing", "", false},
	} {
		e := Client{}.Error(tc.status, http.Header{}, []byte(tc.body))
		if e.Kind != tc.kind || !strings.Contains(e.Error(), tc.says) || !strings.Contains(e.Hint, tc.hint) || (e.Body != nil) != tc.shaped || e.Status != tc.status {
			t.Errorf("%d %s: %v, kind %v, hint %q, body %v", tc.status, tc.body, e, e.Kind, e.Hint, e.Body)
		}
		if got := string(Server{}.Error(e)); tc.shaped != (got == tc.body) {
			t.Errorf("%s is passed on as %s", tc.body, got)
		}
	}
	if got := string(Server{}.Error(errors.New("secret"))); strings.Contains(got, "secret") {
		t.Errorf("internal error: %s", got)
	}
}

func TestModels(t *testing.T) {
	info := []dialect.Info{{Name: "fast", Owner: "retort", Context: 8192, Created: time.Unix(1700000000, 0)}, {Name: "qwen3:8b", Embeds: true}}
	body := Server{}.Models(nil, info)
	var list struct {
		Models []struct {
			Name, Model, Digest string
			ModifiedAt          time.Time `json:"modified_at"`
			Size                int64
			Details             struct {
				Format, Family *string
				Families       []string
			}
			Capabilities []string
		}
	}
	if err := json.Unmarshal(body, &list); err != nil {
		t.Fatal(err)
	}
	if m := list.Models[0]; m.Name != "fast:latest" || m.Model != "fast:latest" || len(m.Digest) != 64 || m.ModifiedAt.Unix() != 1700000000 || m.Details.Format == nil || *m.Details.Family == "" {
		t.Errorf("got %+v", m)
	}
	names, err := Client{}.Models(body)
	if d := cmp.Diff([]string{"fast:latest", "qwen3:8b"}, names); d != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, d)
	}
	for body, ok := range map[string]bool{`{"model":"a"}`: true, `{"name":"a"}`: true, `{"model":""}`: false, `{}`: false, `[]`: false, ``: false, `{"model":1}`: false} {
		name, err := Server{}.Named(nil, []byte(body))
		if ok != (err == nil) || ok && name != "a" || err != nil && model.KindOf(err) != model.Invalid {
			t.Errorf("%s: %q, %v", body, name, err)
		}
	}
	for i, can := range [][]string{{"completion", "tools", "vision", "thinking"}, {"embedding"}} {
		var show struct {
			ModelInfo    map[string]any `json:"model_info"`
			Template     string
			Details      map[string]any
			Capabilities []string
			ModifiedAt   time.Time `json:"modified_at"`
		}
		if err := json.Unmarshal(Server{}.Model(info[i]), &show); err != nil {
			t.Fatal(err)
		}
		length := show.ModelInfo[show.ModelInfo["general.architecture"].(string)+".context_length"]
		if d := cmp.Diff(can, show.Capabilities); d != "" || (length == float64(8192)) != (i == 0) || show.ModelInfo["general.basename"] != info[i].Name {
			t.Errorf("%+v (-want +got):\n%s", show, d)
		}
	}
	for _, bad := range []string{`{"data":[]}`, `[]`, ``, `{"models":[{"model":1}]}`} {
		if _, err := (Client{}).Models([]byte(bad)); model.KindOf(err) != model.Upstream {
			t.Errorf("%s: %v", bad, err)
		}
	}
	r, err := Client{}.ModelsRequest(t.Context(), "http://h")
	if err != nil || r.URL.String() != "http://h/api/tags" {
		t.Errorf("%v, %v", r, err)
	}
	Client{}.Authorize(r, "k")
	if r.Header.Get("Authorization") != "Bearer k" {
		t.Errorf("header %v", r.Header)
	}
}

func TestEmbedding(t *testing.T) {
	for _, tc := range []struct{ path, body, inputs, answer string }{
		{embedPath, `{"model":"e:latest", "input":["a","b"],"dimensions":2,"truncate":false}`, "a,b", `{"model":"m","embeddings":[[0.5,-1e-7],[1,2]],"prompt_eval_count":4}`},
		{embedPath, `{"input":"a","model":"e:latest"}`, "a", `{"model":"m","embeddings":[[0.5,0]],"total_duration":1}`},
		{embeddingsPath, `{"prompt":"a","input":["x"],"model":"e:latest"}`, "a", `{"embedding":[0.5,0]}`},
	} {
		in, err := http.NewRequest("POST", tc.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req, err := Server{}.EmbedRequest(in, []byte(tc.body))
		if err != nil || req.Model != "e:latest" || strings.Join(req.Inputs, ",") != tc.inputs {
			t.Fatalf("%s: %+v, %v", tc.body, req, err)
		}
		r, err := Client{}.EmbedRequest(t.Context(), "http://h", "m", req)
		if got := sent(t, r, err); got != strings.Replace(tc.body, "e:latest", "m", 1) || r.URL.Path != tc.path {
			t.Errorf("to %s: %s", r.URL, got)
		}
		e, err := Client{}.Embedded(req, []byte(tc.answer))
		if err != nil || e.Vectors[0][0] != 0.5 {
			t.Fatalf("%+v, %v", e, err)
		}
		body, err := Server{}.Embedded(req, e)
		if err != nil || string(body) != tc.answer {
			t.Errorf("passed on as %s, %v", body, err)
		}
		e.Body, e.Model = nil, "up/m"
		body, err = Server{}.Embedded(req, e)
		if err != nil {
			t.Fatal(err)
		}
		again, err := Client{}.Embedded(req, body)
		if err != nil || cmp.Diff(e.Vectors, again.Vectors) != "" || again.Usage != e.Usage && tc.path == embedPath {
			t.Errorf("%s: %s, %v", tc.path, body, err)
		}
	}
	trail := &model.Trail{}
	req := &model.EmbedRequest{Inputs: []string{"a\"b"}, Dimensions: 3, Purpose: "query", User: "u"}
	r, err := Client{}.EmbedRequest(model.WithTrail(context.Background(), trail), "http://h", "m", req)
	if got := sent(t, r, err); got != `{"model":"m","input":["a\"b"],"dimensions":3}` || strings.Join(trail.Dropped(), " ") != "purpose user" {
		t.Errorf("%s, left out %v", got, trail.Dropped())
	}
	req.Strict = true
	if _, err := (Client{}).EmbedRequest(t.Context(), "", "m", req); model.KindOf(err) != model.Invalid {
		t.Errorf("strict: %v", err)
	}
	if _, err := (Client{}).EmbedRequest(t.Context(), "", "m", &model.EmbedRequest{Tokens: [][]int{{1}}}); model.KindOf(err) != model.Invalid {
		t.Errorf("tokens: %v", err)
	}
	for _, bad := range []string{`{"embeddings":[]}`, `{"embeddings":[["x"]]}`, `{}`, `{"error":"no"}`, `{"embeddings":[[1e999]]}`, `{"embeddings":[[1e300]]}`, `[]`, `x`} {
		if _, err := (Client{}).Embedded(req, []byte(bad)); model.KindOf(err) != model.Upstream {
			t.Errorf("%s: %v", bad, err)
		}
	}
	for _, bad := range []string{`{"model":"m"}`, `{"model":"m","input":[]}`, `{"model":"m","input":[[1]]}`, `{"model":"m","input":{}}`, `{"input":"a"}`, `[]`, `{"model":"m","input":"a","dimensions":-1}`} {
		in, _ := http.NewRequest("POST", embedPath, nil)
		if _, err := (Server{}).EmbedRequest(in, []byte(bad)); model.KindOf(err) != model.Invalid {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

// TestParameters checks what becomes of schemas that another dialect's client sent.
func TestParameters(t *testing.T) {
	for schema, want := range map[string]struct{ become, left string }{
		`{"type":"object", "properties":{"a":{"type":"string","minLength":2}},"additionalProperties":false}`: {},
		`{"type":"object","properties":{"a":{"$ref":"#/$defs/A"}},"$defs":{"A":{"type":"integer"}}}`:         {`{"type":"object","properties":{"a":{"type":"integer"}}}`, ""},
		`{"type":"object","properties":{"a":{"oneOf":[{"const":1},{"type":"string"}]}}}`:                     {`{"type":"object","properties":{"a":{"anyOf":[{"enum":[1]},{"type":"string"}]}}}`, ""},
		`{"type":"object","properties":{"a":true,"b":{"enum":[{"x":1},null]}}}`:                              {`{"type":"object","properties":{"a":{},"b":{"enum":[{"x":1},null]}}}`, ""},
		`{"type":["object"],"required":["a",1],"properties":{"a":{"description":7,"type":{}}}}`: {`{"required":["a"],"properties":{"a":{}}}`,
			"tools.parameters.required tools.parameters.type tools.parameters.description"},
		`7`: {`{}`, "tools.parameters.schema"},
	} {
		e := &encoder{}
		e.Foreign = true
		mark := e.Open()
		e.parameters(json.RawMessage(schema))
		e.Close(mark)
		if want.become == "" {
			want.become = schema
		}
		if got := string(e.B); e.Err != nil || got != `{"parameters":`+want.become+`}` || strings.Join(e.notes, " ") != want.left {
			t.Errorf("%s\nbecame %s, left out %v, %v\nwant %s, %s", schema, got, e.notes, e.Err, want.become, want.left)
		}
	}
}
