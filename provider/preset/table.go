// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package preset

// The terms that several presets have in common.
var (
	openaiTerms = Terms{"the Services Agreement forbids using output to develop models that compete with OpenAI",
		"https://openai.com/policies/services-agreement/"}
	anthropicTerms = Terms{"the Commercial Terms forbid building a competing product, including to train competing AI models",
		"https://www.anthropic.com/legal/commercial-terms"}
	geminiTerms = Terms{"the Additional Terms forbid developing models that compete with the services",
		"https://ai.google.dev/gemini-api/terms"}
	bedrockTerms = Terms{"each model on Bedrock comes with its maker's terms, and AWS's Service Terms forbid developing large models that compete with AWS",
		"https://aws.amazon.com/service-terms/"}
	weightsTerms = Terms{"the licence of the model's weights decides, and the terms of whoever hosts it", ""}
)

// vendors make the models that they serve.
func vendors() []Preset {
	return []Preset{
		{Name: "openai", Title: "OpenAI", Keys: []string{"OPENAI_API_KEY"}, BaseIn: "OPENAI_BASE_URL",
			Speaks: same("https://api.openai.com/v1", "openai", "responses"), Terms: openaiTerms,
			Source: "https://platform.openai.com/docs/api-reference"},
		{Name: "anthropic", Title: "Anthropic", Keys: []string{"ANTHROPIC_API_KEY"}, BaseIn: "ANTHROPIC_BASE_URL",
			Speaks: same("https://api.anthropic.com", "anthropic"), Terms: anthropicTerms,
			Notes:  "`api_version` is the API's version; left out, the client's or 2023-06-01.",
			Source: "https://platform.claude.com/docs/en/api/overview"},
		{Name: "gemini", Title: "Gemini API", Keys: []string{"GEMINI_API_KEY", "GOOGLE_API_KEY"}, BaseIn: "GOOGLE_GEMINI_BASE_URL",
			Speaks: []Speech{{"gemini", "https://generativelanguage.googleapis.com/v1beta"},
				{"openai", "https://generativelanguage.googleapis.com/v1beta/openai"}}, Terms: geminiTerms,
			Source: "https://ai.google.dev/api"},
		{Name: "mistral", Title: "Mistral", Keys: []string{"MISTRAL_API_KEY"},
			Speaks: same("https://api.mistral.ai/v1", "openai"), Source: "https://docs.mistral.ai/api/"},
		{Name: "deepseek", Title: "DeepSeek", Keys: []string{"DEEPSEEK_API_KEY"},
			Speaks: []Speech{{"openai", "https://api.deepseek.com/v1"}, {"anthropic", "https://api.deepseek.com/anthropic"}},
			Source: "https://api-docs.deepseek.com/"},
		{Name: "xai", Title: "xAI", Keys: []string{"XAI_API_KEY"},
			Speaks: same("https://api.x.ai/v1", "openai", "responses"), Source: "https://docs.x.ai/docs/api-reference"},
	}
}

// clouds serve the models of many makers to their customers' accounts.
func clouds() []Preset {
	region := []Field{{Name: "region", Vars: []string{"AWS_REGION", "AWS_DEFAULT_REGION"}}}
	vertex := []Field{
		{Name: "project", Vars: []string{"GOOGLE_CLOUD_PROJECT", "ANTHROPIC_VERTEX_PROJECT_ID"}},
		{Name: "location", Vars: []string{"GOOGLE_CLOUD_LOCATION", "CLOUD_ML_REGION"}, Default: "global"},
	}
	const place = "https://${host}/v1/projects/${project}/locations/${location}"
	return []Preset{
		{Name: "azure", Title: "Azure OpenAI", Keys: []string{"AZURE_OPENAI_API_KEY", "AZURE_API_KEY"}, Auth: AuthAPIKey,
			Needs:  []Field{{Name: "resource", Vars: []string{"AZURE_RESOURCE_NAME"}}},
			Speaks: same("https://${resource}.openai.azure.com/openai/v1", "openai", "responses"), Terms: openaiTerms,
			Notes: "A model's `name` is that of the deployment. With `auth: bearer` the key is an access token of Entra ID. " +
				"`api_version` is sent as a parameter of the URL; the address above needs none. For an older version write " +
				"`base_url: https://NAME.openai.azure.com/openai/deployments/DEPLOYMENT` and `api_version`.",
			Source: "https://learn.microsoft.com/azure/ai-services/openai/"},
		{Name: "bedrock", Title: "Amazon Bedrock", Keys: []string{"AWS_BEARER_TOKEN_BEDROCK"}, Auth: AuthAWS, Needs: region,
			Speaks: []Speech{{"bedrock", "https://bedrock-runtime.${region}.${aws}"}, {"openai", "https://bedrock-runtime.${region}.${aws}/openai/v1"}},
			Terms:  bedrockTerms,
			Notes: "A model's `name` is its id, an inference profile or an ARN. Without a Bedrock API key requests are signed " +
				"with the credentials that AWS's own tools would find: variables, `profile`, single sign-on, roles.",
			Source: "https://docs.aws.amazon.com/bedrock/latest/APIReference/"},
		{Name: "bedrock-anthropic", Title: "Claude on Amazon Bedrock", Keys: []string{"AWS_BEARER_TOKEN_BEDROCK"}, Auth: AuthAWS, Needs: region,
			Speaks: same("https://bedrock-runtime.${region}.${aws}", "anthropic"), Terms: anthropicTerms,
			Notes:  "Claude in Anthropic's own format, which passes unchanged from clients that speak it.",
			Source: "https://platform.claude.com/docs/en/build-with-claude/claude-on-amazon-bedrock"},
		{Name: "vertex", Title: "Gemini on Vertex AI", Auth: AuthGoogle, Needs: vertex, Speaks: same(place, "gemini"), Terms: geminiTerms,
			Notes: "`credentials` is the JSON key of a service account; left out, the application default credentials hold. " +
				"With `api_key` the key is an access token.",
			Source: "https://cloud.google.com/vertex-ai/generative-ai/docs/reference/rest"},
		{Name: "vertex-anthropic", Title: "Claude on Vertex AI", Auth: AuthGoogle, Needs: vertex, Speaks: same(place, "anthropic"), Terms: anthropicTerms,
			Notes: "Credentials as for vertex.", Source: "https://platform.claude.com/docs/en/build-with-claude/claude-on-vertex-ai"},
	}
}

// hosts serve open weights.
func hosts() []Preset {
	return []Preset{
		{Name: "groq", Title: "Groq", Keys: []string{"GROQ_API_KEY"}, Terms: weightsTerms,
			Speaks: same("https://api.groq.com/openai/v1", "openai", "responses"), Source: "https://console.groq.com/docs/openai"},
		{Name: "together", Title: "Together", Keys: []string{"TOGETHER_API_KEY"}, Terms: weightsTerms,
			Speaks: same("https://api.together.xyz/v1", "openai"), Source: "https://docs.together.ai/docs/openai-api-compatibility"},
		{Name: "fireworks", Title: "Fireworks", Keys: []string{"FIREWORKS_API_KEY"}, Terms: weightsTerms,
			Speaks: same("https://api.fireworks.ai/inference/v1", "openai", "responses"), Source: "https://docs.fireworks.ai/api-reference/introduction"},
		{Name: "openrouter", Title: "OpenRouter", Keys: []string{"OPENROUTER_API_KEY"},
			Speaks: same("https://openrouter.ai/api/v1", "openai", "responses"), Source: "https://openrouter.ai/docs/api-reference/overview",
			Terms: Terms{"the terms of whoever serves the model decide", ""}},
		{Name: "cerebras", Title: "Cerebras", Keys: []string{"CEREBRAS_API_KEY"}, Terms: weightsTerms,
			Speaks: same("https://api.cerebras.ai/v1", "openai"), Source: "https://inference-docs.cerebras.ai/resources/openai"},
	}
}

// locals are servers that run on one's own machines. Their addresses here are those on this one; write base_url for others.
func locals() []Preset {
	return []Preset{
		local("vllm", "vLLM", 8000, "https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html", "openai", "responses"),
		local("llamacpp", "llama.cpp", 8080, "https://github.com/ggml-org/llama.cpp/tree/master/tools/server", "openai"),
		{Name: "ollama", Title: "Ollama", Port: 11434, BaseIn: "OLLAMA_HOST", Terms: weightsTerms, Source: "https://github.com/ollama/ollama/blob/main/docs/api.md",
			Speaks: []Speech{{"ollama", "http://127.0.0.1:11434"}, {"openai", "http://127.0.0.1:11434/v1"}}},
		local("lmstudio", "LM Studio", 1234, "https://lmstudio.ai/docs/developer/openai-compat", "openai", "responses"),
		local("sglang", "SGLang", 30000, "https://docs.sglang.ai/basic_usage/openai_api.html", "openai"),
		local("textgen", "text-generation-webui", 5000, "https://github.com/oobabooga/text-generation-webui/wiki/12-%E2%80%90-OpenAI-API", "openai"),
		local("jan", "Jan", 1337, "https://www.jan.ai/docs/desktop/api-server", "openai"),
		local("gpt4all", "GPT4All", 4891, "https://docs.gpt4all.io/gpt4all_api_server/home.html", "openai"),
	}
}
