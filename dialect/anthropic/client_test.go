// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package anthropic

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"retort/model"
)

// posted returns a request that a client posted.
func posted(t *testing.T, path, body string, header http.Header) *model.Request {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, path, nil)
	r.Header = header
	req, err := request(r, []byte(body), strings.HasSuffix(r.URL.Path, "count_tokens"))
	if err != nil {
		t.Fatal(err)
	}
	return req
}

func sent(t *testing.T, r *http.Request) string {
	t.Helper()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	if int64(len(body)) != r.ContentLength {
		t.Errorf("the length is said to be %d, but is %d", r.ContentLength, len(body))
	}
	return string(body)
}

func TestSameDialectPassesUnchanged(t *testing.T) {
	const rest = ` , "max_tokens":5,"messages":[{"role":"user","content":[{"type":"later","x":[1, 2]}]}],"temperature":0.5,"later":{"a":null} }`
	const hi = `,"max_tokens":1,"messages":[{"role":"user","content":"hi"}]}`
	version := func(v string) http.Header { return http.Header{"Anthropic-Version": {v}, "Anthropic-Beta": {"a,b"}} }
	tests := map[string]struct {
		client    Client
		base, in  string
		header    http.Header
		url, body string
		version   string
		dropped   string
	}{
		"as it is":   {Client{}, "https://h", `{ "model" : "m"` + rest, version(Version2026), "https://h/v1/messages?beta=true", `{ "model" : "up/x"` + rest, Version2026, ""},
		"no version": {Client{}, "https://h/v1", `{"model":"m","stream":false` + hi, nil, "https://h/v1/messages?beta=true", `{"model":"up/x","stream":false` + hi, Version2023, ""},
		"pinned version": {Client{Version: Version2026}, "https://h", `{"temperature":1,"top_k":2,"model":"m"` + hi, version(Version2023), "https://h/v1/messages?beta=true",
			`{"model":"up/x"` + hi, Version2026, "temperature top_k"},
		"pinned, and nothing to drop": {Client{Version: Version2026}, "https://h", `{"model":"m"` + hi, version(Version2023), "https://h/v1/messages?beta=true", `{"model":"up/x"` + hi, Version2026, ""},
		"Vertex": {Client{Vertex: true}, "https://h/v1/projects/p/locations/l", `{"model":"m","stream":true` + hi, version(Version2023),
			"https://h/v1/projects/p/locations/l/publishers/anthropic/models/up%2Fx:streamRawPredict", `{"anthropic_version":"vertex-2023-10-16","stream":true` + hi, "", ""},
		"Bedrock": {Client{Bedrock: true}, "https://h", `{"model":"m","stream":true` + hi, version(Version2023), "https://h/model/up%2Fx/invoke-with-response-stream",
			`{"anthropic_version":"bedrock-2023-05-31","anthropic_beta":["a","b"]` + hi, "", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			trail := &model.Trail{}
			r, err := test.client.Request(model.WithTrail(t.Context(), trail), test.base, "up/x", posted(t, "/v1/messages?beta=true", test.in, test.header))
			if err != nil {
				t.Fatal(err)
			}
			if r.URL.String() != test.url || r.Header.Get("Anthropic-Version") != test.version {
				t.Errorf("got %s, version %s", r.URL, r.Header.Get("Anthropic-Version"))
			}
			if body := sent(t, r); body != test.body {
				t.Errorf("body\n%s\nwant\n%s", body, test.body)
			}
			if d := strings.Join(trail.Dropped(), " "); d != test.dropped {
				t.Errorf("dropped %q", d)
			}
		})
	}
}

func TestTranslatedForOtherClouds(t *testing.T) {
	content := &model.Content{Dialect: "other", Messages: []model.Message{model.Text(model.User, "hi"), model.Text(model.System, "now")}}
	const messages = `"max_tokens":32000,"messages":[{"role":"user","content":[{"type":"text","text":"hi"},{"type":"text","text":"<system>\nnow\n</system>"}]}]`
	for name, test := range map[string]struct {
		client Client
		want   string
	}{
		"Vertex":  {Client{Vertex: true}, `{"anthropic_version":"vertex-2023-10-16",` + messages + `,"stream":true}`},
		"Bedrock": {Client{Bedrock: true}, `{"anthropic_version":"bedrock-2023-05-31",` + messages + `}`},
	} {
		req := model.NewRequest("m", content)
		req.Stream = true
		r, err := test.client.Request(t.Context(), "https://h", "claude-opus-4-8", req)
		if err != nil {
			t.Fatal(err)
		}
		if got := sent(t, r); got != test.want || r.Header.Get("Anthropic-Version") != "" {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, test.want)
		}
	}
	const ours = `{"model":"m","max_tokens":5,"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":[{"type":"thinking","thinking":"","signature":"retort.none."}]}]}`
	r, err := Client{Bedrock: true}.Request(t.Context(), "https://h", "claude-opus-4-8", posted(t, "/v1/messages", ours, http.Header{"Anthropic-Beta": {"a"}}))
	if err != nil {
		t.Fatal(err)
	}
	if got := sent(t, r); got != `{"anthropic_version":"bedrock-2023-05-31","anthropic_beta":["a"],"max_tokens":5,"messages":[{"role":"user","content":"hi"}]}` {
		t.Errorf("got %s", got)
	}
}

func TestStrictRefusesWhatTheVersionHasNot(t *testing.T) {
	req := posted(t, "/v1/messages", `{"model":"m","max_tokens":1,"temperature":0.5,"messages":[{"role":"user","content":"hi"}]}`, nil)
	req.Strict = true
	if _, err := (Client{Version: Version2026}).Request(t.Context(), "https://h", "x", req); model.KindOf(err) != model.Invalid {
		t.Errorf("got %v", err)
	}
}

// TestOthersThoughtsAreLeftOut goes on with a conversation that another vendor's model began: what this gateway stood in
// with must not reach an upstream that would refuse it.
func TestOthersThoughtsAreLeftOut(t *testing.T) {
	const body = `{"model":"m","max_tokens":2000,"thinking":{"type":"enabled","budget_tokens":1024},"messages":[{"role":"user","content":"hi"},
		{"role":"assistant","content":[{"type":"thinking","thinking":"a","signature":"retort.none."},{"type":"redacted_thinking","data":"retort.openai!.x"},
		{"type":"text","text":"so","citations":[{"type":"web_search_result_location","url":"https://h","title":null,"cited_text":"","encrypted_index":"retort.none."}]},
		{"type":"tool_use","id":"c__seal_cmV0b3J0LmdlbWluaS5BYkM","name":"f","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"c__seal_cmV0b3J0LmdlbWluaS5BYkM"}]}],"later":1}`
	trail := &model.Trail{}
	r, err := Client{}.Request(model.WithTrail(t.Context(), trail), "https://h", "claude-sonnet-4-5", posted(t, "/v1/messages", body, nil))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"model":"claude-sonnet-4-5","max_tokens":2000,"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":[{"type":"text","text":"so","citations":[]},` +
		`{"type":"tool_use","id":"c","name":"f","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"c"}]}],"thinking":{"type":"disabled"},"later":1}`
	if got := sent(t, r); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	for _, d := range []string{"messages[1].past_reasoning", "messages[1].reasoning_seal", "reasoning_mode"} {
		if !slices.Contains(trail.Dropped(), d) {
			t.Errorf("%s is not said to be dropped: %v", d, trail.Dropped())
		}
	}
}

func TestAuthorize(t *testing.T) {
	for _, test := range []struct {
		client       Client
		url, key     string
		bearer, xkey string
	}{
		{Client{}, "https://api.anthropic.com/v1/messages", "sk-ant-api03-x", "", "sk-ant-api03-x"},
		{Client{}, "https://api.anthropic.com/v1/messages", "sk-ant-oat01-x", "Bearer sk-ant-oat01-x", ""},
		{Client{}, "http://127.0.0.1/v1/messages", "k", "Bearer k", "k"},
		{Client{Vertex: true}, "https://aiplatform.googleapis.com/v1", "t", "Bearer t", ""},
		{Client{}, "https://api.anthropic.com/v1/messages", "", "", ""},
	} {
		r := httptest.NewRequest(http.MethodPost, test.url, nil)
		test.client.Authorize(r, test.key)
		if r.Header.Get("Authorization") != test.bearer || r.Header.Get("X-Api-Key") != test.xkey {
			t.Errorf("%s, %s: %v", test.url, test.key, r.Header)
		}
		if asked := r.Header.Get("Anthropic-Beta"); asked != "" && !strings.HasPrefix(test.key, "sk-ant-oat") {
			t.Errorf("%s: beta %s", test.key, asked)
		}
	}
}

func TestCounting(t *testing.T) {
	const counted = `{"model":"m","messages":[{"role":"user","content":"hi"}]}`
	const asked = `{"model":"m","max_tokens":9,"temperature":1,"stream":true,"system":"s","messages":[{"role":"user","content":"hi"}],"later":1}`
	for name, test := range map[string]struct {
		client    Client
		path, in  string
		url, want string
	}{
		"passed on":   {Client{}, "/v1/messages/count_tokens", counted, "https://h/v1/messages/count_tokens", `{"model":"x","messages":[{"role":"user","content":"hi"}]}`},
		"of a prompt": {Client{}, "/v1/messages", asked, "https://h/v1/messages/count_tokens", `{"model":"x","system":"s","messages":[{"role":"user","content":"hi"}]}`},
		"Vertex": {Client{Vertex: true}, "/v1/messages/count_tokens", counted, "https://h/publishers/anthropic/models/count-tokens:rawPredict",
			`{"anthropic_version":"vertex-2023-10-16","model":"x","messages":[{"role":"user","content":"hi"}]}`},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := test.client.CountRequest(t.Context(), "https://h", "x", posted(t, test.path, test.in, nil))
			if err != nil {
				t.Fatal(err)
			}
			if got := sent(t, r); got != test.want || r.URL.String() != test.url {
				t.Errorf("%s\n%s\nwant\n%s", r.URL, got, test.want)
			}
		})
	}
	if n, err := (Client{}).Counted([]byte(`{"input_tokens":42,"x":1}`)); n != 42 || err != nil {
		t.Errorf("got %d, %v", n, err)
	}
	if _, err := (Client{}).Counted([]byte(`{"x":1}`)); model.KindOf(err) != model.Upstream {
		t.Errorf("got %v", err)
	}
}

func TestModels(t *testing.T) {
	r, err := Client{}.ModelsRequest(t.Context(), "https://h/v1")
	if err != nil || r.URL.String() != "https://h/v1/models?limit=1000" || r.Header.Get("Anthropic-Version") != Version2023 {
		t.Errorf("got %v, %v", r, err)
	}
	names, err := Client{}.Models([]byte(`{"data":[{"type":"model","id":"a"},{"id":"b","x":1}],"has_more":false}`))
	if err != nil || !slices.Equal(names, []string{"a", "b"}) {
		t.Errorf("got %v, %v", names, err)
	}
	if _, err := (Client{}).Models([]byte(`{"models":[]}`)); model.KindOf(err) != model.Upstream {
		t.Errorf("got %v", err)
	}
}

func TestErrors(t *testing.T) {
	shaped := func(kind, message string) string {
		return `{"type":"error","error":{"type":"` + kind + `","message":"` + message + `"},"request_id":"r"}`
	}
	for name, test := range map[string]struct {
		status int
		body   string
		want   model.Kind
		own    bool
	}{
		"overloaded":     {529, shaped("overloaded_error", "Overloaded"), model.Unavailable, true},
		"too large":      {413, shaped("request_too_large", "x"), model.TooLarge, true},
		"limit":          {429, shaped("rate_limit_error", "x"), model.RateLimited, true},
		"spent":          {429, `{"type":"error","error":{"type":"rate_limit_error","message":"x","details":{"error_code":"enforced_spend_limit_reached"}}}`, model.Exhausted, true},
		"too long":       {400, shaped("invalid_request_error", "prompt is too long: 3 tokens > 2 maximum"), model.TooLong, true},
		"poor":           {400, shaped("invalid_request_error", "Your credit balance is too low"), model.Exhausted, true},
		"wrong":          {400, shaped("invalid_request_error", "x"), model.Invalid, true},
		"key":            {401, shaped("authentication_error", "x"), model.Unauthenticated, true},
		"forbidden":      {403, shaped("permission_error", "x"), model.Forbidden, true},
		"no model":       {404, shaped("not_found_error", "model: x"), model.NotFound, true},
		"a proxy":        {502, "<html>", model.Unavailable, false},
		"Bedrock":        {400, `{"message":"no"}`, model.Invalid, false},
		"Google":         {429, `{"error":{"code":429,"message":"x","status":"RESOURCE_EXHAUSTED"}}`, model.RateLimited, false},
		"Google, listed": {400, `[{"error":{"code":400,"message":"x","status":"INVALID_ARGUMENT"}}]`, model.Invalid, false},
	} {
		e := Client{}.Error(test.status, http.Header{}, []byte(test.body))
		if e.Kind != test.want || e.Status != test.status || (e.Body != nil) != test.own {
			t.Errorf("%s: got kind %v, body %v, %v", name, e.Kind, e.Body, e)
		}
		if back := (Server{}).Error(e); test.own && string(back) != test.body {
			t.Errorf("%s: passed on as %s", name, back)
		}
	}
	if body := string(Server{}.Error(&model.Error{Kind: model.TooLong, Op: "ask"})); !strings.Contains(body, `"invalid_request_error","message":"prompt is too long`) {
		t.Errorf("got %s", body)
	}
}

func TestRequestFaults(t *testing.T) {
	for body, field := range map[string]string{
		``: "", `[]`: "", `{"model":"m"`: "", `{}`: "model", `{"model":3}`: "model", `{"model":"a","model":"b"}`: "model", `{"model":"m","stream":1}`: "stream",
	} {
		_, err := Server{}.Request(httptest.NewRequest(http.MethodPost, "/v1/messages", nil), []byte(body))
		e, ok := err.(*model.Error)
		if !ok || e.Kind != model.Invalid || e.Field != field {
			t.Errorf("%s: got %v", body, err)
		}
	}
	for body, field := range map[string]string{
		`{"messages":[]}`: "messages", `{"messages":[{"content":"a"}]}`: "messages[0].role", `{"messages":[{"role":"tool","content":"a"}]}`: "messages[0].role",
		`{"messages":[{"role":"user","content":3}]}`:                                                                          "messages[0].content",
		`{"messages":[{"role":"user","content":[{"text":"a"}]}]}`:                                                             "messages[0].content[0].type",
		`{"messages":[{"role":"user","content":[{"type":"text","text":3}]}]}`:                                                 "messages[0].content[0].text",
		`{"messages":[{"role":"user","content":[{"type":"image"}]}]}`:                                                         "messages[0].content[0].source",
		`{"messages":[{"role":"user","content":[{"type":"image","source":{"type":"base64","data":"!"}}]}]}`:                   "messages[0].content[0].source.data",
		`{"messages":[{"role":"user","content":[{"type":"tool_result"}]}]}`:                                                   "messages[0].content[0].tool_use_id",
		`{"messages":[{"role":"user","content":"a"}],"max_tokens":"x"}`:                                                       "max_tokens",
		`{"messages":[{"role":"user","content":"a"}],"tools":[{}]}`:                                                           "tools[0].name",
		`{"messages":[{"role":"user","content":"a"}],"tool_choice":{"type":"tool"}}`:                                          "tool_choice.name",
		`{"messages":[{"role":"user","content":"a"}],"thinking":{}}`:                                                          "thinking.type",
		`{"messages":[{"role":"user","content":"a"}],"output_config":{"format":{"type":"json_schema"}}}`:                      "output_config.format.schema",
		`{"messages":[{"role":"user","content":"a"}],"system":` + strings.Repeat("[", 2000) + strings.Repeat("]", 2000) + `}`: "system[0]",
	} {
		_, err := decode([]byte(body))
		e, ok := err.(*model.Error)
		if !ok || e.Kind != model.Invalid || e.Field != field {
			t.Errorf("%.100s: got %v", body, err)
		}
	}
}
