// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package discover

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"retort/internal/config"
)

const planted = "sk-planted-in-the-test"

func environment(vars map[string]string) Env {
	return func(name string) (string, bool) {
		value, ok := vars[name]
		return value, ok
	}
}

// machine answers for the addresses of this machine, by port.
type machine map[string]http.HandlerFunc

// RoundTrip hands a request to the handler of its port.
func (m machine) RoundTrip(r *http.Request) (*http.Response, error) {
	h, ok := m[r.URL.Port()]
	if !ok || r.URL.Hostname() != "127.0.0.1" {
		return nil, fmt.Errorf("nothing listens at %s", r.URL.Host)
	}
	w := httptest.NewRecorder()
	h(w, r)
	return w.Result(), nil
}

// listOf answers with a list of models.
func listOf(owner string, names ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v1/models" {
			http.NotFound(w, r)
			return
		}
		var l listing
		for _, name := range names {
			l.Data = append(l.Data, struct {
				ID    string `json:"id"`
				Owner string `json:"owned_by"`
			}{name, owner})
		}
		_ = json.NewEncoder(w).Encode(l)
	}
}

func TestFind(t *testing.T) {
	client := &http.Client{Transport: machine{
		"8000":  listOf("sglang", "qwen3-8b"),
		"30000": listOf("sglang", "qwen3-32b"),
		"8080":  listOf("retort", "banking"), // a gateway is no upstream of its own
		"11434": listOf("library", "nomic-embed-text", "llama3.2:3b"),
		"1234":  func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>welcome</html>") },
		"5000":  func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) },
		"4891":  listOf("", "text-embedding-3"),
	}}
	env := environment(map[string]string{
		"OPENAI_API_KEY": planted, "OPENAI_BASE_URL": "https://proxy.example.com/v1", "GROQ_API_KEY": planted,
		"MISTRAL_API_KEY": "", "ANTHROPIC_API_KEY": planted, "GOOGLE_API_KEY": planted, "AWS_BEARER_TOKEN_BEDROCK": planted,
		"AWS_REGION": "eu-central-1", "AZURE_OPENAI_API_KEY": planted, "AZURE_OPENAI_ENDPOINT": "https://mine.openai.azure.com/",
		"GOOGLE_APPLICATION_CREDENTIALS": "key.json", // without a project, there is no address
	})
	got := Find(context.Background(), env, client)
	want := &Findings{
		Servers: []Server{
			{Name: "openai", Preset: "openai", Title: "OpenAI", Variable: "OPENAI_API_KEY", BaseURL: "https://proxy.example.com/v1"},
			{Name: "anthropic", Preset: "anthropic", Title: "Anthropic", Variable: "ANTHROPIC_API_KEY"},
			{Name: "gemini", Preset: "gemini", Title: "Gemini API", Variable: "GOOGLE_API_KEY"},
			{Name: "azure", Preset: "azure", Title: "Azure OpenAI", Variable: "AZURE_OPENAI_API_KEY", BaseURL: "https://mine.openai.azure.com/openai/v1"},
			{Name: "bedrock", Preset: "bedrock", Title: "Amazon Bedrock", Variable: "AWS_BEARER_TOKEN_BEDROCK"},
			{Name: "groq", Preset: "groq", Title: "Groq", Variable: "GROQ_API_KEY"},
			{Name: "sglang", Preset: "sglang", Title: "SGLang", BaseURL: "http://127.0.0.1:8000/v1", Models: []string{"qwen3-8b"}},
			{Name: "ollama", Preset: "ollama", Title: "Ollama", Models: []string{"llama3.2:3b"}},
			{Name: "sglang", Preset: "sglang", Title: "SGLang", Models: []string{"qwen3-32b"}},
		},
		Halves: []string{"Gemini on Vertex AI: GOOGLE_APPLICATION_CREDENTIALS is set, but its project is not known; set GOOGLE_CLOUD_PROJECT"},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(Server{})); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestOllamaAddress(t *testing.T) {
	tests := map[string]string{
		"":                         "127.0.0.1:11434",
		"0.0.0.0":                  "127.0.0.1:11434",
		"127.0.0.1:9999":           "127.0.0.1:9999",
		"http://localhost:9999/":   "127.0.0.1:9999",
		"ollama.example.com:11434": "usual",
	}
	for host, want := range tests {
		if got := ollamaAddress(host, "usual"); got != want {
			t.Errorf("ollamaAddress(%q) = %q, want %q", host, got, want)
		}
	}
}

func TestChatModels(t *testing.T) {
	got := chatModels([]string{
		"text-embedding-3-large", "gpt-4o-mini", "o3-pro", "gpt-5", "gpt-5-mini", "gpt-5-mini-2025-08-07", "whisper-1", "dall-e-3",
		"gpt-10-mini", "gpt-4o-realtime-preview", "gpt-5-mini", "",
	})
	want := []string{"gpt-10-mini", "gpt-5-mini", "gpt-4o-mini", "gpt-5-mini-2025-08-07", "gpt-5", "o3-pro"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// upstream is a server that speaks the dialect; its models are name to status of their answers.
func upstream(t *testing.T, models map[string]int) string {
	t.Helper()
	var names []string
	for name := range models {
		names = append(names, name)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/models", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+planted {
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprintf(w, `{"error": {"message": "no such key: %s", "type": "invalid_request_error"}}`, r.Header.Get("Authorization"))
			return
		}
		listOf("them", names...)(w, r)
	})
	mux.HandleFunc("POST /v1/chat/completions", func(w http.ResponseWriter, r *http.Request) {
		var ask struct{ Model string }
		body, _ := io.ReadAll(r.Body)
		_ = json.Unmarshal(body, &ask)
		w.Header().Set("Content-Type", "application/json")
		if status := models[ask.Model]; status != http.StatusOK {
			w.WriteHeader(status)
			fmt.Fprint(w, `{"error": {"message": "not that\nmodel: \u001b[31mred", "type": "invalid_request_error"}}`)
			return
		}
		fmt.Fprint(w, `{"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": [{"index": 0, "finish_reason": "stop",
			"message": {"role": "assistant", "content": "ready"}}], "usage": {"prompt_tokens": 9, "completion_tokens": 1, "total_tokens": 10}}`)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL + "/v1"
}

// found is what Find could have returned: one vendor that works at the second try, one whose key is wrong, a local
// server with a strange model, and a key for later.
func found(t *testing.T) (*Findings, Env) {
	good := upstream(t, map[string]int{"tiny-mini": http.StatusNotFound, "small 2 {x}": http.StatusOK, "text-embedding-3": http.StatusOK})
	local := upstream(t, map[string]int{"small 2 {x}": http.StatusOK})
	wrong := upstream(t, map[string]int{})
	env := environment(map[string]string{"GROQ_API_KEY": planted, "WRONG_KEY": "sk-wrong-in-the-test"})
	return &Findings{
		Servers: []Server{
			{Name: "good", Preset: "groq", Title: "Good", Variable: "GROQ_API_KEY", BaseURL: good},
			{Name: "wrong", Title: "Wrong", Variable: "WRONG_KEY", BaseURL: wrong},
			{Name: "vllm", Title: "vLLM", BaseURL: local, Models: []string{"small 2 {x}"}},
			{Name: "vllm", Title: "vLLM", BaseURL: "http://127.0.0.1:1/v1", Models: []string{"gone"}},
		},
	}, env
}

func TestCheckAndWrite(t *testing.T) {
	f, env := found(t)
	var told []string
	f.Check(context.Background(), env, func(s *Server) { told = append(told, fmt.Sprintf("%s %v", s.Name, s.Works())) })
	if diff := cmp.Diff([]string{"good true", "wrong false", "vllm true", "vllm false"}, told); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	path := filepath.Join(t.TempDir(), "retort.yaml")
	if err := f.Write(path, false, env); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), "in-the-test") || strings.Contains(string(text), "\x1b") {
		t.Errorf("the file holds a key or a control character:\n%s", text)
	}
	cfg, err := config.Parse(path, text, env)
	if err != nil {
		t.Fatal(err)
	}
	if len(cfg.Providers) != 2 || cfg.Models["small-2-x"].Name != "small 2 {x}" || cfg.Models["small-2-x-2"].Provider != "vllm" {
		t.Errorf("providers %v, models %+v", cfg.Providers, cfg.Models)
	}
	if diff := cmp.Diff([]config.Alternative{{Model: "small-2-x"}, {Model: "small-2-x-2"}}, cfg.Models["default"].Fallback); diff != "" {
		t.Errorf("fallback (-want +got):\n%s", diff)
	}
	if cfg.Providers["good"].APIKey.Reveal() != planted {
		t.Error("the key is not taken from the environment")
	}
	if got := f.Servers[1].Trouble(); !f.Works() || !strings.HasPrefix(got, "WRONG_KEY is set, but a call failed:\n") || !strings.Contains(got, "no such key") {
		t.Errorf("works: %v, trouble: %s", f.Works(), got)
	}
	for _, want := range []string{"# Wrong: WRONG_KEY is set, but a call failed:", "# wrong:\n", "# vllm-2:\n"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the file lacks %q:\n%s", want, text)
		}
	}
	t.Run("uncommented", func(t *testing.T) { uncommented(t, string(text), env) })
}

// uncommented checks that the parts in comments are right too once the comment signs are taken away.
func uncommented(t *testing.T, text string, env Env) {
	var out []string
	for line := range strings.Lines(text) {
		for _, sign := range []string{"# tasks:", "#   support:", "#     instr", "#     output", "#     teach", "#     agree"} {
			if strings.HasPrefix(line, sign) {
				line = strings.TrimPrefix(line, "# ")
				break
			}
		}
		for _, sign := range []string{"  # wrong:", "  #   dialect:", "  #   base_url", "  #   api_key", "  # vllm-2:"} {
			if strings.HasPrefix(line, sign) {
				line = "  " + strings.TrimPrefix(line, "  # ")
				break
			}
		}
		out = append(out, line)
	}
	cfg, err := config.Parse("retort.yaml", []byte(strings.Join(out, "")), env)
	if err != nil {
		t.Fatalf("%v in\n%s", err, strings.Join(out, ""))
	}
	if len(cfg.Providers) != 4 || cfg.Tasks["support"].Teacher.Lead() != "small-2-x" {
		t.Errorf("providers %v, tasks %v", cfg.Providers, cfg.Tasks)
	}
}

func TestGatewayLeavesTheServersTheirPorts(t *testing.T) {
	f := &Findings{Servers: []Server{{Name: "llamacpp", Title: "llama.cpp", Preset: "llamacpp", address: "127.0.0.1:8080", Model: "m", Models: []string{"m"}}}}
	cfg, err := config.Parse("retort.yaml", f.YAML(), environment(nil))
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Listen == "127.0.0.1:8080" {
		t.Error("the gateway would listen where llama.cpp does")
	}
}

func TestNothingFound(t *testing.T) {
	f := Find(context.Background(), environment(nil), &http.Client{Transport: machine{}})
	f.Check(context.Background(), environment(nil), func(s *Server) { t.Errorf("checked %+v", s) })
	cfg, err := config.Parse("retort.yaml", f.YAML(), environment(nil))
	if err != nil {
		t.Fatalf("%v in\n%s", err, f.YAML())
	}
	if len(cfg.Models) != 1 || cfg.Models["local"].Provider != "local" {
		t.Errorf("models %+v", cfg.Models)
	}
	for _, want := range []string{"OPENAI_API_KEY", "retort quickstart", "retort init --force"} {
		if !strings.Contains(string(f.YAML()), want) {
			t.Errorf("the example does not speak of %s", want)
		}
	}
}

func TestWriteKeepsWhatIsThere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "retort.yaml")
	f, env := &Findings{}, environment(nil)
	if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	err := f.Write(path, false, env)
	var exists *ExistsError
	if !errors.Is(err, fs.ErrExist) || !errors.As(err, &exists) || !strings.Contains(exists.Hint(), "--force") {
		t.Errorf("error %v", err)
	}
	if text, _ := os.ReadFile(path); string(text) != "mine" {
		t.Errorf("the file holds %q", text)
	}
	if err := f.Write(path, true, env); err != nil {
		t.Fatal(err)
	}
	if text, _ := os.ReadFile(path); string(text) != string(f.YAML()) {
		t.Errorf("the file holds %q", text)
	}
	left, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(left) != 1 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if err := f.Write(filepath.Join(t.TempDir(), "none", "retort.yaml"), false, env); err == nil {
		t.Error("a folder that does not exist is no error")
	}
}
