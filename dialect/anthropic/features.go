// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package anthropic

import (
	"sync"

	"retort/dialect"
	"retort/model"
)

// Features says what the dialect has, at its best: not every model takes everything (see the package's description). The
// table must not be modified.
func Features() dialect.Table { return tables()[0] }

// The ways in which an upstream's model or a request differs from the best.
const (
	unsampled  = 1 << iota // the model has no sampling parameters
	unmeasured             // nor levels of effort, nor budgets that stand for them
	cited                  // the request's citations are of this dialect
	variants
)

// tables are made once, as every request that is translated needs one of them. They are not modified.
var tables = sync.OnceValue(func() (all [variants]dialect.Table) {
	for i := range all {
		t := best()
		if i&unsampled != 0 {
			delete(t, dialect.Temperature)
			delete(t, dialect.TopP)
			delete(t, dialect.TopK)
		}
		if i&unmeasured != 0 {
			delete(t, dialect.Effort)
		}
		if i&cited != 0 {
			t[dialect.PastCitations] = dialect.Native
		}
		all[i] = t
	}
	return all
})

func best() dialect.Table {
	return dialect.Table{
		dialect.Text: dialect.Native, dialect.SystemText: dialect.Native, dialect.SystemMidway: dialect.Mapped,
		dialect.ImageData: dialect.Native, dialect.ImageURL: dialect.Native, dialect.ImageFile: dialect.Native,
		dialect.DocumentData: dialect.Native, dialect.DocumentURL: dialect.Native, dialect.DocumentFile: dialect.Native,
		dialect.Tools: dialect.Native, dialect.ToolStrict: dialect.Native, dialect.ToolFreeform: dialect.Mapped,
		dialect.ToolNamespace: dialect.Mapped, dialect.ToolChoice: dialect.Native, dialect.ToolAllowed: dialect.Mapped,
		dialect.ParallelTools: dialect.Native, dialect.ToolCalls: dialect.Native, dialect.ToolResults: dialect.Native,
		dialect.ToolFailed: dialect.Native, dialect.ToolMedia: dialect.Native, dialect.PastReasoning: dialect.Native,
		dialect.Seals: dialect.Native, dialect.PastRefusal: dialect.Mapped, dialect.Effort: dialect.Native,
		dialect.ReasoningMode: dialect.Native, dialect.ReasoningBudget: dialect.Native, dialect.ReasoningShown: dialect.Mapped,
		dialect.CacheMarks: dialect.Native, dialect.JSONFormat: dialect.Mapped, dialect.SchemaFormat: dialect.Native,
		dialect.MaxTokens: dialect.Native, dialect.Temperature: dialect.Native, dialect.TopP: dialect.Native,
		dialect.TopK: dialect.Native, dialect.StopSequences: dialect.Native, dialect.ServiceTier: dialect.Mapped,
		dialect.EndUser: dialect.Native,

		dialect.AnswerReasoning: dialect.Native, dialect.AnswerSeals: dialect.Native, dialect.AnswerRefusal: dialect.Mapped,
		dialect.AnswerCitations: dialect.Mapped, dialect.AnswerStopText: dialect.Native, dialect.AnswerTier: dialect.Native,
		dialect.AnswerOrder: dialect.Native, dialect.UsageCached: dialect.Native, dialect.UsageWritten: dialect.Native,
		dialect.UsageReasoning: dialect.Native,
	}
}

// Features says what the dialect has.
func (Client) Features() dialect.Table { return Features() }

// features is the table for a request to the upstream's model name.
func (c Client) features(name string, content *model.Content) dialect.Table {
	traits, which := c.traits(name), 0
	if !traits.sampled {
		which |= unsampled
	}
	if traits.claude && traits.efforts == "" && !traits.budget {
		which |= unmeasured
	}
	if content.Dialect == Name {
		which |= cited
	}
	return tables()[which]
}

// traits returns what the upstream's model name takes, at where and in which version the client asks.
func (c Client) traits(name string) traits {
	t := traitsOf(name)
	if c.Version == Version2026 {
		t.sampled = false
	}
	if c.Vertex || c.Bedrock {
		t.midway = false
	}
	return t
}
