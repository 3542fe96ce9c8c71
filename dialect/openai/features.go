// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package openai

import "retort/dialect"

// Features says what the dialect has: what the vendor's own API takes, or servers compatible with it.
func Features() dialect.Table {
	return dialect.Table{
		dialect.Text: dialect.Native, dialect.SystemText: dialect.Native, dialect.SystemMidway: dialect.Native,
		dialect.SpeakerName: dialect.Native,
		dialect.ImageData:   dialect.Native, dialect.ImageURL: dialect.Native, dialect.ImageDetail: dialect.Native,
		dialect.AudioData: dialect.Native, dialect.DocumentData: dialect.Native, dialect.DocumentFile: dialect.Native,
		dialect.Tools: dialect.Native, dialect.ToolStrict: dialect.Native, dialect.ToolFreeform: dialect.Native,
		dialect.ToolNamespace: dialect.Mapped, dialect.ToolChoice: dialect.Native, dialect.ToolAllowed: dialect.Native,
		dialect.ParallelTools: dialect.Native, dialect.ToolCalls: dialect.Native, dialect.ToolResults: dialect.Native,
		dialect.ToolMedia: dialect.Mapped, dialect.PastReasoning: dialect.Native, dialect.Seals: dialect.Native,
		dialect.PastRefusal: dialect.Native,
		dialect.Effort:      dialect.Native, dialect.CacheMarks: dialect.Native, dialect.CacheKey: dialect.Native,
		dialect.JSONFormat: dialect.Native, dialect.SchemaFormat: dialect.Native, dialect.MaxTokens: dialect.Native,
		dialect.Temperature: dialect.Native, dialect.TopP: dialect.Native, dialect.FrequencyPen: dialect.Native,
		dialect.PresencePen: dialect.Native, dialect.Seed: dialect.Native, dialect.StopSequences: dialect.Native,
		dialect.ManyAnswers: dialect.Native, dialect.Logprobs: dialect.Native, dialect.ServiceTier: dialect.Native,
		dialect.Verbosity: dialect.Native, dialect.EndUser: dialect.Native,

		dialect.AnswerReasoning: dialect.Native, dialect.AnswerSeals: dialect.Mapped, dialect.AnswerRefusal: dialect.Native,
		dialect.AnswerCitations: dialect.Native, dialect.AnswerMedia: dialect.Mapped, dialect.AnswerLogprobs: dialect.Native,
		dialect.AnswerStopText: dialect.Mapped, dialect.AnswerTier: dialect.Native, dialect.UsageCached: dialect.Native,
		dialect.UsageWritten: dialect.Mapped, dialect.UsageReasoning: dialect.Native,
	}
}

// Features returns what the dialect has, but for what the upstream's quirks take away.
func (c Client) Features() dialect.Table { return c.table(c.Quirks.Vendor) }
