// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package eval

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFrontierByHand(t *testing.T) {
	points := []Point{
		{"small", 0.6, 1}, {"middle", 0.7, 3}, {"large", 0.9, 5}, {"waste", 0.65, 4}, {"twin", 0.9, 5}, {"best", 0.92, 9}, {"free", 0.2, 0},
	}
	want := []Place{
		{Point: points[0], Hull: true},
		{Point: points[1], Gap: 0.05},
		{Point: points[2], Hull: true},
		{Point: points[3], DominatedBy: "middle", Gap: 0.175},
		{Point: points[4]},
		{Point: points[5], Hull: true},
		{Point: points[6], Hull: true},
	}
	if diff := cmp.Diff(want, Frontier(points), near); diff != "" {
		t.Error(diff)
	}
	hull := HullOf(points)
	for _, c := range []struct{ cost, want float64 }{{-1, 0.2}, {0, 0.2}, {0.5, 0.4}, {1, 0.6}, {3, 0.75}, {7, 0.91}, {9, 0.92}, {100, 0.92}} {
		if got := hull.At(c.cost); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("at %v: %v, want %v", c.cost, got, c.want)
		}
	}
	if got := hull.Area(1, 5); math.Abs(got-0.75) > 1e-12 {
		t.Errorf("area %v, want that of a trapezium", got)
	}
	if got := hull.Area(5, 1); math.Abs(got-0.75) > 1e-12 || hull.Area(3, 3) != hull.At(3) || Hull(nil).At(1) != 0 {
		t.Errorf("area %v the other way round", got)
	}
}

func TestHullIsAboveAllPoints(t *testing.T) {
	for seed := range uint64(200) {
		rng := rand.New(rand.NewPCG(seed, 3))
		points := make([]Point, 1+rng.IntN(12))
		for i := range points {
			points[i] = Point{Quality: float64(rng.IntN(6)) / 5, Cost: float64(rng.IntN(6))}
		}
		hull := HullOf(points)
		for _, p := range points {
			if hull.At(p.Cost) < p.Quality-1e-12 {
				t.Fatalf("seed %d: %v is above the hull %v", seed, p, hull)
			}
		}
		for i := 1; i < len(hull); i++ {
			if hull[i].Cost <= hull[i-1].Cost || hull[i].Quality <= hull[i-1].Quality {
				t.Fatalf("seed %d: the hull does not rise: %v", seed, hull)
			}
		}
		for i, p := range Frontier(points) {
			if p.Hull && p.DominatedBy != "" {
				t.Fatalf("seed %d: point %d is on the hull and dominated: %v", seed, i, points)
			}
		}
	}
}

// routed are two parts and a router between them that draws at random, and so lies on the line between the two.
func routed(rng *rand.Rand, n int, skill float64) (weak, strong, blend Series) {
	weak, strong, blend = Series{Name: "weak"}, Series{Name: "strong"}, Series{Name: "blend"}
	for range n {
		w, s := 0.0, 0.0
		if rng.Float64() < 0.6 {
			w = 1
		}
		if rng.Float64() < 0.85 {
			s = 1
		}
		toStrong := rng.Float64() < 0.4
		if rng.Float64() < skill {
			toStrong = s > w
		}
		weak.Quality, weak.Cost = append(weak.Quality, w), append(weak.Cost, 0.1+0.02*rng.Float64())
		strong.Quality, strong.Cost = append(strong.Quality, s), append(strong.Cost, 1+rng.Float64())
		i := len(weak.Quality) - 1
		if toStrong {
			blend.Quality, blend.Cost = append(blend.Quality, s), append(blend.Cost, strong.Cost[i])
		} else {
			blend.Quality, blend.Cost = append(blend.Quality, w), append(blend.Cost, weak.Cost[i])
		}
	}
	return weak, strong, blend
}

func TestPositionHoldsItsConfidence(t *testing.T) {
	got, chance := coverage(200, func(rng *rand.Rand, seed uint64) bool {
		weak, strong, blend := routed(rng, 300, 0)
		p, err := PositionOf(blend, []Series{weak, strong}, CompareOptions{Resamples: 200, Seed: seed})
		if err != nil {
			t.Fatal(err)
		}
		return p.Gain.Lower <= 0 && p.Gain.Upper >= 0
	})
	if got < 0.95-chance-0.01 {
		t.Errorf("%v of the intervals of a router without skill hold 0", got)
	}
	rng := rand.New(rand.NewPCG(1, 1))
	weak, strong, blend := routed(rng, 500, 0.5)
	p, err := PositionOf(blend, []Series{weak, strong}, CompareOptions{})
	if err != nil || p.Gain.Lower <= 0 {
		t.Errorf("a router with skill: %+v, %v", p, err)
	}
	if p.Saving != nil && *p.Saving <= 0 {
		t.Errorf("saves %v", *p.Saving)
	}
}

func TestPositionAtTheEnds(t *testing.T) {
	ones := func(v float64) []float64 { return slices.Repeat([]float64{v}, 10) }
	part := Series{Name: "part", Quality: ones(0.5), Cost: ones(2)}
	same, err := PositionOf(Series{Name: "b", Quality: ones(0.5), Cost: ones(1)}, []Series{part}, CompareOptions{Resamples: 10})
	if err != nil || same.Gain.Value != 0 || *same.Saving != 0.5 {
		t.Errorf("half the cost for the same: %+v, %v", same, err)
	}
	better, err := PositionOf(Series{Name: "b", Quality: ones(0.7), Cost: ones(9)}, []Series{part}, CompareOptions{Resamples: 10})
	if err != nil || math.Abs(better.Gain.Value-0.2) > 1e-12 || better.Saving != nil {
		t.Errorf("better than all: %+v, %v", better, err)
	}
	free := part
	free.Cost = ones(0)
	if p, err := PositionOf(free, []Series{free}, CompareOptions{Resamples: 10}); err != nil || p.Saving != nil {
		t.Errorf("free beside free: %+v, %v", p, err)
	}
	for _, bad := range []struct {
		blend Series
		parts []Series
		want  string
	}{{part, nil, "no parts"}, {Series{Name: "b", Quality: ones(1)}, []Series{part}, "no costs"}} {
		if _, err := PositionOf(bad.blend, bad.parts, CompareOptions{}); err == nil || !strings.Contains(err.Error(), bad.want) {
			t.Errorf("error %v, want one with %q", err, bad.want)
		}
	}
}

func TestOracle(t *testing.T) {
	a := Series{Name: "a", Quality: []float64{1, 0, 0, 1}, Cost: []float64{4, 4, 4, 4}}
	b := Series{Name: "b", Quality: []float64{1, 1, 0, 0}, Cost: []float64{1, 1, 1, 1}}
	o, err := OracleOf([]Series{a, b}, CompareOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if o.Quality.Value != 0.75 || o.Cost != 1.75 {
		t.Errorf("got %+v", o)
	}
	if diff := cmp.Diff(map[string]float64{"a": 0.25, "b": 0.75}, o.Share, near); diff != "" {
		t.Error(diff)
	}
	regret, err := o.Regret(a)
	if err != nil || regret.Value != 0.25 || regret.Lower < 0 || regret.Upper <= 0.25 {
		t.Errorf("regret %+v, %v", regret, err)
	}
	a.Cost = nil
	if o, err = OracleOf([]Series{a, b}, CompareOptions{}); err != nil || o.Cost != 0 || o.Share["a"] != 0.75 {
		t.Errorf("without costs: %+v, %v", o, err)
	}
	if _, err := o.Regret(Series{Name: "c"}); err == nil || !strings.Contains(err.Error(), `regret of "c"`) {
		t.Errorf("error %v", err)
	}
}
