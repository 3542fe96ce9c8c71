// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package account

import (
	"retort/dialect"
	"retort/dialect/openai"
)

// quirks returns what the server of a preset refuses of Chat Completions, or wants in another way, as its documentation
// or its error messages say.
func quirks(preset string) openai.Quirks {
	switch preset {
	case "openai", "azure":
		return openai.Quirks{Vendor: true}
	case "mistral": // refuses every field that it does not know
		return openai.Quirks{Seed: "random_seed", Required: "any", ShortIDs: true, NoDeveloper: true, Reasoning: "-",
			Refuses: []dialect.Feature{dialect.Logprobs, dialect.ServiceTier, dialect.Verbosity, dialect.EndUser, dialect.CacheKey,
				dialect.SpeakerName, dialect.CacheMarks},
			RefusesFields: []string{"stream_options", "logit_bias", "max_completion_tokens", "store"}}
	case "groq":
		return openai.Quirks{MaxCompletionTokens: true, Reasoning: "reasoning",
			Refuses:       []dialect.Feature{dialect.Logprobs, dialect.ManyAnswers, dialect.SpeakerName, dialect.CacheMarks, dialect.Verbosity},
			RefusesFields: []string{"logit_bias"}}
	case "deepseek":
		return openai.Quirks{NoDeveloper: true,
			Refuses: []dialect.Feature{dialect.SchemaFormat, dialect.ManyAnswers, dialect.ParallelTools, dialect.CacheMarks}}
	case "cerebras":
		return openai.Quirks{MaxCompletionTokens: true, Reasoning: "reasoning", RefusesFields: []string{"logit_bias"},
			Refuses: []dialect.Feature{dialect.FrequencyPen, dialect.PresencePen, dialect.ParallelTools, dialect.ServiceTier}}
	case "openrouter":
		return openai.Quirks{Reasoning: "reasoning"}
	}
	return openai.Quirks{}
}
