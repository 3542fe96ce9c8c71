// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package ollama

import (
	"sync"

	"retort/dialect"
)

// Features says what the dialect has. The table must not be modified.
func Features() dialect.Table { return features() }

// features is made once, as every request that is translated needs it.
var features = sync.OnceValue(func() dialect.Table {
	return dialect.Table{
		dialect.Text: dialect.Native, dialect.SystemText: dialect.Native, dialect.SystemMidway: dialect.Native,
		dialect.ImageData: dialect.Native,
		dialect.Tools:     dialect.Native, dialect.ToolFreeform: dialect.Mapped, dialect.ToolNamespace: dialect.Mapped,
		dialect.ToolCalls: dialect.Native, dialect.ToolResults: dialect.Native, dialect.ToolMedia: dialect.Native,
		dialect.PastReasoning: dialect.Native, dialect.PastRefusal: dialect.Mapped,
		dialect.Effort: dialect.Mapped, dialect.ReasoningMode: dialect.Mapped,
		dialect.JSONFormat: dialect.Native, dialect.SchemaFormat: dialect.Native, dialect.MaxTokens: dialect.Native,
		dialect.Temperature: dialect.Native, dialect.TopP: dialect.Native, dialect.TopK: dialect.Native,
		dialect.FrequencyPen: dialect.Native, dialect.PresencePen: dialect.Native, dialect.Seed: dialect.Native,
		dialect.StopSequences: dialect.Native, dialect.Logprobs: dialect.Native,

		dialect.AnswerReasoning: dialect.Native, dialect.AnswerLogprobs: dialect.Native,
	}
})

// Features returns what the dialect has.
func (Client) Features() dialect.Table { return Features() }
