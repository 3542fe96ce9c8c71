// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package openai

import (
	"bytes"
	"maps"
	"slices"
	"sync"

	"retort/dialect"
	"retort/dialect/internal/scan"
	"retort/model"
)

// Quirks are the ways in which a server that is compatible with Chat Completions differs from others. The zero value
// is for one that takes all that the dialect has.
//
// A request that came in this dialect goes on unchanged even to such a server, unless it has something that the server
// is known to refuse: then it is written anew, without it.
type Quirks struct {
	// Vendor says that the server is as strict as the vendor's own API, whatever its address.
	Vendor bool
	// MaxCompletionTokens says that the field of that name is wanted in place of max_tokens.
	MaxCompletionTokens bool
	// Seed is the name of the field seed; empty: "seed".
	Seed string
	// Required is the tool_choice that makes the model call a tool; empty: "required".
	Required string
	// ShortIDs says that ids of tool calls must be nine letters and digits. Others are made so, the same id always in
	// the same way.
	ShortIDs bool
	// NoDeveloper says that the role "developer" is refused; it becomes "system".
	NoDeveloper bool
	// Reasoning is the field in which an assistant's message takes its reasoning back; empty: "reasoning_content". With
	// "-" it is left out.
	Reasoning string
	// Refuses are features that the server answers with an error: they are left out, and noted. An answer that meets a
	// schema is asked for as one that is JSON, with the schema in an instruction, where that is not refused too.
	Refuses []dialect.Feature
	// RefusesFields are further fields of a request, at its top, that the server answers with an error.
	RefusesFields []string
}

// tables are those of upstreams without quirks: of the vendor's own, or of another, with the vendor's files or without.
type tables struct{ with, without [2]dialect.Table }

// usual are made once, as every request that is translated needs one of them. They are not modified.
var usual = sync.OnceValue(func() (t tables) {
	for i, strict := range []bool{false, true} {
		t.with[i] = (Client{}).table(strict)
		t.without[i] = maps.Clone(t.with[i])
		delete(t.without[i], dialect.DocumentFile)
	}
	return t
})

// tableFor says what an upstream has for content; strict is for the vendor's own. It must not be modified.
func (c Client) tableFor(strict bool, content *model.Content) dialect.Table {
	d, i := content.Dialect, 0
	if strict {
		i = 1
	}
	files := d == "" || d == Name || d == "responses" // the vendor's files are the same in both of its dialects
	if c.Quirks.Reasoning == "-" || len(c.Quirks.Refuses) > 0 {
		t := c.table(strict)
		if !files {
			delete(t, dialect.DocumentFile)
		}
		return t
	}
	if files {
		return usual().with[i]
	}
	return usual().without[i]
}

// table says what an upstream has; strict is for the vendor's own.
func (c Client) table(strict bool) dialect.Table {
	t := Features()
	if strict {
		delete(t, dialect.PastReasoning)
		delete(t, dialect.CacheMarks)
		delete(t, dialect.Seals)
	} else {
		t[dialect.ToolFreeform], t[dialect.ToolAllowed] = dialect.Mapped, dialect.Mapped
	}
	if c.Quirks.Reasoning == "-" {
		delete(t, dialect.PastReasoning)
	}
	for _, f := range c.Quirks.Refuses {
		delete(t, f)
	}
	if t[dialect.SchemaFormat] == dialect.Dropped && t[dialect.JSONFormat] != dialect.Dropped {
		t[dialect.SchemaFormat] = dialect.Mapped // the schema is told as an instruction
	}
	return t
}

// fields returns the fields at the top of a request that say a feature and nothing else.
func fields(f dialect.Feature) []string {
	switch f {
	case dialect.Temperature, dialect.TopP, dialect.FrequencyPen, dialect.PresencePen, dialect.Seed, dialect.StopSequences, dialect.ManyAnswers,
		dialect.Tools, dialect.ToolChoice, dialect.ServiceTier, dialect.Verbosity, dialect.EndUser:
		return []string{string(f)}
	case dialect.Logprobs:
		return []string{"logprobs", "top_logprobs"}
	case dialect.Effort:
		return []string{"reasoning_effort"}
	case dialect.CacheKey:
		return []string{"prompt_cache_key"}
	case dialect.CacheMarks:
		return []string{"cache_control"}
	case dialect.ParallelTools:
		return []string{"parallel_tool_calls"}
	case dialect.JSONFormat, dialect.SchemaFormat:
		return []string{"response_format"}
	case dialect.ToolAllowed:
		return []string{"tool_choice"}
	}
	return nil
}

// minds says whether a body in this dialect has something that the upstream is known to refuse. It may say so of one
// that has not, never the reverse.
func (c Client) minds(body []byte) bool {
	if bytes.Contains(body, []byte(dialect.SealMark)) {
		return true
	}
	q := &c.Quirks
	if q.ShortIDs && bytes.Contains(body, []byte(`"tool_call_id"`)) || q.NoDeveloper && bytes.Contains(body, []byte(`"developer"`)) ||
		q.Reasoning != "" && bytes.Contains(body, []byte(`"reasoning_content"`)) {
		return true
	}
	top := q.top()
	if len(top) == 0 {
		return false
	}
	s := scan.New(body)
	s.Object()
	for key, ok := s.Field(); ok; key, ok = s.Field() {
		if slices.Contains(top, string(key)) {
			return true
		}
		s.Skip()
	}
	return false
}

// top returns the fields at the top of a request that are refused, or have another name.
func (q *Quirks) top() []string {
	top := slices.Clone(q.RefusesFields)
	for _, f := range q.Refuses {
		top = append(top, fields(f)...)
	}
	if q.Seed != "" {
		top = append(top, "seed")
	}
	if q.Required != "" {
		top = append(top, "tool_choice")
	}
	if q.MaxCompletionTokens {
		top = append(top, "max_tokens")
	}
	return top
}
