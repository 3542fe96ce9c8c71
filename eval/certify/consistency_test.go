// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package certify

import (
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestFeasible(t *testing.T) {
	cases := []struct {
		name        string
		same, asked int
		target      float64
		refused     bool
		doubtful    bool
	}{
		{"steady teacher", 300, 300, 0.95, false, false},
		{"five in a hundred at random, asked often", 1805, 2000, 0.95, true, false},
		{"below, but by chance perhaps", 186, 200, 0.95, false, true},
		{"lower target", 1805, 2000, 0.88, false, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			k, err := MeasureConsistency(c.same, c.asked, 0.95)
			if err != nil {
				t.Fatal(err)
			}
			var refusal *InfeasibleError
			err = Feasible(c.target, k)
			if errors.As(err, &refusal) != c.refused {
				t.Errorf("error %v, want refused %v", err, c.refused)
			}
			if (Doubtful(c.target, k) != "") != c.doubtful {
				t.Errorf("warning %q, want one: %v", Doubtful(c.target, k), c.doubtful)
			}
			if c.refused && !strings.Contains(err.Error(), "1805 of 2000 times (90.2 %") {
				t.Errorf("the explanation lacks its numbers: %v", err)
			}
		})
	}
	for _, bad := range [][2]int{{0, 0}, {3, 2}, {-1, 5}} {
		if _, err := MeasureConsistency(bad[0], bad[1], 0.95); err == nil {
			t.Errorf("%d of %d is accepted", bad[0], bad[1])
		}
	}
	if _, err := MeasureConsistency(1, 2, 95); err == nil {
		t.Error("confidence 95 is accepted")
	}
}

// TestNoiseTakesCoverage shows why Feasible exists: with one label in twenty replaced at random, a student that ranks
// as well as before can answer almost nothing at a target of 95 %.
func TestNoiseTakesCoverage(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	coverage := func(noise float64) float64 {
		var judged []Judgement
		for range 20000 {
			u := rng.Float64()
			right := rng.Float64() < 1-0.35*math.Pow(1-u, 4)
			judged = append(judged, Judgement{Score: u, Agree: right && rng.Float64() >= noise})
		}
		c, err := Strict(judged, common)
		if err != nil {
			t.Fatal(err)
		}
		return c.Coverage
	}
	if clean, noisy := coverage(0), coverage(0.05); clean < 0.9 || noisy > 0.25 {
		t.Errorf("coverage is %.2f without noise and %.2f with it", clean, noisy)
	}
}

func TestCeiling(t *testing.T) {
	k, err := MeasureConsistency(9025, 10000, 0.95)
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(k.Ceiling()-0.95) > 1e-12 {
		t.Errorf("ceiling %v, want 0.95", k.Ceiling())
	}
}
