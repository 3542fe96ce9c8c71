// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"

	"retort/internal/scripted"
)

// client is a program that people point at Retort.
type client struct {
	name   string
	module string // whose version counts: an npm package, "py:" and a PyPI one, "go:" and a Go module
	speaks string // its dialect

	script string   // a script that prints "ok PART" for each part of it; or
	args   []string // its arguments
	agent  agent    // a coding agent, which is asked to run a command
}

// agent prepares a coding agent: it writes its configuration into home and returns its command and environment.
type agent func(home, url, key, model string) (command, env []string, err error)

func clients() []client {
	js := func(name, module, speaks, script string, args ...string) client {
		return client{name: name, module: module, speaks: speaks, script: "js/" + script + ".mjs", args: args}
	}
	py := func(name, module, speaks, script string, args ...string) client {
		return client{name: name, module: "py:" + module, speaks: speaks, script: "py/" + script + ".py", args: args}
	}
	sdk := func(name, module, speaks string) client {
		return client{name: name, module: "go:" + module, speaks: speaks, script: "gosdk", args: []string{speaks}}
	}
	return []client{
		js("OpenAI JS, chat", "openai", "openai", "openai-chat"),
		js("OpenAI JS, responses", "openai", "responses", "openai-responses"),
		js("Anthropic JS", "@anthropic-ai/sdk", "anthropic", "anthropic"),
		js("Google Gen AI JS", "@google/genai", "gemini", "google"),
		js("Ollama JS", "ollama", "ollama", "ollama"),
		py("OpenAI Python, chat", "openai", "openai", "openai_chat"),
		py("OpenAI Python, responses", "openai", "responses", "openai_responses"),
		py("Anthropic Python", "anthropic", "anthropic", "anthropic_messages"),
		py("Google Gen AI Python", "google-genai", "gemini", "google_genai"),
		sdk("OpenAI Go, chat", "github.com/openai/openai-go/v3", "openai"),
		sdk("OpenAI Go, responses", "github.com/openai/openai-go/v3", "responses"),
		sdk("Anthropic Go", "github.com/anthropics/anthropic-sdk-go/v2", "anthropic"),
		sdk("Google Gen AI Go", "google.golang.org/genai", "gemini"),
		js("AI SDK, OpenAI chat", "ai", "openai", "ai-sdk", "chat"),
		js("AI SDK, OpenAI responses", "ai", "responses", "ai-sdk", "responses"),
		js("AI SDK, OpenAI-compatible", "ai", "openai", "ai-sdk", "compatible"),
		js("AI SDK, Anthropic", "ai", "anthropic", "ai-sdk", "anthropic"),
		js("AI SDK, Google", "ai", "gemini", "ai-sdk", "google"),
		js("LangChain JS, chat", "@langchain/openai", "openai", "langchain", "chat"),
		js("LangChain JS, responses", "@langchain/openai", "responses", "langchain", "responses"),
		py("LangChain Python, OpenAI", "langchain-openai", "openai", "langchain_turn", "openai"),
		py("LangChain Python, responses", "langchain-openai", "responses", "langchain_turn", "responses"),
		py("LangChain Python, Anthropic", "langchain-anthropic", "anthropic", "langchain_turn", "anthropic"),
		py("LangChain Python, Google", "langchain-google-genai", "gemini", "langchain_turn", "google"),
		py("LiteLLM, OpenAI", "litellm", "openai", "litellm_turn", "openai"),
		py("LiteLLM, Anthropic", "litellm", "anthropic", "litellm_turn", "anthropic"),
		py("LiteLLM, Gemini", "litellm", "gemini", "litellm_turn", "gemini"),
		py("LiteLLM, Ollama", "litellm", "ollama", "litellm_turn", "ollama"),
		{name: "Claude Code", module: "@anthropic-ai/claude-code", speaks: "anthropic", agent: claudeCode},
		{name: "Codex CLI", module: "@openai/codex", speaks: "responses", agent: codex},
		{name: "opencode", module: "opencode-ai", speaks: "openai", agent: opencode},
		{name: "Gemini CLI", module: "@google/gemini-cli", speaks: "gemini", agent: geminiCLI},
	}
}

// version returns the version of a client.
func (t *tools) version(c client) string {
	if path, ok := strings.CutPrefix(c.module, "go:"); ok {
		if info, ok := debug.ReadBuildInfo(); ok {
			for _, m := range info.Deps {
				if m.Path == path {
					return m.Version
				}
			}
		}
	}
	return t.versions[c.module]
}

// ask is what the agents are asked.
const ask = "Print the word " + scripted.Probe + " with a shell command."

func claudeCode(home, url, key, model string) ([]string, []string, error) {
	return []string{"claude", "-p", ask, "--model", model, "--dangerously-skip-permissions", "--output-format", "json"},
		[]string{"ANTHROPIC_BASE_URL=" + url, "ANTHROPIC_AUTH_TOKEN=" + key, "IS_SANDBOX=1",
			"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1", "DISABLE_AUTOUPDATER=1"}, nil
}

func codex(home, url, key, model string) ([]string, []string, error) {
	config := fmt.Sprintf(`model = %q
model_provider = "retort"
check_for_update_on_startup = false
[model_providers.retort]
name = "Retort"
base_url = "%s/v1"
env_key = "RETORT_KEY"
wire_api = "responses"
`, model, url)
	err := writeFile(filepath.Join(home, ".codex", "config.toml"), config)
	return []string{"codex", "exec", "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox", ask},
		[]string{"RETORT_KEY=" + key, "CODEX_HOME=" + filepath.Join(home, ".codex")}, err
}

func opencode(home, url, key, model string) ([]string, []string, error) {
	config := fmt.Sprintf(`{"provider": {"retort": {"npm": "@ai-sdk/openai-compatible", "name": "Retort",
  "options": {"baseURL": "%s/v1", "apiKey": %q}, "models": {%q: {"name": %q}}}},
 "model": "retort/%s", "small_model": "retort/%s", "autoupdate": false, "share": "disabled", "permission": {"*": "allow"}}
`, url, key, model, model, model, model)
	err := writeFile(filepath.Join(home, "work", "opencode.json"), config)
	return []string{"opencode", "run", ask, "--model", "retort/" + model}, []string{"OPENCODE_DISABLE_MODELS_FETCH=1"}, err
}

func geminiCLI(home, url, key, model string) ([]string, []string, error) {
	const config = `{"security": {"auth": {"selectedType": "gemini-api-key"}}, "privacy": {"usageStatisticsEnabled": false},
 "general": {"disableAutoUpdate": true}}
`
	err := writeFile(filepath.Join(home, ".gemini", "settings.json"), config)
	return []string{"gemini", "-m", model, "--yolo", "--skip-trust", "-p", ask},
		[]string{"GEMINI_API_KEY=" + key, "GOOGLE_GEMINI_BASE_URL=" + url, "GEMINI_TELEMETRY_ENABLED=false"}, err
}

func writeFile(path, content string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(content), 0o600)
}
