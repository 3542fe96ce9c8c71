// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package account

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws/protocol/eventstream"

	"retort/dialect"
	"retort/internal/scripted"
	"retort/model"
	"retort/provider"
	"retort/provider/preset"
)

const key = "sk-planted-in-the-test"

// seen is what an upstream got.
type seen struct {
	path, query string
	header      http.Header
	body        map[string]json.RawMessage
}

// ask asks an account at a server, and returns what the server got.
func ask(t *testing.T, a Account, answer http.HandlerFunc, req *model.Request) (seen, *model.Response, error) {
	t.Helper()
	var got seen
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got = seen{path: r.URL.EscapedPath(), query: r.URL.RawQuery, header: r.Header}
		_ = json.Unmarshal(body, &got.body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		answer(w, r)
	}))
	defer s.Close()
	a.Name, a.BaseURL = "up", s.URL+a.BaseURL
	o, err := a.Options()
	if err != nil {
		t.Fatal(err)
	}
	o.Retries = -1
	p, err := provider.New(o)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	resp, err := p.Model(provider.Spec{Name: "m-1"}).Generate(t.Context(), req, model.Discard)
	return got, resp, err
}

func sortedKeys(m map[string]json.RawMessage) string {
	return strings.Join(slices.Sorted(maps.Keys(m)), " ")
}

func prompt() *model.Request { return model.NewRequest("m", model.Prompt("hi")) }

func script(t *testing.T, name string) http.HandlerFunc {
	t.Helper()
	s, err := scripted.New(name)
	if err != nil {
		t.Fatal(err)
	}
	return s.ServeHTTP
}

// TestEveryPresetAnswers asks the server of every preset, in every dialect it speaks.
func TestEveryPresetAnswers(t *testing.T) {
	for _, p := range preset.All() {
		for _, s := range p.Speaks {
			if p.Name == "bedrock-anthropic" || strings.HasPrefix(p.Name, "vertex") {
				continue // their requests are looked at below
			}
			a := Account{Preset: p.Name, Dialect: s.Dialect, Key: key, BaseURL: map[string]string{"openai": "/v1", "responses": "/v1"}[s.Dialect]}
			got, resp, err := ask(t, a, script(t, s.Dialect), prompt())
			if err != nil || !strings.Contains(resp.Text(), "grüß dich.") {
				t.Errorf("%s in %s: %v, %v; sent %s", p.Name, s.Dialect, resp, err, got.body)
			}
		}
	}
}

func TestAuthorization(t *testing.T) {
	const base = "/v1"
	for name, tc := range map[string]struct {
		a             Account
		header, value string
		query         string
	}{
		"key":               {Account{Dialect: "openai", Key: key, BaseURL: base}, "Authorization", "Bearer " + key, ""},
		"azure":             {Account{Preset: "azure", Dialect: "openai", Auth: preset.AuthAPIKey, Key: key, BaseURL: base}, "Api-Key", key, ""},
		"azure with entra":  {Account{Preset: "azure", Dialect: "responses", Auth: preset.AuthBearer, Key: key, BaseURL: base, APIVersion: "preview"}, "Authorization", "Bearer " + key, "api-version=preview"},
		"version by itself": {Account{Dialect: "openai", Key: key, BaseURL: base, APIVersion: "1"}, "Authorization", "Bearer " + key, "api-version=1"},
		"gemini":            {Account{Preset: "gemini", Dialect: "gemini", Key: key}, "X-Goog-Api-Key", key, ""},
		"anthropic":         {Account{Dialect: "anthropic", Key: key, Auth: preset.AuthBearer, APIVersion: "2026-10-21"}, "Anthropic-Version", "2026-10-21", ""},
		"bedrock with key":  {Account{Preset: "bedrock", Dialect: "bedrock", Key: key}, "Authorization", "Bearer " + key, ""},
	} {
		got, _, err := ask(t, tc.a, script(t, tc.a.Dialect), prompt())
		if err != nil || got.header.Get(tc.header) != tc.value || got.query != tc.query {
			t.Errorf("%s: %v; got %v ?%s", name, err, got.header, got.query)
		}
	}
}

func TestSignature(t *testing.T) {
	a := Account{Preset: "bedrock", Dialect: "bedrock", Auth: preset.AuthAWS, Region: "eu-central-1", AccessKey: "AKPLANTED", SecretKey: "secret-planted", Session: "session-planted"}
	got, resp, err := ask(t, a, script(t, "bedrock"), prompt())
	if err != nil || resp.Usage.Input != scripted.InputTokens {
		t.Fatalf("got %v, %v", resp, err)
	}
	auth := got.header.Get("Authorization")
	if !strings.HasPrefix(auth, "AWS4-HMAC-SHA256 Credential=AKPLANTED/") || !strings.Contains(auth, "/eu-central-1/bedrock/aws4_request") || got.path != "/model/m-1/converse" {
		t.Errorf("asked %s with %s", got.path, auth)
	}
	echo := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Amzn-Errortype", "InvalidSignatureException")
		w.WriteHeader(403)
		fmt.Fprintf(w, `{"message":"the token %s does not match %s"}`, r.Header.Get("X-Amz-Security-Token"), r.Header.Get("Authorization"))
	}
	_, _, err = ask(t, a, echo, prompt())
	if model.KindOf(err) != model.Unauthenticated || strings.Contains(err.Error(), "session-planted") || strings.Contains(err.Error(), "secret-planted") {
		t.Errorf("got %v", err)
	}
}

// chunks answers as InvokeModelWithResponseStream does.
func chunks(w http.ResponseWriter, kind string, events ...string) {
	w.Header().Set("Content-Type", "application/vnd.amazon.eventstream")
	for _, e := range events {
		m := eventstream.Message{Payload: []byte(`{"bytes":"` + base64.StdEncoding.EncodeToString([]byte(e)) + `"}`)}
		if kind != "chunk" {
			m.Payload = []byte(e)
			m.Headers.Set(":message-type", eventstream.StringValue("exception"))
			m.Headers.Set(":exception-type", eventstream.StringValue(kind))
		} else {
			m.Headers.Set(":message-type", eventstream.StringValue("event"))
			m.Headers.Set(":event-type", eventstream.StringValue(kind))
		}
		_ = eventstream.NewEncoder().Encode(w, m)
	}
}

// TestClaudeOnBedrock asks a Claude in Anthropic's dialect through AWS's framing.
func TestClaudeOnBedrock(t *testing.T) {
	a := Account{Preset: "bedrock-anthropic", Dialect: "anthropic", Key: key}
	req := prompt()
	req.Stream = true
	got, resp, err := ask(t, a, func(w http.ResponseWriter, _ *http.Request) {
		chunks(w, "chunk", `{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[],"stop_reason":null,"usage":{"input_tokens":9,"output_tokens":1}}}`,
			`{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}`,
			`{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Good day."}}`, `{"type":"content_block_stop","index":0}`,
			`{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":4}}`, `{"type":"message_stop","amazon-bedrock-invocationMetrics":{"inputTokenCount":9}}`)
	}, req)
	if err != nil || resp.Text() != "Good day." || resp.Usage != (model.Usage{Input: 9, Output: 4}) {
		t.Errorf("got %+v, %v", resp, err)
	}
	if got.path != "/model/m-1/invoke-with-response-stream" || string(got.body["anthropic_version"]) != `"bedrock-2023-05-31"` || got.body["model"] != nil {
		t.Errorf("sent %s %s", got.path, got.body)
	}
	for name, tc := range map[string]struct {
		answer http.HandlerFunc
		kind   model.Kind
	}{
		"exception": {func(w http.ResponseWriter, _ *http.Request) {
			chunks(w, "throttlingException", `{"message":"slow down"}`)
		}, model.RateLimited},
		"cut": {func(w http.ResponseWriter, _ *http.Request) {
			chunks(w, "chunk", `{"type":"message_start","message":{"id":"m","usage":{"input_tokens":1}}}`)
		}, model.Upstream},
		"refused": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Amzn-Errortype", "AccessDeniedException")
			w.WriteHeader(403)
			io.WriteString(w, `{"message":"no access to the model"}`)
		}, model.Forbidden},
	} {
		if _, _, err := ask(t, a, tc.answer, req); model.KindOf(err) != tc.kind {
			t.Errorf("%s: got %v (%v)", name, err, model.KindOf(err))
		}
	}
}

func TestVertex(t *testing.T) {
	const base = "/v1/projects/p/locations/us-east5"
	got, _, _ := ask(t, Account{Preset: "vertex-anthropic", Dialect: "anthropic", Auth: preset.AuthBearer, Key: key, BaseURL: base}, script(t, "anthropic"), prompt())
	if got.path != base+"/publishers/anthropic/models/m-1:rawPredict" || got.body["model"] != nil || got.body["anthropic_version"] == nil || got.header.Get("Authorization") != "Bearer "+key {
		t.Errorf("Claude: sent %s %v %s", got.path, got.header, got.body)
	}
	got, _, _ = ask(t, Account{Preset: "vertex", Dialect: "gemini", Auth: preset.AuthBearer, Key: key, BaseURL: base}, script(t, "gemini"), prompt())
	if got.path != base+"/publishers/google/models/m-1:generateContent" || got.header.Get("Authorization") != "Bearer "+key {
		t.Errorf("Gemini: sent %s %v", got.path, got.header)
	}
}

// TestQuirks asks for what servers refuse: it must not reach them.
func TestQuirks(t *testing.T) {
	seed, content := int64(7), model.Prompt("hi")
	content.Seed, content.Logprobs, content.User, content.N = &seed, true, "u", 2
	content.Tools, content.ToolChoice = []model.Tool{{Name: "x", Parameters: json.RawMessage(`{"type":"object"}`)}}, &model.ToolChoice{Mode: "required"}
	most := 5
	content.MaxTokens = &most
	for name, want := range map[string]string{
		"mistral": "max_tokens messages model n random_seed tool_choice tools",
		"groq":    "max_completion_tokens messages model seed tool_choice tools user",
		"vllm":    "logprobs max_tokens messages model n seed tool_choice tools user",
	} {
		got, _, err := ask(t, Account{Preset: name, Dialect: "openai", Key: key, BaseURL: "/v1"},
			func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(400) }, model.NewRequest("m", content))
		if model.KindOf(err) != model.Invalid {
			t.Fatal(err)
		}
		if fields := sortedKeys(got.body); fields != want {
			t.Errorf("%s: sent %s; want %s", name, fields, want)
		}
		if choice := string(got.body["tool_choice"]); name == "mistral" && choice != `"any"` {
			t.Errorf("mistral: tool_choice %s", choice)
		}
	}
}

// TestStrictBehindOtherAddresses holds that a vendor's preset keeps its strictness where base_url has moved.
func TestStrictBehindOtherAddresses(t *testing.T) {
	for name, want := range map[string]string{"openai": "developer", "azure": "developer", "vllm": "system"} {
		content := model.Prompt("hi")
		content.Dialect = "anthropic"
		content.Messages = append(content.Messages, model.Text(model.System, "now"), model.Text(model.User, "go"))
		got, _, err := ask(t, Account{Preset: name, Dialect: "responses", Key: key, BaseURL: "/v1"}, script(t, "responses"), model.NewRequest("m", content))
		if err != nil || !strings.Contains(string(got.body["input"]), `"role":"`+want+`"`) {
			t.Errorf("%s: sends %s, %v", name, got.body["input"], err)
		}
	}
}

func TestOptionsAreChecked(t *testing.T) {
	for want, a := range map[string]Account{
		`dialect: "soap"`: {Dialect: "soap"},
		"api_key: ":       {Dialect: "openai", Auth: preset.AuthBearer},
		"region: ":        {Dialect: "bedrock", Auth: preset.AuthAWS},
		"credentials: ":   {Dialect: "gemini", Auth: preset.AuthGoogle, File: "none.json"},
		`auth: "magic"`:   {Dialect: "openai", Auth: "magic"},
	} {
		if _, err := a.Options(); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	var e *model.Error
	_, _, err := ask(t, Account{Preset: "bedrock-anthropic", Dialect: "anthropic"}, func(http.ResponseWriter, *http.Request) {}, prompt())
	if !errors.As(err, &e) || e.Kind != model.Upstream {
		t.Errorf("got %v", err)
	}
	if _, counts := dialect.Client(onBedrock{}).(dialect.CountClient); counts {
		t.Error("Bedrock counts no tokens in Anthropic's dialect")
	}
}
