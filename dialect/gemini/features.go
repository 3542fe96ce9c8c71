// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package gemini

import (
	"sync"

	"retort/dialect"
)

// Features says what the dialect has. The table must not be modified.
func Features() dialect.Table { return features() }

// features is made once, as every request that is translated needs it.
var features = sync.OnceValue(func() dialect.Table {
	return dialect.Table{
		dialect.Text: dialect.Native, dialect.SystemText: dialect.Native, dialect.SystemMidway: dialect.Mapped,
		dialect.ImageData: dialect.Native, dialect.ImageURL: dialect.Native, dialect.ImageFile: dialect.Native,
		dialect.AudioData: dialect.Native, dialect.AudioURL: dialect.Native,
		dialect.VideoData: dialect.Native, dialect.VideoURL: dialect.Native,
		dialect.DocumentData: dialect.Native, dialect.DocumentURL: dialect.Native, dialect.DocumentFile: dialect.Native,
		dialect.Tools: dialect.Native, dialect.ToolStrict: dialect.Mapped, dialect.ToolFreeform: dialect.Mapped,
		dialect.ToolNamespace: dialect.Mapped, dialect.ToolChoice: dialect.Native, dialect.ToolAllowed: dialect.Native,
		dialect.ToolCalls: dialect.Native, dialect.ToolResults: dialect.Native, dialect.ToolFailed: dialect.Native,
		dialect.ToolMedia: dialect.Native, dialect.PastReasoning: dialect.Native, dialect.Seals: dialect.Native,
		dialect.PastRefusal: dialect.Mapped,
		dialect.Effort:      dialect.Mapped, dialect.ReasoningMode: dialect.Mapped, dialect.ReasoningBudget: dialect.Native,
		dialect.ReasoningShown: dialect.Mapped, dialect.JSONFormat: dialect.Native, dialect.SchemaFormat: dialect.Native,
		dialect.MaxTokens: dialect.Native, dialect.Temperature: dialect.Native, dialect.TopP: dialect.Native,
		dialect.TopK: dialect.Native, dialect.FrequencyPen: dialect.Native, dialect.PresencePen: dialect.Native,
		dialect.Seed: dialect.Native, dialect.StopSequences: dialect.Native, dialect.ManyAnswers: dialect.Native,
		dialect.Logprobs: dialect.Native, dialect.ServiceTier: dialect.Mapped,

		dialect.AnswerReasoning: dialect.Native, dialect.AnswerSeals: dialect.Native,
		dialect.AnswerCitations: dialect.Native, dialect.AnswerMedia: dialect.Native, dialect.AnswerLogprobs: dialect.Native,
		dialect.AnswerOrder: dialect.Native, dialect.UsageCached: dialect.Native, dialect.UsageReasoning: dialect.Native,
	}
})

// Features returns the table of the dialect.
func (Client) Features() dialect.Table { return Features() }
