// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package dialect

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"

	"retort/model"
)

// uses collects what a request asks that its upstream's dialect cannot say.
type uses struct {
	table   Table
	name    string // of the upstream's dialect
	foreign bool   // Extra maps and native values are another dialect's
	dropped []string
}

// Unsaid returns what of content the dialect with that name and table cannot say: features by their names, fields of
// other dialects by theirs, each with the message or tool it stands in, such as "messages[2].image_file". What the
// client side of a dialect leaves out is exactly this.
func Unsaid(content *model.Content, name string, table Table) []string {
	u := &uses{table: table, name: name, foreign: content.Dialect != "" && content.Dialect != name}
	u.extra(content.Extra, "")
	u.settings(content)
	u.shape(content)
	system := true
	for i := range content.Messages {
		m := &content.Messages[i]
		at := "messages[" + strconv.Itoa(i) + "]."
		if m.Role != model.System {
			system = false
		} else if system {
			u.use(SystemText, at)
		} else {
			u.use(SystemMidway, at)
		}
		if m.Name != "" {
			u.use(SpeakerName, at)
		}
		u.extra(m.Extra, at)
		for j := range m.Blocks {
			u.block(&m.Blocks[j], at)
		}
	}
	return u.dropped
}

// Emptied returns the error, of kind Invalid, for a request of which an upstream's dialect of that name can say nothing,
// though its caller said something beside instructions: it names the first part that is lost. It is nil for a conversation
// in which nothing was said.
func Emptied(messages []model.Message, name string) error {
	for i := range messages {
		m := &messages[i]
		for j := range m.Blocks {
			if what := content(&m.Blocks[j]); what != "" && m.Role != model.System {
				return &model.Error{Kind: model.Invalid, Op: "translate request", Field: "messages[" + strconv.Itoa(i) + "]." + what,
					Err:  errors.New("has no counterpart in the " + name + " dialect, and nothing else was said"),
					Hint: "say it in another way, such as text, or ask a model whose upstream speaks a dialect that has it"}
			}
		}
	}
	return nil
}

// content returns what a block is, empty for one that holds nothing.
func content(b *model.Block) string {
	switch {
	case b.Kind == model.NativeBlock && len(b.Native) > 0:
		return nativeType(b.Native, "content")
	case b.Media != nil:
		if f := mediaFeature(b.Kind, b.Media); f != "" {
			return string(f)
		}
		return string(b.Kind)
	case strings.TrimSpace(b.Text) != "" || b.Call != nil || b.Kind == model.ToolResultBlock:
		return string(b.Kind)
	}
	return ""
}

func (u *uses) use(f Feature, at string) {
	if u.table[f] == Dropped {
		u.drop(at + string(f))
	}
}

func (u *uses) drop(what string) {
	if !slices.Contains(u.dropped, what) {
		u.dropped = append(u.dropped, what)
	}
}

func (u *uses) useIf(used bool, f Feature) {
	if used {
		u.use(f, "")
	}
}

// extra notes the fields of another dialect, but for those that say nothing: null, and empty lists and objects. A name
// that begins with one dot is no field: it says how something was written that is said in another place too. A field
// whose own name begins so has another dot before it.
func (u *uses) extra(m map[string]json.RawMessage, at string) {
	if !u.foreign || len(m) == 0 {
		return
	}
	for _, key := range slices.Sorted(maps.Keys(m)) {
		name, dotted := strings.CutPrefix(key, ".")
		if dotted && !strings.HasPrefix(name, ".") {
			continue
		}
		if !dotted {
			name = key
		}
		if inner, partly := leftover(key, m[key]); partly {
			u.extra(inner, at+name+".")
		} else if !empty(m[key]) {
			u.drop(at + name)
		}
	}
}

// leftover returns the members of an object of which a dialect's decoder keeps nothing but what it does not understand.
func leftover(key string, raw json.RawMessage) (members map[string]json.RawMessage, ok bool) {
	switch key {
	case "generationConfig", "thinkingConfig", "toolConfig", "functionCallingConfig", "output_config", "reasoning", "text":
		return members, json.Unmarshal(raw, &members) == nil
	}
	return nil, false
}

// empty says whether a value says nothing.
func empty(raw json.RawMessage) bool {
	trimmed := bytes.TrimSpace(raw)
	if string(trimmed) == "null" {
		return true
	}
	if len(trimmed) < 2 || trimmed[0] != '[' && trimmed[0] != '{' {
		return false
	}
	return len(bytes.TrimSpace(trimmed[1:len(trimmed)-1])) == 0
}

func (u *uses) settings(c *model.Content) {
	u.useIf(c.MaxTokens != nil, MaxTokens)
	u.useIf(c.Temperature != nil, Temperature)
	u.useIf(c.TopP != nil, TopP)
	u.useIf(c.TopK != nil, TopK)
	u.useIf(c.FrequencyPenalty != nil, FrequencyPen)
	u.useIf(c.PresencePenalty != nil, PresencePen)
	u.useIf(c.Seed != nil, Seed)
	u.useIf(len(c.Stop) > 0, StopSequences)
	u.useIf(c.N > 1, ManyAnswers)
	u.useIf(c.Logprobs || c.TopLogprobs > 0, Logprobs)
	u.useIf(c.Effort != "", Effort)
	u.useIf(c.ServiceTier != "", ServiceTier)
	u.useIf(c.Verbosity != "", Verbosity)
	u.useIf(c.User != "", EndUser)
	u.useIf(c.Cache != nil, CacheMarks)
	u.useIf(c.CacheKey != "", CacheKey)
	if r := c.Reasoning; r != nil {
		u.useIf(r.Mode != "", ReasoningMode)
		u.useIf(r.Budget != nil, ReasoningBudget)
		u.useIf(r.Summary != "", ReasoningShown)
	}
}

// shape looks at what says how the answer may look.
func (u *uses) shape(c *model.Content) {
	for i := range c.Tools {
		u.tool(&c.Tools[i], "tools["+strconv.Itoa(i)+"].")
	}
	if t := c.ToolChoice; t != nil {
		switch {
		case t.Extra != nil && u.foreign:
			u.drop("tool_choice")
		case len(t.Allowed) > 0:
			u.use(ToolAllowed, "")
		case t.Mode != "" && t.Mode != "auto":
			u.use(ToolChoice, "")
		}
	}
	u.useIf(c.ParallelTools != nil && !*c.ParallelTools, ParallelTools) // several at once is what holds anyway
	if f := c.Format; f != nil {
		u.useIf(f.Kind == "json", JSONFormat)
		u.useIf(f.Kind == "schema", SchemaFormat)
	}
}

func (u *uses) tool(t *model.Tool, at string) {
	if t.Native != nil {
		if u.foreign {
			u.drop(at + nativeType(t.Native, "tool"))
		}
		return
	}
	u.use(Tools, at)
	if t.Strict != nil && *t.Strict {
		u.use(ToolStrict, at)
	}
	if t.Freeform != nil {
		u.use(ToolFreeform, at)
	}
	if t.Namespace != nil {
		u.use(ToolNamespace, at)
	}
	if t.Cache != nil {
		u.use(CacheMarks, at)
	}
	u.extra(t.Extra, at)
}

func (u *uses) block(b *model.Block, at string) {
	switch b.Kind {
	case model.TextBlock:
		u.use(Text, at)
	case model.ReasoningBlock:
		if b.Text != "" {
			u.use(PastReasoning, at)
		}
	case model.RefusalBlock:
		u.use(PastRefusal, at)
	case model.ToolCallBlock:
		u.use(ToolCalls, at)
	case model.ToolResultBlock:
		u.result(b, at)
	case model.NativeBlock:
		if u.foreign {
			u.drop(at + nativeType(b.Native, "content"))
		}
	default:
		u.media(b, at)
	}
	if b.Seal != nil && (b.Seal.Dialect != u.name || u.table[Seals] == Dropped) {
		u.drop(at + string(Seals)) // one that another dialect made is worth nothing here
	}
	if len(b.Citations) > 0 {
		u.use(PastCitations, at)
		if u.foreign && slices.ContainsFunc(b.Citations, func(c model.Citation) bool { return c.URL == "" }) {
			u.drop(at + string(PastCitations)) // which of its sources one cites is every dialect's own way to say
		}
	}
	if b.Cache != nil {
		u.use(CacheMarks, at)
	}
	u.extra(b.Extra, at)
}

func (u *uses) result(b *model.Block, at string) {
	u.use(ToolResults, at)
	if b.Failed {
		u.use(ToolFailed, at)
	}
	for i := range b.Blocks {
		inner := &b.Blocks[i]
		if inner.Media != nil {
			u.use(ToolMedia, at)
		}
		u.block(inner, at)
	}
}

func (u *uses) media(b *model.Block, at string) {
	m := b.Media
	if m == nil {
		return
	}
	if f := mediaFeature(b.Kind, m); f != "" {
		u.use(f, at)
	} else {
		u.drop(at + string(b.Kind))
	}
	if m.Detail != "" {
		u.use(ImageDetail, at)
	}
}

// mediaFeature returns the feature that a medium of a kind is, given as it is; empty when there is none.
func mediaFeature(kind model.BlockKind, m *model.Media) Feature {
	var data, url, file Feature
	switch kind {
	case model.ImageBlock:
		data, url, file = ImageData, ImageURL, ImageFile
	case model.AudioBlock:
		data, url = AudioData, AudioURL
	case model.VideoBlock:
		data, url = VideoData, VideoURL
	case model.DocumentBlock:
		data, url, file = DocumentData, DocumentURL, DocumentFile
	}
	switch {
	case m.FileID != "":
		return file
	case m.URL != "":
		return url
	}
	return data
}

// nativeType returns the type that a native value gives itself.
func nativeType(raw json.RawMessage, otherwise string) string {
	var v struct{ Type string }
	if json.Unmarshal(raw, &v) == nil && v.Type != "" && len(v.Type) <= 64 {
		return v.Type
	}
	return otherwise
}
