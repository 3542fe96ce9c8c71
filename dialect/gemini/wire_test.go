// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package gemini

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"retort/model"
)

const generative = "https://generativelanguage.googleapis.com"

func asked(t *testing.T, path, body string) *model.Request {
	t.Helper()
	req, err := Server{}.Request(httptest.NewRequest("POST", path, nil), []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	return req
}

func sent(t *testing.T, r *http.Request, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil || int64(len(body)) != r.ContentLength {
		t.Fatalf("%d bytes of %d, %v", len(body), r.ContentLength, err)
	}
	return string(body)
}

func TestNames(t *testing.T) {
	tests := []struct {
		path, name string
		stream     bool
	}{
		{"/v1beta/models/gemini-3-pro:generateContent", "gemini-3-pro", false},
		{"/v1/models/up%2Fslow:streamGenerateContent?alt=sse", "up/slow", true},
		{"/v1beta/models/up/slow:generateContent", "up/slow", false},
		{"/v1beta/models/models/x:generateContent", "x", false},
		{"/v1beta/models/qwen3:8b:generateContent", "qwen3:8b", false},
		{"/v1beta/tunedModels/t-1:generateContent", "tunedModels/t-1", false},
	}
	for _, tt := range tests {
		req := asked(t, tt.path, `{}`)
		if req.Model != tt.name || req.Stream != tt.stream {
			t.Errorf("%s: %q, stream %v", tt.path, req.Model, req.Stream)
		}
	}
	for _, path := range []string{"/v1beta/models/:generateContent", "/v1beta/models/x"} {
		_, err := Server{}.Request(httptest.NewRequest("POST", path, nil), []byte(`{}`))
		if model.KindOf(err) != model.Invalid {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestURLs(t *testing.T) {
	vertex := "https://eu-aiplatform.googleapis.com/v1/projects/p/locations/eu"
	tests := []struct {
		c                Client
		base, name, want string
	}{
		{Client{}, generative, "g", generative + "/v1beta/models/g:m"},
		{Client{}, generative + "/v1alpha", "g", generative + "/v1alpha/models/g:m"},
		{Client{}, generative + "/v1", "models/g", generative + "/v1/models/g:m"},
		{Client{}, generative, "tunedModels/a b", generative + "/v1beta/tunedModels/a%20b:m"},
		{Client{Vertex: true}, vertex, "g", vertex + "/publishers/google/models/g:m"},
		{Client{Vertex: true}, vertex, "meta/llama", vertex + "/publishers/meta/models/llama:m"},
		{Client{Vertex: true}, vertex, "publishers/x/models/y", vertex + "/publishers/x/models/y:m"},
		{Client{Vertex: true}, vertex, "endpoints/17", vertex + "/endpoints/17:m"},
	}
	for _, tt := range tests {
		if got := tt.c.url(tt.base, tt.name, "m"); got != tt.want {
			t.Errorf("%s at %s: %s", tt.name, tt.base, got)
		}
	}
}

func TestPassOn(t *testing.T) {
	body := ` {"model" : "models/mine", "contents":[{"parts":[{"text":"a", "unknown": 1}]}] ,"x":null}`
	req := asked(t, "/v1beta/models/mine:streamGenerateContent", body)
	r, err := Client{}.Request(context.Background(), generative, "up", req)
	if got := sent(t, r, err); got != strings.Replace(body, "mine", "up", 1) {
		t.Errorf("sent %s", got)
	}
	if r.URL.String() != generative+"/v1beta/models/up:streamGenerateContent?alt=sse" || r.Header.Get("Accept") != "text/event-stream" {
		t.Errorf("to %s", r.URL)
	}
	(Client{}).Authorize(r, "secret")
	if r.Header.Get("x-goog-api-key") != "secret" {
		t.Error("no key")
	}
	again, err := r.GetBody()
	text, _ := io.ReadAll(again)
	if err != nil || len(text) != int(r.ContentLength) {
		t.Error("the body cannot be sent again")
	}
}

// TestPassOnSeals checks that signatures of other dialects do not reach the vendor.
func TestPassOnSeals(t *testing.T) {
	seal := carrySeal(&model.Seal{Dialect: "anthropic", Data: "s"})
	req := asked(t, "/v1beta/models/m:generateContent", `{"contents":[{"parts":[{"text":"q"}]},{"role":"model","parts":[{"text":"t","thought":true,"thoughtSignature":"`+seal+`"},`+
		`{"functionCall":{"name":"f","args":{}}}]},{"parts":[{"functionResponse":{"name":"f","response":{"output":"r"}}}]}],"own":1}`)
	req.Strict = true
	r, err := Client{}.Request(context.Background(), generative, "gemini-3-pro", req)
	want := `{"contents":[{"role":"user","parts":[{"text":"q"}]},{"role":"model","parts":[{"text":"t","thought":true},` +
		`{"functionCall":{"name":"f","args":{}},"thoughtSignature":"skip_thought_signature_validator"}]},` +
		`{"role":"user","parts":[{"functionResponse":{"name":"f","response":{"output":"r"}}}]}],"own":1}`
	if got := sent(t, r, err); got != want {
		t.Errorf("sent %s\nwant %s", got, want)
	}
}

func TestInvalidRequests(t *testing.T) {
	for body, field := range map[string]string{
		`{"contents":[{"role":"robot"}]}`: "contents[0].role", `{"contents":[]}`: "contents", `{"contents":[{"parts":[{"text":1}]}]}`: "contents[0].parts[0].text",
		`{"contents":[{"parts":[{"inlineData":{"data":"!"}}]}]}`:                                               "contents[0].parts[0].inlineData.data",
		`{"contents":[{"parts":[{"functionCall":{"args":[]}}]}]}`:                                              "contents[0].parts[0].functionCall.args",
		`{"contents":[{"parts":[{"file_data":{}}]}]}`:                                                          "contents[0].parts[0].file_data.fileUri",
		`{"contents":[{"parts":[{"text":"a"}]}],"generationConfig":{"topK":"x"}}`:                              "generationConfig.topK",
		`{"contents":[{"parts":[{"text":"a"}]}],"tools":[{"functionDeclarations":[{}]}]}`:                      "tools[0].functionDeclarations[0].name",
		`{"contents":[{"parts":[{"text":"a"}]}],"toolConfig":{"functionCallingConfig":{"mode":"SOME"}}}`:       "toolConfig.functionCallingConfig.mode",
		`{"contents":[{"parts":[{"text":"a"}]}],"generationConfig":{"thinkingConfig":{"thinkingBudget":1.5}}}`: "generationConfig.thinkingConfig.thinkingBudget",
		`{"contents":` + strings.Repeat(`[`, 1200) + strings.Repeat(`]`, 1200) + `}`:                           "",
		`[]`: "", `{`: "", ``: "",
	} {
		req, err := Server{}.Request(httptest.NewRequest("POST", "/v1beta/models/m:generateContent", nil), []byte(body))
		if err == nil {
			_, err = req.Content()
		}
		e, ok := err.(*model.Error)
		if !ok || e.Kind != model.Invalid || e.Field != field {
			t.Errorf("%.80s: %v", body, err)
		}
	}
}
