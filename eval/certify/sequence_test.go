// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package certify

import (
	"math"
	"testing"
)

var (
	common = Goal{Agreement: 0.95, Confidence: 0.95}
	plain  = rule{Goal: common, most: math.Inf(1)}
)

func TestSequenceSpendsDelta(t *testing.T) {
	for _, goal := range []Goal{common, {0.5, 0.9}, {0.99, 0.99}, {0.8, 0.5}} {
		for _, n := range []int{1, 2, 58, 59, 60, 200, 1000, 2500, 10003, 40000} {
			tests := rule{Goal: goal, most: math.Inf(1)}.sequence(n)
			var spent float64
			last := 0
			for _, s := range tests {
				spent += s.alpha
				if s.rank <= last || s.rank > n {
					t.Fatalf("n=%d goal=%v: rank %d after %d", n, goal, s.rank, last)
				}
				last = s.rank
			}
			if last != n {
				t.Errorf("n=%d goal=%v: the last test is at %d, want all labels", n, goal, last)
			}
			if delta := 1 - goal.Confidence; math.Abs(spent-delta) > 1e-12 {
				t.Errorf("n=%d goal=%v: spends %v of δ=%v", n, goal, spent, delta)
			}
		}
	}
}

func TestSequenceTestsWhereOneMoreIsAffordable(t *testing.T) {
	tests := plain.sequence(500) // one start only
	for i, s := range tests[:len(tests)-1] {
		e := plain.affordable(s.rank, 0.05)
		if plain.affordable(s.rank-1, 0.05) != e-1 {
			t.Errorf("rank %d affords %d disagreements, and so does the rank before", s.rank, e)
		}
		if i > 0 && plain.affordable(tests[i-1].rank, 0.05) != e-1 {
			t.Errorf("ranks %d and %d skip a number of disagreements", tests[i-1].rank, s.rank)
		}
	}
}

func TestLeastSizes(t *testing.T) {
	// Sizes of zero-, one- and two-failure demonstrations of 95 % at 95 %, as in tables of success-run testing.
	for e, want := range []int{59, 93, 124, 153, 181} {
		if got := plain.leastWith(e, 1, 0.05); got != want {
			t.Errorf("least size with %d disagreements is %d, want %d", e, got, want)
		}
	}
	if got := plain.leastLabels(0.05); got != 59 {
		t.Errorf("least size with none is %d, want 59", got)
	}
}

func TestFallbackStartsAfresh(t *testing.T) {
	// The surest few are wrong, as when a teacher has a blind spot, but the student is right on nearly all else.
	judged := make([]Judgement, 10000)
	for i := range judged {
		judged[i] = Judgement{Score: 1 - float64(i)/10001, Agree: i >= 50 && i%50 != 0}
	}
	c, err := Strict(judged, common)
	if err != nil {
		t.Fatal(err)
	}
	if c.Coverage != 1 || c.Status != Certified {
		t.Errorf("got %v, want everything answered", c)
	}
}
