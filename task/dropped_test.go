// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package task

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"retort/model"
)

func pointer[T any](v T) *T { return &v }

// wishful asks for all that a task does not do.
func wishful() *model.Content {
	raw := json.RawMessage(`{}`)
	return &model.Content{Messages: []model.Message{model.Text(model.System, "Be brief."), model.Text(model.User, "money back please")},
		Tools: []model.Tool{{Name: "f"}}, ToolChoice: &model.ToolChoice{Mode: "auto"}, ParallelTools: pointer(true),
		Format: &model.Format{Kind: "json"}, MaxTokens: pointer(5), Temperature: pointer(0.5), TopP: pointer(0.5), TopK: pointer(4),
		FrequencyPenalty: pointer(1.0), PresencePenalty: pointer(1.0), Seed: pointer(int64(7)), Stop: []string{"x"}, N: 2,
		Logprobs: true, TopLogprobs: 3, Effort: "high", ServiceTier: "flex",
		Reasoning: &model.Reasoning{Mode: "on"}, Verbosity: "low",
		Extra: map[string]json.RawMessage{"logit_bias": raw, "audio": raw, "metadata": raw}}
}

func TestWhatATaskDoesNotDoIsSaid(t *testing.T) {
	want := []string{"system", "tools", "tool_choice", "parallel_tools", "format_json", "temperature", "top_p", "top_k",
		"frequency_penalty", "presence_penalty", "seed", "stop", "n", "logprobs", "effort", "reasoning_mode", "verbosity", "service_tier",
		"audio", "logit_bias"}
	for name, m := range map[string]model.Model{
		"teacher": desk().Teacher(&asked{answers: []string{"refund"}}),
		"student": desk().Student("student/desk@1", fixed{}),
	} {
		trail := &model.Trail{}
		req := model.NewRequest("desk", wishful())
		if _, err := m.Generate(model.WithTrail(t.Context(), trail), req, model.Discard); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		want := want
		if name == "teacher" { // tokens are passed on
			want = slices.DeleteFunc(slices.Clone(want), func(field string) bool { return field == "logprobs" })
		}
		if d := cmp.Diff(want, trail.Dropped()); d != "" {
			t.Errorf("%s: dropped (-want +got):\n%s", name, d)
		}
		req.Strict = true
		_, err := m.Generate(t.Context(), req, model.Discard)
		var e *model.Error
		if !errors.As(err, &e) || e.Kind != model.Invalid || e.Field != "system" {
			t.Errorf("%s: strict: got %v, want the first field refused", name, err)
		}
	}
}

func TestUsualRequestsDropNothing(t *testing.T) {
	content := model.Prompt("money back please")
	content.N, content.User, content.IncludeUsage, content.Format = 1, "u", true, &model.Format{Kind: "text"}
	content.MaxTokens = pointer(1000) // which Anthropic's dialect insists on
	req := model.NewRequest("desk", content)
	req.Stream, req.Strict = true, true
	if _, err := desk().Student("student/desk@1", fixed{}).Generate(t.Context(), req, model.Discard); err != nil {
		t.Error(err)
	}
	task := desk()
	if n := testing.AllocsPerRun(100, func() { task.beside(content, asStudent) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
