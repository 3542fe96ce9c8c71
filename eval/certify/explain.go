// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package certify

import (
	"fmt"
	"math"

	"retort/eval/binomial"
)

const (
	// fewestForRate is the number of labels from which a rate of agreement is worth extrapolating.
	fewestForRate = 30
	// likely is the chance with which the number of labels named should be enough.
	likely = 0.8
	// mostNamed is the number of labels above which none is named: nobody will collect them.
	mostNamed = 100_000
)

// words are how a reason speaks of what was judged.
type words struct {
	one, many string // what is judged
	surest    string // the judged with the highest scores
	agree     string // what the good ones do
	better    string // what would help where more of the same will not
}

var (
	ofLabels  = words{"label", "labels", "labels the student is surest of", "agree with the teacher", "a better student"}
	ofAnswers = words{"answer", "answers", "answers with the highest scores", "are good", "a better model, a better verifier"}
)

// count prints a number of what was judged.
func (w words) count(n int) string {
	if n == 1 {
		return "1 " + w.one
	}
	return fmt.Sprintf("%d %s", n, w.many)
}

// explain says why nothing could be shown and how many more labels of the same kind would likely do, 0 when no number
// can be named.
func (t rule) explain(r ranking, all int) (reason string, more int) {
	n, w := r.len(), t.words
	least := t.leastLabels(t.delta())
	if n < least {
		more = roundUp(max(int(math.Ceil(float64(least)/mainStart)), t.neededLabels(r)) - n)
		if n < all {
			return fmt.Sprintf("%s are too few, %d of which the student never answers: to show with confidence %s that %s %s takes at least %d others even if all do",
				w.count(all), all-n, percent(t.Confidence), percent(t.Agreement), w.agree, least), more
		}
		return fmt.Sprintf("%s are too few: to show with confidence %s that %s %s takes at least %d even if all do",
			w.count(n), percent(t.Confidence), percent(t.Agreement), w.agree, least), more
	}
	k := r.whole(min(n, max(least, int(math.Ceil(mainStart*float64(n))))))
	seen := fmt.Sprintf("of the %d %s, %d %s (%s)", k, w.surest, r.agreed[k], w.agree, percent(float64(r.agreed[k])/float64(k)))
	needed := t.neededLabels(r)
	if needed == 0 {
		return seen + fmt.Sprintf(", and nowhere far enough above %s: no number of further %s can be named, "+
			"%s or a lower target is needed", percent(t.Agreement), w.many, w.better), 0
	}
	more = roundUp(max(needed-n, n/10, 1)) // the one who was unlucky needs some more too
	return seen + fmt.Sprintf(", too little evidence for %s with confidence %s; about %d more %s would likely do",
		percent(t.Agreement), percent(t.Confidence), more, w.many), more
}

// neededLabels estimates the total number of labels with which some threshold would likely pass if the agreement seen
// at each share of the labels is the true one; 0 when there is no such number.
func (t rule) neededLabels(r ranking) int {
	best := 0
	n := r.len()
	for i := 1; i <= 20; i++ {
		k := n * i / 20
		if k < fewestForRate || k < n/10 {
			continue
		}
		// Half a label on either side keeps a short run without a fault from passing for certainty.
		rate := (float64(r.agreed[k]) + 0.5) / float64(k+1)
		size := t.likelySize(rate)
		if size == 0 {
			continue
		}
		if total := int(math.Ceil(float64(size) * float64(n) / float64(k))); best == 0 || total < best {
			best = total
		}
	}
	if best > mostNamed {
		return 0
	}
	return best
}

// likelySize returns the least number of labels that passes a test of the goal with chance likely when the true
// agreement is rate; 0 when that takes more than mostNamed.
func (t rule) likelySize(rate float64) int {
	if rate <= t.Agreement {
		return 0
	}
	enough := func(e int) (size int, ok bool) {
		size = t.leastWith(e, e+1, t.delta())
		return size, 1-binomial.AtLeast(float64(e+1), float64(size), 1-rate) >= likely
	}
	high := 1
	for size, ok := enough(0); !ok; size, ok = enough(high) {
		if size > mostNamed {
			return 0
		}
		high *= 2
	}
	low := -1
	for high-low > 1 {
		mid := (low + high) / 2
		if _, ok := enough(mid); ok {
			high = mid
		} else {
			low = mid
		}
	}
	size, _ := enough(high)
	return size
}

// roundUp rounds up to two significant digits: the estimate is no better than that.
func roundUp(n int) int {
	unit := 1
	for n/unit >= 100 {
		unit *= 10
	}
	return (n + unit - 1) / unit * unit
}
