// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package bedrock

import (
	"strings"
	"sync"

	"retort/dialect"
	"retort/model"
)

// Features says what the dialect has. What depends on the model is as for those that have most. The table must not be
// modified.
func Features() dialect.Table { return tables()[0] }

// byURL are the kinds of media that a request may give by URL, and the features that they are then.
func byURL() [4]struct {
	kind    model.BlockKind
	feature dialect.Feature
} {
	return [...]struct {
		kind    model.BlockKind
		feature dialect.Feature
	}{{model.ImageBlock, dialect.ImageURL}, {model.VideoBlock, dialect.VideoURL}, {model.DocumentBlock, dialect.DocumentURL},
		{model.AudioBlock, dialect.AudioURL}}
}

// tables are made once, as every request needs one of them: one for each set of the kinds of media by URL. They are not
// modified.
var tables = sync.OnceValue(func() (all [1 << 4]dialect.Table) {
	for i := range all {
		all[i] = most()
		for j, m := range byURL() {
			if i&(1<<j) != 0 {
				all[i][m.feature] = dialect.Mapped
			}
		}
	}
	return all
})

func most() dialect.Table {
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
		dialect.ReasoningShown: dialect.Mapped, dialect.CacheMarks: dialect.Native, dialect.JSONFormat: dialect.Mapped,
		dialect.SchemaFormat: dialect.Native,
		dialect.MaxTokens:    dialect.Native, dialect.Temperature: dialect.Native, dialect.TopP: dialect.Native,
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
	which := 0
	for i, m := range byURL() {
		if !e.elsewhere[m.kind] {
			which |= 1 << i
		}
	}
	return tables()[which]
}

// inS3 says whether a medium lies where Bedrock can read it.
func inS3(m *model.Media) bool { return strings.HasPrefix(m.URL, "s3://") }
