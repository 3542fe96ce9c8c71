// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package refine

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"retort/dataset"
)

// topics returns examples whose texts have two words of their label among common ones, with 5 % of other labels, whose places it returns.
// The last label is rare.
func topics(n int) (examples []dataset.Example, planted map[int]bool) {
	draw := rand.New(rand.NewPCG(7, 7))
	planted = map[int]bool{}
	for i := range n {
		label := draw.IntN(5)
		if i%100 == 0 {
			label = 5
		}
		text := fmt.Sprintf("w%d topic%d w%d subject%d w%d", draw.IntN(40), label, draw.IntN(40), label, draw.IntN(40))
		if draw.IntN(20) == 0 {
			label, planted[i] = (label+1+draw.IntN(4))%5, true
		}
		examples = append(examples, dataset.Example{Text: text, Label: fmt.Sprint("l", label), Line: i + 1})
	}
	return examples, planted
}

func TestASampleTeachesToJudgeAll(t *testing.T) {
	examples, planted := topics(6000)
	d := NewDoubts(examples, nil)
	last, total := -1, 0
	err := d.Learn(t.Context(), Learning{Most: 600, Seed: 3, Progress: func(done, of int) {
		if done < last || done > of {
			t.Errorf("progress goes from %d to %d of %d", last, done, of)
		}
		last, total = done, of
	}})
	if err != nil {
		t.Fatal(err)
	}
	if d.learned < 600 || d.learned > 640 || total != d.learned+6000 {
		t.Errorf("learned from %d, with %d in all to do", d.learned, total)
	}
	ranked, likely := d.Ranked()
	found := 0
	for _, s := range ranked[:len(planted)] {
		if planted[s.Example] {
			found++
		}
	}
	if found < len(planted)*9/10 || likely < len(planted)*8/10 || likely > len(planted)*13/10 {
		t.Errorf("%d of %d wrong labels are first in the ranking; %d estimated", found, len(planted), likely)
	}
	report := d.Report()
	if report.Detail["judged"] != 6000 || report.Detail["learned_from"] != d.learned {
		t.Errorf("report %v", report.Detail)
	}
	again := NewDoubts(examples, nil)
	if err := again.Learn(t.Context(), Learning{Most: 600, Seed: 3}); err != nil {
		t.Fatal(err)
	}
	if other, n := again.Ranked(); n != likely || !slices.Equal(other, ranked) {
		t.Error("the same examples and seed have another ranking")
	}
}

func TestSampleHasAllLabels(t *testing.T) {
	examples, _ := topics(6000)
	of := func(rows []int32) map[string]int {
		n := map[string]int{}
		for _, i := range rows {
			n[examples[i].Label]++
		}
		return n
	}
	d := NewDoubts(examples, nil)
	rows := d.sample(600, 1)
	if n := of(rows); n["l5"] != floor || n["l0"] < 100 || !slices.IsSorted(rows) {
		t.Errorf("the sample has %v", n)
	}
	if again := d.sample(600, 2); slices.Equal(rows, again) {
		t.Error("another seed draws the same")
	}
	if all := d.sample(6000, 1); len(all) != 6000 || all[5999] != 5999 {
		t.Errorf("%d of 6000 where all are wanted", len(all))
	}
	grown, _ := topics(6500) // begins with the same
	both := 0
	for _, i := range NewDoubts(grown, nil).sample(650, 1) {
		if _, found := slices.BinarySearch(rows, i); found {
			both++
		}
	}
	if both < 500 {
		t.Errorf("%d of %d examples are drawn again from a set that has grown", both, len(rows))
	}
}

func TestLearningCanBeStopped(t *testing.T) {
	examples, _ := topics(6000)
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("stop")
	d := NewDoubts(examples, nil)
	err := d.Learn(ctx, Learning{Most: 300, Progress: func(done, of int) {
		if done >= d.learned && d.learned > 0 {
			cancel(stop)
		}
	}})
	if !errors.Is(err, stop) {
		t.Errorf("got %v, want the cause of the end", err)
	}
}

func TestAnswersInTheirOwnWordsAreNotJudged(t *testing.T) {
	var own, many []dataset.Example
	for i := range 4000 {
		own = append(own, dataset.Example{Text: fmt.Sprint("question ", i), Label: fmt.Sprint("answer ", i)})
		many = append(many, dataset.Example{Text: fmt.Sprint("question ", i), Label: fmt.Sprint("answer ", i/3)})
	}
	for name, c := range map[string]struct {
		examples []dataset.Example
		want     string
	}{
		"all different": {own, "no two labels have 3 examples"},
		"many labels":   {many, "1333 labels are too many; there may be 1000"},
		"one label":     {slices.Repeat(own[:1], 5), "there are no two labels"},
	} {
		left, report := run(t, "errors", Options{}, slices.Clone(c.examples))
		if report.Detail["not_done"] != c.want || len(left) != len(c.examples) {
			t.Errorf("%s: %v, %d left; want %q", name, report.Detail, len(left), c.want)
		}
	}
	topical, _ := topics(300)
	_, report := run(t, "errors", Options{}, append(topical, own...))
	if report.Detail["judged"] != 300 {
		t.Errorf("beside 4000 answers that occur once %v of 300 others are judged", report.Detail["judged"])
	}
}
