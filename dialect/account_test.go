// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package dialect_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"retort/dialect"
	"retort/model"
)

func ptr[T any](v T) *T { return &v }

// everything is a request that uses each feature of requests at least once.
func everything() *model.Content {
	mark := &model.CacheMark{}
	extra := map[string]json.RawMessage{"own": json.RawMessage("1")}
	media := func(kind model.BlockKind, m model.Media) model.Block { return model.Block{Kind: kind, Media: &m} }
	return &model.Content{Dialect: "other", Extra: extra,
		Messages: []model.Message{
			model.Text(model.System, "s"),
			{Role: model.User, Name: "Ann", Extra: extra, Blocks: []model.Block{{Kind: model.TextBlock, Text: "t", Cache: mark, Extra: extra},
				media(model.ImageBlock, model.Media{Data: []byte{1}, Detail: "low"}), media(model.ImageBlock, model.Media{URL: "u"}), media(model.ImageBlock, model.Media{FileID: "f"}),
				media(model.AudioBlock, model.Media{Data: []byte{1}}), media(model.AudioBlock, model.Media{URL: "u"}), media(model.AudioBlock, model.Media{FileID: "f"}),
				media(model.VideoBlock, model.Media{Data: []byte{1}}), media(model.VideoBlock, model.Media{URL: "u"}),
				media(model.DocumentBlock, model.Media{Data: []byte{1}}), media(model.DocumentBlock, model.Media{URL: "u"}), media(model.DocumentBlock, model.Media{FileID: "f"}),
				{Kind: model.NativeBlock, Native: json.RawMessage(`{"type":"search_result"}`)}, {Kind: model.NativeBlock, Native: json.RawMessage(`{"type":7}`)}, {Kind: model.ImageBlock}}},
			{Role: model.Assistant, Blocks: []model.Block{{Kind: model.ReasoningBlock, Text: "r", Seal: &model.Seal{Dialect: "mine", Data: "s"}},
				{Kind: model.ReasoningBlock, Seal: &model.Seal{Dialect: "other", Data: "s"}},
				{Kind: model.TextBlock, Text: "t", Citations: []model.Citation{{URL: "u"}}}, {Kind: model.RefusalBlock, Text: "no"},
				{Kind: model.ToolCallBlock, Call: &model.ToolCall{ID: "c", Name: "f"}}}},
			{Role: model.ToolRole, Blocks: []model.Block{{Kind: model.ToolResultBlock, CallID: "c", Failed: true, Blocks: []model.Block{media(model.ImageBlock, model.Media{Data: []byte{1}})}}}},
			model.Text(model.System, "midway"),
		},
		Tools: []model.Tool{{Name: "f", Strict: ptr(true), Cache: mark, Extra: extra}, {Name: "g", Freeform: &model.Freeform{}, Namespace: &model.Namespace{Name: "n"}},
			{Native: json.RawMessage(`{"type":"web_search"}`)}},
		ToolChoice: &model.ToolChoice{Mode: "required"}, ParallelTools: ptr(false), Format: &model.Format{Kind: "schema"},
		MaxTokens: ptr(1), Temperature: ptr(1.0), TopP: ptr(1.0), TopK: ptr(1), FrequencyPenalty: ptr(1.0), PresencePenalty: ptr(1.0), Seed: ptr(int64(1)),
		Stop: []string{"s"}, N: 2, Logprobs: true, Effort: "low", ServiceTier: "flex", Verbosity: "low", User: "u", Cache: mark, CacheKey: "k",
		Reasoning: &model.Reasoning{Mode: "on", Budget: ptr(1), Summary: "auto"},
	}
}

// unsayable are what no table helps with: what another dialect calls its own.
var unsayable = []string{"own", "tools[0].own", "tools[2].web_search", "messages[1].own", "messages[1].audio",
	"messages[1].search_result", "messages[1].content", "messages[2].reasoning_seal"}

func TestUnsaidOfADialectThatHasAll(t *testing.T) {
	if d := cmp.Diff(unsayable, dialect.Unsaid(everything(), "mine", every())); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	content := everything()
	content.Dialect = "mine"
	if d := cmp.Diff([]string{"messages[1].audio", "messages[2].reasoning_seal"}, dialect.Unsaid(content, "mine", every())); d != "" {
		t.Errorf("a request of the same dialect (-want +got):\n%s", d)
	}
}

func every() dialect.Table {
	table := dialect.Table{}
	for _, f := range dialect.Features() {
		table[f.Feature] = dialect.Mapped
	}
	return table
}

// TestEveryFeatureIsMissed takes one feature at a time away.
func TestEveryFeatureIsMissed(t *testing.T) {
	for _, f := range dialect.Features() {
		content := everything()
		switch f.Feature {
		case dialect.ToolAllowed:
			content.ToolChoice = &model.ToolChoice{Mode: "auto", Allowed: []string{"f"}}
		case dialect.JSONFormat:
			content.Format.Kind = "json"
		case dialect.Seals:
			content.Messages[2].Blocks = content.Messages[2].Blocks[:1]
		}
		table := every()
		before := dialect.Unsaid(content, "mine", table)
		delete(table, f.Feature)
		after := dialect.Unsaid(content, "mine", table)
		if more := len(after) > len(before); more == f.Answer {
			t.Errorf("%s: without it %v is dropped, with it %v", f.Feature, after, before)
		}
	}
}

func TestPlainRequestsUseNothingSpecial(t *testing.T) {
	content := model.Prompt("hi")
	content.ToolChoice, content.Format, content.N = &model.ToolChoice{Mode: "auto"}, &model.Format{Kind: "text"}, 1
	if got := dialect.Unsaid(content, "mine", dialect.Table{dialect.Text: dialect.Native}); got != nil {
		t.Errorf("dropped %v", got)
	}
}

func TestAccount(t *testing.T) {
	content := model.Prompt("hi")
	content.Seed = ptr(int64(1))
	table := dialect.Table{dialect.Text: dialect.Native}
	trail := &model.Trail{}
	ctx := model.WithTrail(t.Context(), trail)
	req := model.NewRequest("m", content)
	if err := dialect.Account(ctx, req, content, "mine", table, "format_schema.minLength"); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"seed", "format_schema.minLength"}, trail.Dropped()); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	req.Strict = true
	err := dialect.Account(ctx, req, content, "mine", table, "note")
	var e *model.Error
	if !errors.As(err, &e) || e.Kind != model.Invalid || e.Field != "seed" || e.Hint == "" {
		t.Errorf("strict: %v", err)
	}
	content.Seed = nil
	if err := dialect.Account(ctx, req, content, "mine", table); err != nil {
		t.Errorf("strict, but nothing is lost: %v", err)
	}
}

func TestFeaturesAreDescribed(t *testing.T) {
	seen := map[dialect.Feature]bool{}
	for _, f := range dialect.Features() {
		if f.Doc == "" || f.Feature == "" || seen[f.Feature] {
			t.Errorf("%q: described %q, seen %v", f.Feature, f.Doc, seen[f.Feature])
		}
		seen[f.Feature] = true
	}
	for l, want := range map[dialect.Level]string{dialect.Native: "native", dialect.Mapped: "mapped", dialect.Dropped: "dropped"} {
		if l.String() != want {
			t.Errorf("%d is called %s", l, l)
		}
	}
}
