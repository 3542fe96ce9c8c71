// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package eval

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func items(pairs ...string) []Item {
	out := make([]Item, len(pairs))
	for i, p := range pairs {
		out[i].Gold, out[i].Predicted, _ = strings.Cut(p, ">")
	}
	return out
}

var near = cmpopts.EquateApprox(0, 1e-12)

func TestMeasureByHand(t *testing.T) {
	m, err := Measure(items("a>a", "a>a", "a>b", "b>b", "b>", "c>a", "b>d", "a>b"), MeasureOptions{})
	if err != nil {
		t.Fatal(err)
	}
	classes := []Class{
		{Label: "a", Precision: 2.0 / 3, Recall: 0.5, F1: 4.0 / 7, Support: 4, Predicted: 3},
		{Label: "b", Precision: 1.0 / 3, Recall: 1.0 / 3, F1: 1.0 / 3, Support: 3, Predicted: 3},
		{Label: "c", Support: 1},
		{Label: "d", Predicted: 1},
	}
	if diff := cmp.Diff(classes, m.Classes, near); diff != "" {
		t.Error(diff)
	}
	confusions := []Confusion{{"a", "b", 2}, {"b", "", 1}, {"b", "d", 1}, {"c", "a", 1}}
	if diff := cmp.Diff(confusions, m.Confusions); diff != "" {
		t.Error(diff)
	}
	if m.Right != 3 || m.Unanswered != 1 || m.Accuracy.Value != 3.0/8 || m.Calibration != nil {
		t.Errorf("got %+v", m)
	}
	if want := (4.0/7 + 1.0/3) / 4; math.Abs(m.MacroF1.Value-want) > 1e-12 {
		t.Errorf("macro-F1 %v, want %v", m.MacroF1.Value, want)
	}
}

func TestWilsonAgainstTable(t *testing.T) {
	// Printed in the literature on intervals for proportions: 81 of 263 and 15 of 148 at 95 %.
	cases := []struct {
		right, n  int
		low, high float64
	}{{81, 263, 0.2553, 0.3662}, {15, 148, 0.0624, 0.1605}, {0, 20, 0, 0.1611}, {29, 29, 0.8830, 1}}
	for _, c := range cases {
		got := wilson(float64(c.right), c.n, 0.95)
		if math.Abs(got.Lower-c.low) > 6e-5 || math.Abs(got.Upper-c.high) > 6e-5 {
			t.Errorf("%d of %d: [%.4f, %.4f], want [%.4f, %.4f]", c.right, c.n, got.Lower, got.Upper, c.low, c.high)
		}
	}
}

func TestCalibrationByHand(t *testing.T) {
	labels := []string{"a", "b"}
	scored := []Item{
		{"a", "a", 0.9, []float64{0.9, 0.1}}, {"b", "a", 0.8, []float64{0.8, 0.2}},
		{"b", "b", 0.6, []float64{0.4, 0.6}}, {"a", "a", 0.7, []float64{0.7, 0.3}},
		{"x", "a", 0.5, []float64{0.5, 0.5}}, {Gold: "a", Predicted: "a"},
	}
	m, err := Measure(scored, MeasureOptions{Labels: labels, Bins: 2})
	if err != nil {
		t.Fatal(err)
	}
	c := m.Calibration
	if c.Items != 5 {
		t.Errorf("%d items, want the five scored ones", c.Items)
	}
	if want := (0.01 + 0.64 + 0.16 + 0.09 + 0.25) / 5; math.Abs(c.Brier.Value-want) > 1e-9 {
		t.Errorf("Brier %v, want %v", c.Brier.Value, want)
	}
	if want := (0.02 + 1.28 + 0.32 + 0.18 + 1.5) / 5; c.BrierAll == nil || math.Abs(c.BrierAll.Value-want) > 1e-9 {
		t.Errorf("Brier over all labels %v, want %v", c.BrierAll, want)
	}
	// Bins by rank: {0.5 wrong, 0.6 right, 0.7 right} and {0.8 wrong, 0.9 right}.
	if want := (math.Abs(0.5-0.4-0.3) + math.Abs(0.8-0.1)) / 5; math.Abs(c.ECE.Value-want) > 1e-6 {
		t.Errorf("ECE %v, want %v", c.ECE.Value, want)
	}
	scored[0].Distribution = nil
	if m, err = Measure(scored, MeasureOptions{Labels: labels}); err != nil || m.Calibration.BrierAll != nil {
		t.Errorf("with a distribution missing: %v, %v", m.Calibration.BrierAll, err)
	}
}

func TestMeasureRefusesBadInput(t *testing.T) {
	cases := []struct {
		name  string
		items []Item
		opt   MeasureOptions
		want  string
	}{
		{"nothing", nil, MeasureOptions{}, "there are no items"},
		{"no gold", []Item{{Gold: "a"}, {}}, MeasureOptions{}, "item 1: gold is empty"},
		{"score", []Item{{Gold: "a", Score: 1.5}}, MeasureOptions{}, "item 0: score 1.5"},
		{"NaN", []Item{{Gold: "a", Score: math.NaN()}}, MeasureOptions{}, "item 0: score NaN"},
		{"length", []Item{{Gold: "a", Distribution: []float64{1}}}, MeasureOptions{Labels: []string{"a", "b"}}, "1 entries for 2 labels"},
		{"probability", []Item{{Gold: "a", Distribution: []float64{-1}}}, MeasureOptions{Labels: []string{"a"}}, `probability of "a" is -1`},
		{"confidence", items("a>a"), MeasureOptions{Confidence: 95}, "confidence is 95"},
		{"bins", items("a>a"), MeasureOptions{Bins: -1}, "-1 bins"},
	}
	for _, c := range cases {
		if _, err := Measure(c.items, c.opt); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", c.name, err, c.want)
		}
	}
}

func TestConfusionsAreCut(t *testing.T) {
	var all []Item
	for i := range 50 {
		all = append(all, Item{Gold: fmt.Sprint("g", i), Predicted: "p"})
	}
	for _, c := range []struct{ ask, want int }{{0, 20}, {3, 3}, {-1, 50}} {
		m, err := Measure(all, MeasureOptions{Confusions: c.ask, Resamples: 10})
		if err != nil {
			t.Fatal(err)
		}
		if len(m.Confusions) != c.want {
			t.Errorf("asked for %d: %d confusions, want %d", c.ask, len(m.Confusions), c.want)
		}
	}
}

func TestMeasureIsDeterministic(t *testing.T) {
	sample := source{classes: 5}.draw(rand.New(rand.NewPCG(1, 1)), 300)
	a, _ := Measure(sample, MeasureOptions{Seed: 4})
	b, _ := Measure(sample, MeasureOptions{Seed: 4})
	c, _ := Measure(sample, MeasureOptions{Seed: 5})
	if diff := cmp.Diff(a, b); diff != "" {
		t.Errorf("same seed: %s", diff)
	}
	if a.MacroF1.Value != c.MacroF1.Value || a.MacroF1 == c.MacroF1 {
		t.Errorf("another seed should move the interval alone: %v, %v", a.MacroF1, c.MacroF1)
	}
}

// source draws items: class k has a share falling with k, is right more rarely the higher k, and the scores are true.
type source struct{ classes int }

func (s source) draw(rng *rand.Rand, n int) []Item {
	out := make([]Item, n)
	for i := range out {
		k := min(int(rng.ExpFloat64()*float64(s.classes)/3), s.classes-1)
		score := 1 - rng.Float64()*(0.1+0.6*float64(k)/float64(s.classes))
		out[i] = Item{Gold: fmt.Sprint(k), Predicted: fmt.Sprint(k), Score: score}
		if rng.Float64() > score {
			out[i].Predicted = fmt.Sprint(rng.IntN(s.classes))
		}
	}
	return out
}

// TestIntervalsCover draws many samples and counts how often the 90 % intervals hold the truth, which a very large
// sample stands in for. Bootstrap intervals are approximate: up to 5 points below nominal are allowed, none above 98.
func TestIntervalsCover(t *testing.T) {
	runs := 400
	if testing.Short() {
		runs = 100
	}
	src := source{classes: 6}
	opt := MeasureOptions{Confidence: 0.9, Resamples: 300}
	truth, err := Measure(src.draw(rand.New(rand.NewPCG(9, 9)), 1_000_000), MeasureOptions{Resamples: 1})
	if err != nil {
		t.Fatal(err)
	}
	figures := []struct {
		name string
		of   func(*Metrics) Estimate
		held int
	}{
		{"accuracy", func(m *Metrics) Estimate { return m.Accuracy }, 0},
		{"macro-F1", func(m *Metrics) Estimate { return m.MacroF1 }, 0},
		{"Brier", func(m *Metrics) Estimate { return m.Calibration.Brier }, 0},
	}
	for seed := range runs {
		opt.Seed = uint64(seed)
		m, err := Measure(src.draw(rand.New(rand.NewPCG(uint64(seed), 2)), 500), opt)
		if err != nil {
			t.Fatal(err)
		}
		for i := range figures {
			f := &figures[i]
			e, want := f.of(m), f.of(truth).Value
			if e.Lower <= want && want <= e.Upper {
				f.held++
			}
			if !(e.Lower <= e.Upper && e.Lower >= 0 && e.Upper <= 1) {
				t.Fatalf("%s: interval %+v", f.name, e)
			}
		}
	}
	for _, f := range figures {
		share := float64(f.held) / float64(runs)
		t.Logf("%s: %.3f of the 90 %% intervals hold %.4f", f.name, share, f.of(truth).Value)
		if slack := 3 * math.Sqrt(0.09/float64(runs)); share < 0.85-slack || share > 0.98 {
			t.Errorf("%s: %.3f of the 90 %% intervals hold the truth", f.name, share)
		}
	}
}

func BenchmarkMeasure(b *testing.B) {
	sample := source{classes: 77}.draw(rand.New(rand.NewPCG(1, 1)), 100_000)
	for b.Loop() {
		if _, err := Measure(sample, MeasureOptions{}); err != nil {
			b.Fatal(err)
		}
	}
}

func TestPointsOfNothingHaveNoMinus(t *testing.T) {
	if got := (Estimate{Value: math.Copysign(0, -1), Lower: -0.0004, Upper: 0.0004}).Points(); got != "+0.0 [+0.0, +0.0]" {
		t.Errorf("got %s", got)
	}
	if got := (Estimate{Value: 0.021, Lower: -0.003, Upper: 0.044}).Points(); got != "+2.1 [-0.3, +4.4]" {
		t.Errorf("got %s", got)
	}
}
