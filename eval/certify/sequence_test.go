// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package certify

import (
	"math"
	"testing"
)

var (
	common = Goal{Agreement: 0.95, Confidence: 0.95}
	plain  = rule{Goal: common, most: math.Inf(1), dense: dense}
)

func TestSequenceSpendsDelta(t *testing.T) {
	for i, goal := range []Goal{common, {0.5, 0.9}, {0.99, 0.99}, {0.8, 0.5}, common} {
		by := rule{Goal: goal, most: math.Inf(1), dense: dense}
		if i == 4 {
			by.most, by.dense = crossFittedMost, math.MaxInt
		}
		for _, n := range []int{1, 2, 58, 59, 60, 200, 1000, 2500, 10003, 40000} {
			tests := by.sequence(n)
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
	coarse := plain
	coarse.dense = math.MaxInt
	tests := coarse.sequence(500) // one start only
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

func TestSequenceGetsDense(t *testing.T) {
	tests := plain.sequence(1500) // one start only
	every := 0
	for i, s := range tests[:len(tests)-1] {
		next, e := tests[i+1].rank, plain.affordable(s.rank, 0.05)
		if e >= dense {
			every++
		}
		if e >= dense && next != s.rank+1 {
			t.Errorf("no test between ranks %d and %d, though %d disagreements are affordable", s.rank, next, e)
		}
		if e < dense && plain.affordable(next-1, 0.05) != e {
			t.Errorf("ranks %d and %d skip a number of disagreements", s.rank, next)
		}
	}
	if every < 1000 {
		t.Errorf("%d of 1,500 ranks are tested where all are", every)
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

func TestCrossFittedCountsForLess(t *testing.T) {
	r := rule{Goal: common, most: crossFittedMost, dense: math.MaxInt}
	for _, c := range []struct {
		k    int
		want float64
	}{{100, 93.75}, {1500, 750}, {1_000_000, 1497.75}} {
		if got := float64(c.k) * r.worth(c.k); math.Abs(got-c.want) > 0.01 {
			t.Errorf("%d judgements count for %.2f, want %.2f", c.k, got, c.want)
		}
		if plain.worth(c.k) != 1 {
			t.Errorf("of %d unseen judgements each counts for %v", c.k, plain.worth(c.k))
		}
	}
	// 4,000 labels that agree on 95.8 %: enough when unseen, not when cross-fitted.
	judged := make([]Judgement, 4000)
	for i := range judged {
		judged[i] = Judgement{Score: 1 - float64(i)/4000, Agree: i < 2000 || i%12 != 0}
	}
	strict, _ := Strict(judged, common)
	crossed, _ := CrossFitted(judged, common)
	if strict.Coverage != 1 || crossed.Answered >= strict.Answered {
		t.Errorf("strict %v, cross-fitted %v", strict, crossed)
	}
}
