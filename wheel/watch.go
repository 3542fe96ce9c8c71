// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package wheel

import (
	"retort/eval/anytime"
	"retort/eval/certify"
)

// fall watches agreement against a target and knows which requests the judgements were about.
type fall struct {
	*certify.Watch
	about history
}

func newFall(target, patience float64) *fall {
	return &fall{Watch: certify.NewWatch(target, patience)}
}

// newHarm watches a canary. It need not wait as long for an alarm, since another version or the teacher can answer.
func newHarm(goal certify.Goal) *fall { return newFall(goal.Agreement, patienceService/100) }

func (f *fall) judge(request int64, agree bool) (alarm bool) {
	f.about.add(request)
	return f.Judge(agree)
}

// since is the first request that was judged after agreement most likely fell.
func (f *fall) since() int64 { return f.about.back(f.Since()) }

// history holds the requests of the last observations.
type history struct{ requests []int64 }

const longestHistory = 4096

func (h *history) add(request int64) {
	if len(h.requests) >= 2*longestHistory {
		h.requests = append(h.requests[:0], h.requests[longestHistory:]...)
	}
	h.requests = append(h.requests, request)
}

// back returns the request of the n-th last observation; that of the first where there are not so many, 0 where there is none.
func (h *history) back(n int) int64 {
	if len(h.requests) == 0 {
		return 0
	}
	return h.requests[min(max(0, len(h.requests)-n), len(h.requests)-1)]
}

// falls are the parts of its agreement that a student may have lost.
var falls = [...]float64{0.025, 0.05, 0.1, 0.2, 0.4, 0.8}

// unrest tests all labels against how often answers of such a score agreed until now. Scores alone would not do: they are
// calibrated for the traffic, and what is deferred is not a fair part of it. It is quick rather than exact: what it learns
// from its own past is believed as if it were known.
type unrest struct {
	*anytime.Detector
	agreed, seen [unrestBins]float64
}

const (
	unrestBins = 12
	// leastBelieved and mostBelieved bound what is believed of any score.
	leastBelieved, mostBelieved = 0.02, 0.98
	// trust is how many labels a score is worth, and lasting what is left of a label when another comes into its bin.
	trust, lasting = 10, 0.998
)

func newUnrest() *unrest { return &unrest{Detector: anytime.NewDetector(len(falls), patienceService)} }

// judge takes an answer of this score that agrees or not. Its evidence is a likelihood ratio for each part of its agreement that
// a student may have lost.
func (u *unrest) judge(score float64, agree bool) {
	at := (bin(Said{Score: score}) - scoreBins) * unrestBins / scoreBins
	p := (u.agreed[at] + trust*score) / (u.seen[at] + trust)
	p = min(max(p, leastBelieved), mostBelieved)
	ratios := make([]float64, len(falls))
	for i, f := range falls {
		ratios[i] = 1 - f
		if !agree {
			ratios[i] = (1 - p*(1-f)) / (1 - p)
		}
	}
	u.Add(ratios...)
	u.agreed[at], u.seen[at] = u.agreed[at]*lasting, u.seen[at]*lasting+1
	if agree {
		u.agreed[at]++
	}
}

// class is what is known of the answers of one class since it was last in order.
type class struct {
	*anytime.Detector
	about history
	out   bool
	from  int64 // request from which on the labels of a class that is out mean something else
	seen  int   // labels of answers of this class since it is out
}

func newClass() *class { return &class{Detector: anytime.NewDetector(1, patienceClass)} }

// suspicion is the evidence from which on answers of a class are audited one and all.
const suspicion = 5

func (c *class) suspicious() bool { return c.E() >= suspicion }

const (
	// A class whose meaning has changed disagrees so often.
	changed = 0.9
	// Nothing is concluded from answers that may disagree more often than doubtful, and none is believed to disagree less
	// often than sure.
	doubtful, sure = 0.6, 0.15
)

// classRatio is the likelihood ratio of an answer that agrees or not, when the class has changed its meaning. An answer may
// disagree twice as often as its score says, or as the class did when the version was certified, whatever is more. ok is false where
// nothing can be concluded.
func classRatio(score, usual float64, agree bool) (ratio float64, ok bool) {
	may := max(sure, 2*(1-score), 2*usual)
	switch {
	case may > doubtful:
		return 1, false
	case agree:
		return (1 - changed) / (1 - may), true
	}
	return changed / may, true
}
