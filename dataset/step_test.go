// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package dataset

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// short is a step that takes out texts that are shorter than it, and flags those that are as long.
type short int

func (short) Name() string { return "short" }

func (n short) Apply(ctx context.Context, examples []Example, progress func(done, total int)) ([]Example, StepReport, error) {
	var report StepReport
	left := examples[:0]
	for i := range examples {
		progress(i, len(examples))
		switch e := &examples[i]; {
		case len(e.Text) < int(n):
			report.Remove("too short", e, "")
			continue
		case len(e.Text) == int(n):
			report.Flag("just long enough", e, "look at it")
		}
		left = append(left, examples[i])
	}
	return left, report, ctx.Err()
}

func TestRefineReportsEachStep(t *testing.T) {
	examples := []Example{{Text: "a", Source: "f.csv", Line: 2}, {Text: "bb", ID: "t1"}, {Text: "ccc"}}
	calls := 0
	left, reports, err := Refine(t.Context(), examples, []Step{short(2), short(3)}, func(string, int, int) { calls++ })
	if err != nil || len(left) != 1 || left[0].Text != "ccc" || calls != 5 {
		t.Fatalf("left %v after %d calls, %v", left, calls, err)
	}
	for i := range reports {
		reports[i].Seconds = 0
	}
	want := []StepReport{
		{Step: "short", In: 3, Out: 2, Removed: map[string]int{"too short": 1}, Flagged: map[string]int{"just long enough": 1}, Cases: []StepCase{
			{Reason: "too short", Origin: "f.csv:2", Text: "a"}, {Reason: "just long enough", Origin: "trace t1", Text: "bb", Note: "look at it"}}},
		{Step: "short", In: 2, Out: 1, Removed: map[string]int{"too short": 1}, Flagged: map[string]int{"just long enough": 1}, Cases: []StepCase{
			{Reason: "too short", Origin: "trace t1", Text: "bb"}, {Reason: "just long enough", Origin: "unknown", Text: "ccc", Note: "look at it"}}},
	}
	if diff := cmp.Diff(want, reports); diff != "" {
		t.Error(diff)
	}
}

func TestRefineStopsWhenInterrupted(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	stop()
	left, _, err := Refine(ctx, []Example{{Text: "a"}}, []Step{short(1)}, nil)
	if !errors.Is(err, context.Canceled) || left != nil {
		t.Errorf("got %v, %v", left, err)
	}
}

func TestReportsStaySmall(t *testing.T) {
	var r StepReport
	for range 3 * MaxCases {
		r.Remove("long", &Example{Text: strings.Repeat("𝒳", 1000)}, "")
	}
	if r.Removed["long"] != 3*MaxCases || len(r.Cases) != MaxCases || len([]rune(r.Cases[0].Text)) != 201 {
		t.Errorf("%d counted, %d cases, the first of %d letters", r.Removed["long"], len(r.Cases), len([]rune(r.Cases[0].Text)))
	}
}
