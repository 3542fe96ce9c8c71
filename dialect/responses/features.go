// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package responses

import (
	"strings"
	"sync"

	"retort/dialect"
	"retort/model"
)

// Features says what the dialect has. The table must not be modified.
func Features() dialect.Table { return tables()[0] }

// The ways in which an upstream has less than the dialect.
const (
	unmarked = 1 << iota // no marks up to which the prompt is cached
	mute                 // no sound
	variants
)

// tables are made once, as every request that is translated needs one of them. They are not modified.
var tables = sync.OnceValue(func() (all [variants]dialect.Table) {
	for i := range all {
		all[i] = whole()
		if i&unmarked != 0 {
			delete(all[i], dialect.CacheMarks)
		}
		if i&mute != 0 {
			delete(all[i], dialect.AudioData)
		}
	}
	return all
})

func whole() dialect.Table {
	return dialect.Table{
		dialect.Text: dialect.Native, dialect.SystemText: dialect.Native, dialect.SystemMidway: dialect.Native,
		dialect.ImageData: dialect.Native, dialect.ImageURL: dialect.Native, dialect.ImageFile: dialect.Native,
		dialect.ImageDetail: dialect.Native, dialect.AudioData: dialect.Native,
		dialect.DocumentData: dialect.Native, dialect.DocumentURL: dialect.Native, dialect.DocumentFile: dialect.Native,
		dialect.Tools: dialect.Native, dialect.ToolStrict: dialect.Native, dialect.ToolFreeform: dialect.Native,
		dialect.ToolNamespace: dialect.Native, dialect.ToolChoice: dialect.Native, dialect.ToolAllowed: dialect.Native,
		dialect.ParallelTools: dialect.Native, dialect.ToolCalls: dialect.Native, dialect.ToolResults: dialect.Native,
		dialect.ToolMedia: dialect.Native, dialect.PastReasoning: dialect.Native, dialect.Seals: dialect.Native,
		dialect.PastRefusal: dialect.Native, dialect.PastCitations: dialect.Native,
		dialect.Effort: dialect.Native, dialect.ReasoningShown: dialect.Native,
		dialect.CacheMarks: dialect.Native, dialect.CacheKey: dialect.Native,
		dialect.JSONFormat: dialect.Native, dialect.SchemaFormat: dialect.Native, dialect.MaxTokens: dialect.Native,
		dialect.Temperature: dialect.Native, dialect.TopP: dialect.Native, dialect.Logprobs: dialect.Native,
		dialect.ServiceTier: dialect.Native, dialect.Verbosity: dialect.Native, dialect.EndUser: dialect.Native,

		dialect.AnswerReasoning: dialect.Native, dialect.AnswerSeals: dialect.Native, dialect.AnswerRefusal: dialect.Native,
		dialect.AnswerCitations: dialect.Native, dialect.AnswerMedia: dialect.Mapped, dialect.AnswerLogprobs: dialect.Native,
		dialect.AnswerTier: dialect.Native, dialect.AnswerOrder: dialect.Native, dialect.UsageCached: dialect.Native,
		dialect.UsageWritten: dialect.Native, dialect.UsageReasoning: dialect.Native,
	}
}

// Features says what the dialect has for requests of other dialects.
func (c Client) Features() dialect.Table {
	which := 0
	if !c.Breakpoints {
		which |= unmarked
	}
	if c.Vendor {
		which |= mute
	}
	return tables()[which]
}

// features is the table of the upstream at base for a request: the vendor's own API takes no sound.
func (c Client) features(base string, content *model.Content) dialect.Table {
	which := 0
	if !c.Breakpoints && content.Dialect != "" && content.Dialect != Name {
		which |= unmarked
	}
	if c.Vendor || vendor(base) {
		which |= mute
	}
	return tables()[which]
}

// reasons says whether a model may reason, by its name: the vendor refuses to be asked for the reasoning of those which
// do not. They are a closed list, for all that came later do.
func reasons(name string) bool {
	name = name[strings.LastIndexByte(name, '/')+1:]
	for _, old := range [...]string{"gpt-3", "gpt-4", "chatgpt-", "ft:gpt-3", "ft:gpt-4"} {
		if strings.HasPrefix(name, old) {
			return false
		}
	}
	return !strings.HasSuffix(name, "-chat-latest")
}
