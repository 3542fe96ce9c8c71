// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package active

import (
	"math"
	"slices"
	"testing"
)

func TestIndexIsTheCosine(t *testing.T) {
	texts := []string{"lost my card", "Lost  my card", "where is the parcel", "card", "", "日本語の手紙", "日本語の本"}
	x := newIndex(texts)
	sums := make([]float32, len(texts))
	var touched []int32
	likeness := func(i int) []float64 {
		out := make([]float64, len(texts))
		x.like(i, sums, &touched, func(j int, s float32) { out[j] = float64(s) })
		return out
	}
	first := likeness(0)
	if math.Abs(first[0]-1) > 1e-5 || math.Abs(first[1]-1) > 1e-5 || first[3] <= 0.1 || first[3] >= 0.9 || first[4] != 0 || first[5] != 0 {
		t.Errorf("likeness of %q to all: %v", texts[0], first)
	}
	if s := likeness(5); s[6] <= 0 {
		t.Errorf("texts without spaces have nothing in common: %v", s)
	}
	for i := range texts {
		for j, s := range likeness(i) {
			if back := likeness(j)[i]; math.Abs(s-back) > 1e-6 {
				t.Errorf("likeness of %d to %d is %v, and %v back", i, j, s, back)
			}
		}
	}
	if slices.ContainsFunc(sums, func(s float32) bool { return s != 0 }) {
		t.Errorf("sums are left: %v", sums)
	}
}

func TestSpreadTakesTheWorthiestAndThenOthers(t *testing.T) {
	texts := []string{"lost my card yesterday", "lost my card yesterday!", "parcel has not come", "exchange rate of the euro"}
	got := spread(texts, []float64{1, 0.99, 0.6, 0.5}, 3)
	if want := []int{0, 2, 3}; !slices.Equal(got, want) {
		t.Errorf("took %v, want %v", got, want)
	}
	if got := spread(texts, []float64{0, 0, 0, 0}, 9); len(got) != 4 {
		t.Errorf("took %v of four worthless texts", got)
	}
	if got := spread(nil, nil, 3); len(got) != 0 {
		t.Errorf("took %v of none", got)
	}
}

// The greedy choice is as good as the plain one that looks at all at each step.
func TestGreedyAgainstAllSums(t *testing.T) {
	texts := make([]string, 60)
	for i, e := range mail(60) {
		texts[i] = e.Text
	}
	x := newIndex(texts)
	alike := make([][]float64, len(texts))
	sums := make([]float32, len(texts))
	var touched []int32
	for i := range texts {
		alike[i] = make([]float64, len(texts))
		x.like(i, sums, &touched, func(j int, s float32) { alike[i][j] = float64(s) })
	}
	near := make([]float64, len(texts))
	taken := make([]bool, len(texts))
	for step, got := range represent(texts, 10) {
		gain := func(i int) (sum float64) {
			for j := range texts {
				sum += max(0, alike[i][j]-near[j])
			}
			return sum
		}
		for i := range texts {
			if !taken[i] && gain(i) > gain(got)+1e-4 {
				t.Fatalf("step %d took a gain of %v, and %d has %v", step, gain(got), i, gain(i))
			}
		}
		taken[got] = true
		for j := range near {
			near[j] = max(near[j], alike[got][j])
		}
	}
}

func TestStrangeness(t *testing.T) {
	var known, fresh []string
	for i, e := range mail(300) {
		if i < 200 {
			known = append(known, e.Text)
		} else {
			fresh = append(fresh, e.Text)
		}
	}
	s := strangeness(append(fresh, "quarterly vat statement", "zzz"), known)
	usual := 0
	for _, x := range s[:len(fresh)] {
		if x == 0 {
			usual++
		}
	}
	if usual < 85 {
		t.Errorf("only %d of %d fresh texts of the same kind are usual", usual, len(fresh))
	}
	if s[len(fresh)] < 0.5 || s[len(fresh)+1] < 0.8 {
		t.Errorf("texts of another kind are strange by %v", s[len(fresh):])
	}
}
