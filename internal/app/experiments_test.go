// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"retort/internal/config"
	"retort/internal/server"
	"retort/internal/store"
	"retort/model"
)

func TestOutcomes(t *testing.T) {
	stars := func(x float64) *float64 { return &x }
	better := "so"
	for _, c := range []struct {
		name           string
		feedback       store.Feedback
		rated, accepts float64
	}{
		{"highest", store.Feedback{Rating: stars(5)}, 1, 1},
		{"middle", store.Feedback{Rating: stars(3)}, 0.5, 1},
		{"low", store.Feedback{Rating: stars(2)}, 0.25, 0},
		{"beyond the range", store.Feedback{Rating: stars(9)}, 1, 1},
		{"below the range", store.Feedback{Rating: stars(-9)}, 0, 0},
		{"corrected", store.Feedback{Correction: &better}, 0, 0},
		{"rated and corrected", store.Feedback{Rating: stars(5), Correction: &better}, 1, 0},
	} {
		rating, accepted := config.Split{Range: []float64{1, 5}}, config.Split{Range: []float64{1, 5}, Outcome: config.OutcomeAccepted}
		if got := outcomeOf(&rating, &c.feedback); got != c.rated {
			t.Errorf("%s: rating counts as %v, want %v", c.name, got, c.rated)
		}
		if got := outcomeOf(&accepted, &c.feedback); got != c.accepts {
			t.Errorf("%s: accepted counts as %v, want %v", c.name, got, c.accepts)
		}
	}
	thumbs := config.Split{}
	if got := outcomeOf(&thumbs, &store.Feedback{Rating: stars(1)}); got != 1 {
		t.Errorf("thumbs up count as %v", got)
	}
}

// TestSettledSplitsAreNotAnalysed has a split that cannot be analysed: nobody notices while it is settled.
// A rating that a split has no place for is refused, and says which ones it takes.
func TestRatingsOutsideTheRange(t *testing.T) {
	a := openWith(t, `
data: ./data
providers: {up: {dialect: openai, base_url: URL/v1}}
models:
  old: {provider: up}
  new: {provider: up}
  test: {split: {by: user, arms: {old: 0.5, new: 0.5}, range: [1, 5]}}
`)
	serving(t, a, func(url string) {
		_, trace := putTraced(t, url, "test", says("user", "hi"))
		err := feedback{a}.AddFeedback(t.Context(), model.DefaultTenant, server.Feedback{Trace: trace, Rating: new(7.0)})
		var wrong *model.Error
		if !errors.As(err, &wrong) || wrong.Kind != model.Invalid || wrong.Field != "rating" || !strings.Contains(err.Error(), "7 is not from 1 to 5, the range of split test") {
			t.Errorf("a rating of 7 of 5: %v", err)
		}
		if err := (feedback{a}).AddFeedback(t.Context(), model.DefaultTenant, server.Feedback{Trace: trace, Rating: new(5.0)}); err != nil {
			t.Error(err)
		}
	})
}

func TestSettledSplitsAreNotAnalysed(t *testing.T) {
	a := openConfig(t, `
data: ./data
providers: {p: {dialect: openai, base_url: URL/v1}}
models:
  old: {provider: p}
  new: {provider: p}
  test: {split: {by: user, arms: {old: 0.5, new: 0.5}, promote: auto}}
`)
	a.plant.Load().Config.Models["test"].Split.Margin = 2
	if a.promoteSafe(t.Context()) == nil {
		t.Fatal("a split that divides requests is not analysed")
	}
	settled := store.Settlement{Split: "test", Arm: "new", Evidence: json.RawMessage("{}")}
	if _, err := a.store.Settle(t.Context(), model.DefaultTenant, settled); err != nil {
		t.Fatal(err)
	}
	if err := a.promoteSafe(t.Context()); err != nil {
		t.Errorf("a settled split is analysed: %v", err)
	}
}
