// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package confident

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestThresholdsAreTheLabelsOwn(t *testing.T) {
	// The model is bold about label 0 and shy about label 1, so the same probabilities mean different things.
	table := NewTable(41, 2)
	for i := range 20 {
		table.Set(i, 0, []float32{0.99, 0.01})
	}
	for i := 20; i < 40; i++ {
		table.Set(i, 1, []float32{0.45, 0.55})
	}
	table.Set(40, 0, []float32{0.3, 0.7})
	f := table.Find()
	if f.Judged != 41 {
		t.Errorf("judged %d, want 41", f.Judged)
	}
	if first := f.Ranked[0]; first.Example != 40 || first.Given != 0 || first.Suggested != 1 || first.Score >= 0 || !first.Likely {
		t.Errorf("the most suspicious is %+v, want example 40, likely 1 instead of 0", first)
	}
	if f.Errors > 2 {
		t.Errorf("%d errors estimated, want about one", f.Errors)
	}
	for _, s := range f.Ranked[1:] {
		if s.Given == 1 && s.Score < 0 {
			t.Errorf("%+v: shy answers are no evidence against their label", s)
		}
	}
}

func TestPlantedErrorsComeFirst(t *testing.T) {
	const n, classes, every = 2000, 10, 20
	random := rand.New(rand.NewPCG(1, 2))
	table := NewTable(n, classes)
	for i := range n {
		truth := i % classes
		row := make([]float32, classes)
		rest := float32(0.1 + 0.6*random.Float64())
		for c := range row {
			row[c] = rest / (classes - 1)
		}
		row[truth] = 1 - rest
		label := truth
		if i%every == 3 {
			label = (truth + 1 + random.IntN(classes-1)) % classes
		}
		table.Set(i, label, row)
	}
	f := table.Find()
	found := 0
	for _, s := range f.Ranked[:n/10] {
		if s.Example%every == 3 {
			found++
		}
	}
	if found != n/every {
		t.Errorf("%d of %d planted errors are in the first tenth", found, n/every)
	}
	if f.Errors < n/every*8/10 || f.Errors > n/every*14/10 {
		t.Errorf("%d errors estimated of %d", f.Errors, n/every)
	}
	total := 0
	for _, p := range f.Pairs {
		if p.Given == p.Believed {
			t.Errorf("pair %+v is no error", p)
		}
		total += p.Examples
	}
	if total == 0 {
		t.Error("no pairs of labels")
	}
}

func TestFindCopesWithLittle(t *testing.T) {
	for name, table := range map[string]*Table{
		"nothing":      NewTable(0, 3),
		"nothing set":  NewTable(4, 3),
		"no classes":   NewTable(2, 0),
		"one class":    one(NewTable(1, 1)),
		"zero classes": one(NewTable(1, 3)),
	} {
		f := table.Find()
		for _, s := range f.Ranked {
			if math.IsNaN(s.Score) || math.IsInf(s.Score, 0) {
				t.Errorf("%s: score %v", name, s.Score)
			}
		}
		if f.Errors > f.Judged {
			t.Errorf("%s: %d errors of %d", name, f.Errors, f.Judged)
		}
	}
}

func one(t *Table) *Table {
	t.Set(0, 0, make([]float32, t.classes)) // all zero, as of a model that knows none of the labels
	return t
}
