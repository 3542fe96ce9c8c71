// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package bedrock

import (
	"strings"

	"retort/dialect"
	"retort/model"
)

// Features says what the dialect has. What depends on the model is as for those that have most.
func Features() dialect.Table {
	return dialect.Table{
		dialect.Text: dialect.Native, dialect.SystemText: dialect.Native, dialect.SystemMidway: dialect.Mapped,
		dialect.ImageData: dialect.Native, dialect.AudioData: dialect.Native, dialect.VideoData: dialect.Native,
		dialect.DocumentData: dialect.Native,
		dialect.Tools:        dialect.Native, dialect.ToolStrict: dialect.Native, dialect.ToolFreeform: dialect.Mapped,
		dialect.ToolNamespace: dialect.Mapped, dialect.ToolChoice: dialect.Native, dialect.ToolAllowed: dialect.Mapped,
		dialect.ToolCalls: dialect.Native, dialect.ToolResults: dialect.Native, dialect.ToolFailed: dialect.Native,
		dialect.ToolMedia: dialect.Native, dialect.PastReasoning: dialect.Native, dialect.Seals: dialect.Native,
		dialect.PastRefusal: dialect.Mapped,
		dialect.Effort:      dialect.Native, dialect.ReasoningMode: dialect.Native, dialect.ReasoningBudget: dialect.Native,
		dialect.ReasoningShown: dialect.Mapped, dialect.CacheMarks: dialect.Native, dialect.SchemaFormat: dialect.Native,
		dialect.MaxTokens: dialect.Native, dialect.Temperature: dialect.Native, dialect.TopP: dialect.Native,
		dialect.TopK: dialect.Native, dialect.StopSequences: dialect.Native, dialect.ServiceTier: dialect.Native,
		dialect.EndUser: dialect.Mapped,

		dialect.AnswerReasoning: dialect.Native, dialect.AnswerSeals: dialect.Native, dialect.AnswerCitations: dialect.Native,
		dialect.AnswerMedia: dialect.Native, dialect.AnswerStopText: dialect.Mapped, dialect.AnswerTier: dialect.Native,
		dialect.AnswerOrder: dialect.Native, dialect.UsageCached: dialect.Native, dialect.UsageWritten: dialect.Native,
	}
}

// Features returns what the dialect has.
func (Client) Features() dialect.Table { return Features() }

// table is Features for a request whose media by URL lie in S3, kind by kind: that is the one place that Bedrock reads from.
func (e *encoder) table() dialect.Table {
	t := Features()
	for kind, feature := range map[model.BlockKind]dialect.Feature{model.ImageBlock: dialect.ImageURL, model.VideoBlock: dialect.VideoURL,
		model.DocumentBlock: dialect.DocumentURL, model.AudioBlock: dialect.AudioURL} {
		if !e.elsewhere[kind] {
			t[feature] = dialect.Mapped
		}
	}
	return t
}

// inS3 says whether a medium lies where Bedrock can read it.
func inS3(m *model.Media) bool { return strings.HasPrefix(m.URL, "s3://") }
