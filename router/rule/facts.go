// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package rule

import (
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tidwall/gjson"

	"retort/model"
	"retort/router/language"
)

// Surroundings are what facts need beside the request. All fields may be nil.
type Surroundings struct {
	Estimate func(*model.Content) int // about how many input tokens; nil: a quarter of the text's bytes
	IsTask   func(name string) bool   // whether a name that clients ask for is a task's
	Now      func() time.Time         // nil: time.Now
}

// Fact is what a condition may ask of a request.
type Fact struct{ Name, Type, Doc string }

// Facts lists the facts, in the order of the docs.
func Facts() []Fact {
	list := make([]Fact, len(facts))
	for i, f := range facts {
		kind := "text"
		switch f.zero.(type) {
		case int:
			kind = "number"
		case bool:
			kind = "true or false"
		case []string:
			kind = "list of texts"
		case map[string]string:
			kind = "texts by name"
		}
		list[i] = Fact{f.name, kind, f.doc}
	}
	return list
}

// fact is one fact: its zero value says its type.
type fact struct {
	name, doc string
	zero      any
	of        func(*view) any
}

// view is a request as facts see it.
type view struct {
	req     *model.Request
	content *model.Content // nil until a fact needs it
	around  *Surroundings
}

// ofRequest are the facts that need no content: a request can pass by them undecoded.
var ofRequest = []fact{
	{"model", "the name that the client asked for", "", func(v *view) any { return v.req.Model }},
	{"task", "the same when it is a task's, else empty", "", taskOf},
	{"tenant", "who owns the call", "", func(v *view) any { return v.req.Tenant }},
	{"key", "the id of the API key that called", "", func(v *view) any { return v.req.Key }},
	{"stream", "the client wants the answer as it grows", false, func(v *view) any { return v.req.Stream }},
	{"hour", "the hour of the day, UTC, 0 to 23", 0, func(v *view) any { return v.now().Hour() }},
	{"weekday", "the day of the week, UTC, 1 (Monday) to 7", 0, func(v *view) any { return (int(v.now().Weekday())+6)%7 + 1 }},
}

// ofContent are the facts about what is asked.
var ofContent = []fact{
	{"tokens", "about how many tokens the request has", 0, tokensOf},
	{"characters", "how many characters its texts have", 0, charactersOf},
	{"turns", "how many messages of a user it has", 0, turnsOf},
	{"tools", "how many tools the model may call", 0, func(v *view) any { return len(v.content.Tools) }},
	{"tool_names", "their names", []string(nil), toolNamesOf},
	{"images", "how many images it has", 0, func(v *view) any { return v.count(model.ImageBlock) }},
	{"documents", "how many documents it has", 0, func(v *view) any { return v.count(model.DocumentBlock) }},
	{"audio", "how many sounds it has", 0, func(v *view) any { return v.count(model.AudioBlock) }},
	{"videos", "how many videos it has", 0, func(v *view) any { return v.count(model.VideoBlock) }},
	{"json", "the answer must be JSON", false, func(v *view) any {
		return v.content.Format != nil && v.content.Format.Kind != "" && v.content.Format.Kind != "text"
	}},
	{"text", "the last message of a user, in small letters", "", func(v *view) any { return strings.ToLower(v.last()) }},
	{"system", "the instructions, in small letters", "", systemOf},
	{"language", "the language of the last message of a user, as in ISO 639-1; empty when it cannot be told", "", languageOf},
	{"effort", "how hard the model should think: none, minimal, low, medium, high, xhigh, max; empty when not said", "", func(v *view) any { return v.content.Effort }},
	{"max_tokens", "how many tokens the answer may have; 0 when not said", 0, maxTokensOf},
	{"user", "the caller's id of its end user", "", func(v *view) any { return v.content.User }},
	{"metadata", "the request's metadata; a field that is missing is empty", map[string]string(nil), metadataOf},
}

var facts = append(append([]fact{}, ofRequest...), ofContent...)

// zeroes is what conditions are checked against: every fact with a value of its type.
func zeroes() map[string]any {
	env := make(map[string]any, len(facts))
	for _, f := range facts {
		env[f.name] = f.zero
	}
	return env
}

func (v *view) now() time.Time {
	if v.around.Now == nil {
		return time.Now().UTC()
	}
	return v.around.Now().UTC()
}

func taskOf(v *view) any {
	if v.around.IsTask != nil && v.around.IsTask(v.req.Model) {
		return v.req.Model
	}
	return ""
}

func tokensOf(v *view) any {
	if v.around.Estimate != nil {
		return v.around.Estimate(v.content)
	}
	bytes := 0
	v.blocks(func(b *model.Block) { bytes += len(b.Text) })
	return (bytes + 3) / 4
}

func charactersOf(v *view) any {
	n := 0
	v.blocks(func(b *model.Block) { n += utf8.RuneCountInString(b.Text) })
	return n
}

func turnsOf(v *view) any {
	n := 0
	for i := range v.content.Messages {
		if v.content.Messages[i].Role == model.User {
			n++
		}
	}
	return n
}

func toolNamesOf(v *view) any {
	names := make([]string, len(v.content.Tools))
	for i := range names {
		names[i] = v.content.Tools[i].Name
	}
	return names
}

func systemOf(v *view) any {
	var all strings.Builder
	for i := range v.content.Messages {
		if m := &v.content.Messages[i]; m.Role == model.System {
			if all.Len() > 0 {
				all.WriteByte('\n')
			}
			all.WriteString(m.Text())
		}
	}
	return strings.ToLower(all.String())
}

func languageOf(v *view) any { return language.Of(v.last()) }

func maxTokensOf(v *view) any {
	if v.content.MaxTokens == nil {
		return 0
	}
	return *v.content.MaxTokens
}

func metadataOf(v *view) any {
	fields := map[string]string{}
	gjson.ParseBytes(v.content.Extra["metadata"]).ForEach(func(key, value gjson.Result) bool {
		if _, twice := fields[key.Str]; !twice {
			fields[key.Str] = value.String()
		}
		return true
	})
	return fields
}

// last returns what a user said last.
func (v *view) last() string {
	for i := len(v.content.Messages) - 1; i >= 0; i-- {
		if m := &v.content.Messages[i]; m.Role == model.User {
			return m.Text()
		}
	}
	return ""
}

// count returns how many blocks of a kind there are.
func (v *view) count(kind model.BlockKind) int {
	n := 0
	v.blocks(func(b *model.Block) {
		if b.Kind == kind {
			n++
		}
	})
	return n
}

// blocks visits every block, those of tool results included.
func (v *view) blocks(visit func(*model.Block)) {
	for i := range v.content.Messages {
		each(v.content.Messages[i].Blocks, visit)
	}
}

func each(blocks []model.Block, visit func(*model.Block)) {
	for i := range blocks {
		visit(&blocks[i])
		each(blocks[i].Blocks, visit)
	}
}
