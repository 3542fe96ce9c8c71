// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package refine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"retort/dataset"
)

// run puts examples through one step.
func run(t *testing.T, plan string, o Options, examples []dataset.Example) ([]dataset.Example, dataset.StepReport) {
	t.Helper()
	p, err := ParsePlan(plan)
	if err != nil {
		t.Fatal(err)
	}
	steps, err := p.Steps(o)
	if err != nil {
		t.Fatal(err)
	}
	left, reports, err := dataset.Refine(t.Context(), slices.Clone(examples), steps, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(reports) != 1 {
		t.Fatalf("%d reports of %s", len(reports), plan)
	}
	return left, reports[0]
}

func ex(text, label string) dataset.Example { return dataset.Example{Text: text, Label: label} }

func gold(e dataset.Example) dataset.Example {
	e.Gold = true
	return e
}

func hard(e dataset.Example) dataset.Example {
	e.Hard = true
	return e
}

func TestSmallSteps(t *testing.T) {
	long := strings.Repeat("a long story ", 400)
	var sized []dataset.Example
	for i := range 30 {
		sized = append(sized, ex(strings.Repeat("x", 20+i), "a"))
	}
	english := func(i int) dataset.Example {
		return ex(fmt.Sprintf("what is the reason that my card number %d has not been sent to me yet", i), "a")
	}
	var spoken []dataset.Example
	for i := range 60 {
		spoken = append(spoken, english(i))
	}
	german := ex("warum ist meine Karte noch nicht bei mir angekommen, ich warte schon seit zwei Wochen darauf", "a")
	tests := []struct {
		name, plan               string
		in, want                 []dataset.Example
		removed, changed, flaged map[string]int
	}{
		{name: "corrections win", plan: "corrections",
			in:      []dataset.Example{ex("Hi", "a"), gold(ex("hi ", "b")), ex("HI", "b"), ex("ho", "a")},
			want:    []dataset.Example{gold(ex("Hi", "b")), gold(ex("hi ", "b")), gold(ex("HI", "b")), ex("ho", "a")},
			changed: map[string]int{"corrected": 1}},
		{name: "people who disagree change nothing", plan: "corrections",
			in:     []dataset.Example{ex("hi", "a"), gold(ex("hi", "b")), gold(ex("hi", "c"))},
			want:   []dataset.Example{ex("hi", "a"), gold(ex("hi", "b")), gold(ex("hi", "c"))},
			flaged: map[string]int{"people disagree": 1}},
		{name: "majority", plan: "contradictions",
			in:      []dataset.Example{ex("hi", "a"), ex("Hi", "b"), ex("hi ", "a"), ex("ho", "a")},
			want:    []dataset.Example{ex("hi", "a"), ex("hi ", "a"), ex("ho", "a")},
			removed: map[string]int{"outvoted": 1}},
		{name: "tie", plan: "contradictions",
			in:      []dataset.Example{ex("hi", "a"), ex("Hi", "b"), ex("ho", "a")},
			want:    []dataset.Example{ex("ho", "a")},
			removed: map[string]int{"labels tie": 2}},
		{name: "people outvote teachers", plan: "contradictions",
			in:      []dataset.Example{ex("hi", "a"), ex("hi", "a"), gold(ex("hi", "b"))},
			want:    []dataset.Example{gold(ex("hi", "b"))},
			removed: map[string]int{"outvoted": 2}},
		{name: "contradictions only listed", plan: "contradictions=list",
			in:     []dataset.Example{ex("hi", "a"), ex("Hi", "b")},
			want:   []dataset.Example{ex("hi", "a"), ex("Hi", "b")},
			flaged: map[string]int{"labels tie": 2}},
		{name: "duplicates keep other labels, and what is known", plan: "duplicates",
			in:      []dataset.Example{hard(ex("hi", "a")), gold(ex("Hi", "a")), ex("hi", "b"), ex("hi", "a")},
			want:    []dataset.Example{gold(ex("hi", "a")), ex("hi", "b")},
			removed: map[string]int{"same text and label": 2}},
		{name: "length", plan: "length",
			in:      append(slices.Clone(sized), ex(long, "a"), ex("?", "a")),
			want:    sized,
			removed: map[string]int{"far longer than the others": 1, "far shorter than the others": 1}},
		{name: "length only listed", plan: "length=list",
			in:     append(slices.Clone(sized), ex(long, "a")),
			want:   append(slices.Clone(sized), ex(long, "a")),
			flaged: map[string]int{"far longer than the others": 1}},
		{name: "language", plan: "language",
			in:      append(slices.Clone(spoken), german, ex("ok 1234", "a")),
			want:    append(slices.Clone(spoken), ex("ok 1234", "a")),
			removed: map[string]int{"in another language": 1}},
		{name: "few examples of a label", plan: "balance",
			in:     append(slices.Clone(sized), ex("hi", "rare")),
			want:   append(slices.Clone(sized), ex("hi", "rare")),
			flaged: map[string]int{"label with few examples": 1}},
		{name: "nothing", plan: "length", in: nil, want: nil},
		{name: "nothing to balance", plan: "balance=2", in: nil, want: nil},
		{name: "nothing to doubt", plan: "errors", in: nil, want: nil},
		{name: "one label", plan: "errors", in: sized, want: sized},
		{name: "objects", plan: "errors", in: []dataset.Example{ex("hi", `{"a":1}`)}, want: []dataset.Example{ex("hi", `{"a":1}`)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, report := run(t, tt.plan, Options{}, tt.in)
			if diff := cmp.Diff(tt.want, got); diff != "" && len(tt.want)+len(got) > 0 {
				t.Errorf("examples (-want +got):\n%s", diff)
			}
			for name, pair := range map[string][2]map[string]int{"removed": {tt.removed, report.Removed}, "changed": {tt.changed, report.Changed}, "flagged": {tt.flaged, report.Flagged}} {
				if diff := cmp.Diff(pair[0], pair[1]); diff != "" {
					t.Errorf("%s (-want +got):\n%s", name, diff)
				}
			}
			if report.In != len(tt.in) || report.Out != len(got) {
				t.Errorf("report says %d in and %d out", report.In, report.Out)
			}
		})
	}
}

func TestBalanceKeepsPeoplesLabelsAndHardlyMovesWithGrowth(t *testing.T) {
	var examples []dataset.Example
	for i := range 200 {
		examples = append(examples, ex(fmt.Sprint("text number ", i), "much"))
	}
	examples = append(examples, gold(ex("said by a person", "much")), ex("hi", "little"))
	few, report := run(t, "balance=20", Options{Seed: 1}, examples)
	if len(few) != 21 || report.Removed["more than the label may have"] != 181 {
		t.Fatalf("kept %d, removed %v", len(few), report.Removed)
	}
	if !slices.ContainsFunc(few, func(e dataset.Example) bool { return e.Gold }) {
		t.Error("a person's label was taken out while teachers' were kept")
	}
	more, _ := run(t, "balance=20", Options{Seed: 1}, append(slices.Clone(examples), ex("one more", "much")))
	moved := 0
	for _, e := range few {
		if !slices.ContainsFunc(more, func(o dataset.Example) bool { return o.Text == e.Text }) {
			moved++
		}
	}
	if moved > 1 {
		t.Errorf("one more example changed %d of those kept", moved)
	}
}

func TestAllStepsTellTheSameTwiceAndStopWhenTold(t *testing.T) {
	var examples []dataset.Example
	for i := range 300 {
		examples = append(examples, ex(fmt.Sprintf("please tell me what happened to order %d of last week", i%250), []string{"a", "b", "c"}[i%3]))
	}
	examples = append(examples, gold(ex("thank you for the quick answer", "c")))
	steps, err := Default().Steps(Options{Eval: []dataset.Example{ex("please tell me what happened to order 7 of last week", "a")}})
	if err != nil {
		t.Fatal(err)
	}
	var all [2][]dataset.StepReport
	for k := range all {
		if _, all[k], err = dataset.Refine(t.Context(), slices.Clone(examples), steps, nil); err != nil {
			t.Fatal(err)
		}
		for i := range all[k] {
			all[k][i].Seconds = 0
		}
	}
	if diff := cmp.Diff(all[0], all[1]); diff != "" {
		t.Errorf("two runs differ:\n%s", diff)
	}
	if len(all[0]) != len(Names()) {
		t.Errorf("%d reports of %d steps", len(all[0]), len(Names()))
	}
	stopped, stop := context.WithCancelCause(t.Context())
	why := errors.New("enough")
	stop(why)
	for _, s := range steps {
		if _, _, err := s.Apply(stopped, slices.Clone(examples), func(int, int) {}); !errors.Is(err, why) && !errors.Is(err, context.Canceled) {
			t.Errorf("step %s went on after it was stopped: %v", s.Name(), err)
		}
	}
}
