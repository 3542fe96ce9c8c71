// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package eval

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestGapRecovered(t *testing.T) {
	weak, strong := []float64{1, 0, 0, 1}, []float64{1, 1, 1, 1}
	cases := []struct {
		name  string
		score []float64
		want  float64
	}{
		// The gap is half a point a request; two of the four requests have all of it.
		{"best first", []float64{0, 2, 1, -1}, 0.75},
		{"worst first", []float64{1, 0, 0, 2}, 0.25},
		{"all alike", []float64{7, 7, 7, 7}, 0.5},
	}
	for _, c := range cases {
		got, err := GapRecovered(c.score, weak, strong)
		if err != nil || math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%s: %v, want %v (%v)", c.name, got, c.want, err)
		}
	}
}

// TestGapRecoveredByChance checks that scores that know nothing recover half the gap on average.
func TestGapRecoveredByChance(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	const requests, runs = 500, 200
	weak, strong := make([]float64, requests), make([]float64, requests)
	for i := range weak {
		weak[i], strong[i] = math.Round(random.Float64()*0.8), math.Round(min(1, 0.2+random.Float64()))
	}
	sum := 0.0
	score := make([]float64, requests)
	for range runs {
		for i := range score {
			score[i] = random.Float64()
		}
		got, err := GapRecovered(score, weak, strong)
		if err != nil {
			t.Fatal(err)
		}
		sum += got
	}
	if mean := sum / runs; math.Abs(mean-0.5) > 0.02 {
		t.Errorf("mean %.4f, want 0.5", mean)
	}
}

func TestGapRecoveredRejects(t *testing.T) {
	nan := math.NaN()
	for name, c := range map[string][3][]float64{
		"nothing":         {},
		"lengths":         {{1}, {1, 2}, {1}},
		"no score":        {{nan}, {0}, {1}},
		"no quality":      {{1}, {nan}, {1}},
		"not the better":  {{1}, {1}, {0}},
		"infinite":        {{1}, {0}, {math.Inf(1)}},
		"neither is best": {{1}, {1}, {1}},
	} {
		if got, err := GapRecovered(c[0], c[1], c[2]); err == nil {
			t.Errorf("%s: %v and no error", name, got)
		}
	}
}
