// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package discover

import (
	"net"
	"strings"
)

// vendor is a vendor with an endpoint that speaks OpenAI's Chat Completions.
type vendor struct {
	Server
	baseVariable string // a variable that the vendor's own clients take the base URL from
}

var vendors = []vendor{
	{Server{Name: "openai", Title: "OpenAI", Variable: "OPENAI_API_KEY", BaseURL: "https://api.openai.com/v1"}, "OPENAI_BASE_URL"},
	{Server{Name: "mistral", Title: "Mistral", Variable: "MISTRAL_API_KEY", BaseURL: "https://api.mistral.ai/v1"}, ""},
	{Server{Name: "deepseek", Title: "DeepSeek", Variable: "DEEPSEEK_API_KEY", BaseURL: "https://api.deepseek.com/v1"}, ""},
	{Server{Name: "groq", Title: "Groq", Variable: "GROQ_API_KEY", BaseURL: "https://api.groq.com/openai/v1"}, ""},
	{Server{Name: "together", Title: "Together", Variable: "TOGETHER_API_KEY", BaseURL: "https://api.together.xyz/v1"}, ""},
	{Server{Name: "fireworks", Title: "Fireworks", Variable: "FIREWORKS_API_KEY", BaseURL: "https://api.fireworks.ai/inference/v1"}, ""},
	{Server{Name: "openrouter", Title: "OpenRouter", Variable: "OPENROUTER_API_KEY", BaseURL: "https://openrouter.ai/api/v1"}, ""},
	{Server{Name: "xai", Title: "xAI", Variable: "XAI_API_KEY", BaseURL: "https://api.x.ai/v1"}, ""},
	{Server{Name: "cerebras", Title: "Cerebras", Variable: "CEREBRAS_API_KEY", BaseURL: "https://api.cerebras.ai/v1"}, ""},
}

var later = []Later{
	{Title: "Anthropic", Variable: "ANTHROPIC_API_KEY"},
	{Title: "Gemini", Variable: "GEMINI_API_KEY"},
	{Title: "Gemini", Variable: "GOOGLE_API_KEY"},
}

// locals returns the addresses where model servers usually listen on this machine.
func locals(env Env) []Server {
	ollama := "127.0.0.1:11434"
	if host, ok := env("OLLAMA_HOST"); ok {
		ollama = ollamaAddress(host, ollama)
	}
	return []Server{
		{Name: "vllm", Title: "vLLM", BaseURL: "http://127.0.0.1:8000/v1"},
		{Name: "llamacpp", Title: "llama.cpp", BaseURL: "http://127.0.0.1:8080/v1"},
		{Name: "ollama", Title: "Ollama", BaseURL: "http://" + ollama + "/v1"},
		{Name: "lmstudio", Title: "LM Studio", BaseURL: "http://127.0.0.1:1234/v1"},
		{Name: "sglang", Title: "SGLang", BaseURL: "http://127.0.0.1:30000/v1"},
		{Name: "textgen", Title: "text-generation-webui", BaseURL: "http://127.0.0.1:5000/v1"},
		{Name: "jan", Title: "Jan", BaseURL: "http://127.0.0.1:1337/v1"},
		{Name: "gpt4all", Title: "GPT4All", BaseURL: "http://127.0.0.1:4891/v1"},
	}
}

// ollamaAddress reads OLLAMA_HOST, which says where Ollama listens: a host with or without scheme and port. An address
// that is not of this machine is not asked.
func ollamaAddress(host, usual string) string {
	host = strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(host, "http://"), "https://"), "/")
	name, port, err := net.SplitHostPort(host)
	if err != nil {
		name, port = host, "11434"
	}
	if ip := net.ParseIP(name); name == "localhost" || name == "" || ip != nil && (ip.IsLoopback() || ip.IsUnspecified()) {
		return net.JoinHostPort("127.0.0.1", port)
	}
	return usual
}
