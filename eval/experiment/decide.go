// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package experiment

import (
	"fmt"
	"math"

	"retort/eval/anytime"
)

// decide finds out whether it is safe to stop.
func (a *analysis) decide(r *Result) {
	same := true
	for i := range r.Pairs {
		p := &r.Pairs[i]
		same = same && within(p.Outcome, a.plan.Margin) && within(p.Failures, a.plan.Margin)
	}
	r.Finding = NotYet
	for _, name := range a.plan.Arms {
		if finding, wins := r.wins(name, a.plan.Margin); wins {
			r.Finding, r.Winner = finding, name
			return
		}
	}
	if same {
		r.Finding = Same
		return
	}
	r.More = a.more(r)
}

// within reports whether a difference is shown to be below the margin, either way.
func within(i *anytime.Interval, margin float64) bool {
	return i != nil && i.Lower > -margin && i.Upper < margin
}

// wins reports whether an arm is better than every other, or as good and cheaper, and is shown to fail no more often than
// another by the margin. Who gets no answer seldom says so: outcomes alone would not notice.
func (r *Result) wins(name string, margin float64) (Finding, bool) {
	finding := Better
	for i := range r.Pairs {
		p, of := r.Pairs[i].seenFrom(name)
		outcome, cost := p.Outcome, p.Cost
		switch {
		case !of:
		case outcome == nil || p.Failures == nil || p.Failures.Upper >= margin:
			return NotYet, false
		case outcome.Lower > 0:
		case outcome.Lower > -margin && cost != nil && cost.Upper < 0:
			finding = Cheaper
		default:
			return NotYet, false
		}
	}
	return finding, true
}

// seenFrom returns a pair as seen from an arm, which is B then; false when it is not in the pair.
func (p *Pair) seenFrom(name string) (Pair, bool) {
	if name != p.A {
		return *p, name == p.B
	}
	return Pair{A: p.B, B: p.A, Outcome: mirrored(p.Outcome), Failures: mirrored(p.Failures), Cost: mirrored(p.Cost)}, true
}

func mirrored(i *anytime.Interval) *anytime.Interval {
	if i == nil {
		return nil
	}
	return &anytime.Interval{Value: -i.Value, Lower: -i.Upper, Upper: -i.Lower}
}

// more estimates how many more judged units it takes: intervals narrow with the root of their number. What decides is
// either a difference as large as that seen, or that there is none above the margin; the sooner of the two counts.
func (a *analysis) more(r *Result) int {
	judged := 0
	for i := range r.Arms {
		if r.Arms[i].Judged < 5 { // what was seen says too little
			return 0
		}
		judged += r.Arms[i].Judged
	}
	factor := 1.0
	for i := range r.Pairs {
		for _, d := range []*anytime.Interval{r.Pairs[i].Outcome, r.Pairs[i].Failures} {
			if d == nil {
				continue
			}
			half, off := (d.Upper-d.Lower)/2, math.Abs(d.Value)
			target := max(off, a.plan.Margin-off)
			factor = max(factor, half/target)
		}
	}
	more := float64(judged) * (factor*factor - 1)
	return int(min(roundUp(more), 1e9))
}

// roundUp rounds to two digits.
func roundUp(x float64) float64 {
	if x < 10 {
		return 10
	}
	unit := math.Pow(10, math.Floor(math.Log10(x))-1)
	return math.Ceil(x/unit) * unit
}

// Words says how an experiment stands, in one line.
func (r *Result) Words(margin float64) string {
	switch r.Finding {
	case Better:
		return fmt.Sprintf("safe to stop: %s is better", r.Winner)
	case Cheaper:
		return fmt.Sprintf("safe to stop: %s is cheaper, and less than %v worse if at all", r.Winner, margin)
	case Same:
		return fmt.Sprintf("safe to stop: no difference above %v", margin)
	}
	for i := range r.Pairs {
		for _, name := range []string{r.Pairs[i].A, r.Pairs[i].B} {
			if p, _ := r.Pairs[i].seenFrom(name); p.Failures != nil && p.Failures.Lower > margin {
				return fmt.Sprintf("not yet: %s fails more often than %s", p.B, p.A)
			}
		}
	}
	if r.More == 0 {
		return "not yet: too few outcomes to say how many more it takes"
	}
	return fmt.Sprintf("not yet: about %d more units with an outcome, if it goes on like this", r.More)
}
