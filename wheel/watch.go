// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package wheel

import (
	"cmp"
	"math"

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

// newHarm watches a canary, as the service is watched: what is merely not good enough need not be alarmed of, as its ladder sees to that.
func newHarm(goal certify.Goal) *fall { return newFall(goal.Agreement, patienceService) }

func (f *fall) judge(request int64, agree bool) (alarm bool) {
	f.about.add(request)
	return f.Judge(agree)
}

// since is the first request that was judged after agreement most likely fell.
func (f *fall) since() int64 { return f.about.back(f.Since()) }

// history holds the requests of the last observations: so many at least, and twice as many at most.
type history struct {
	requests []int64
	most     int // 0: longestHistory
}

const (
	longestHistory = 4096
	// classHistory is that of a class, of which there may be hundreds. One that changes is out after some dozens of labels.
	classHistory = 128
)

func (h *history) add(request int64) {
	if most := cmp.Or(h.most, longestHistory); len(h.requests) >= 2*most {
		h.requests = append(h.requests[:0], h.requests[len(h.requests)-most:]...)
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
	belief
	about history
	out   bool
	from  int64 // request from which on the labels of a class that is out mean something else
	seen  int   // labels of answers of this class since it is out
}

func newClass(usual float64) *class {
	return &class{Detector: anytime.NewDetector(1, patienceClass), belief: newBelief(usual), about: history{most: classHistory}}
}

// suspicion is the evidence from which on answers of a class are audited one and all.
const suspicion = 12

func (c *class) suspicious() bool { return c.E() >= suspicion }

// belief is what is believed of a class: how much better or worse than its scores say its answers agree, as log odds. Scores are
// calibrated over all classes, and no class has labels enough to be so by itself; so each offset has a weight, at first as
// offsets are spread among classes, and then by Bayes' rule.
type belief [len(offsets)]float64

// offsets are the log odds, and spread and middle the mean and standard deviation of their first weights.
var offsets = [...]float64{-7, -4.5, -3, -2.4, -1.8, -1.2, -0.6, 0, 0.6, 1.2}

const (
	middle, spread = -0.3, 0.8
	// poor is the least weight of an offset at first: a class may be much worse than its scores, as where a student cannot tell two apart.
	// It is known not to be once it has agreed some times, and no alarm before can be of a change.
	poor = 0.02
	// changed is the part of its agreement that a class loses when its meaning changes.
	changed = 0.9
	// rarely and mostly bound how often an answer is believed to agree, since no teacher is quite consistent.
	rarely, mostly = 0.02, 0.96
	// forgetting is the part of a weight's logarithm that is lost with each label: versions differ.
	forgetting = 0.01
	// hardly is the least weight, of the greatest: nothing is ruled out for good.
	hardly = 1e-9
	// ordinary is the share of disagreement above which a class's held answers have it believed to be worse than others.
	ordinary = 0.05
)

// newBelief returns that in a class whose held answers disagreed so often; 0: there are none.
func newBelief(usual float64) (b belief) {
	about := middle
	if usual > ordinary {
		about -= math.Log(usual/(1-usual)) - math.Log(ordinary/(1-ordinary))
	}
	for i, o := range offsets {
		z := (o - max(about, offsets[0])) / spread
		b[i] = math.Exp(-z*z/2) + poor
	}
	return b
}

// learn takes an answer of this score that agrees or not, and returns its likelihood ratio: that the class has lost its meaning, against that
// it is as it was, whatever its offset. Under the belief its mean is 1. usual is that of newBelief for the version that answers now.
func (b *belief) learn(score, usual float64, agree bool) (ratio float64) {
	score = min(max(score, 1e-6), 1-1e-6)
	logit := math.Log(score / (1 - score))
	var agrees, sum, most float64
	first := newBelief(usual)
	likely := *b
	for i, o := range offsets {
		p := min(max(1/(1+math.Exp(-logit-o)), rarely), mostly)
		agrees, sum = agrees+b[i]*p, sum+b[i]
		if !agree {
			p = 1 - p
		}
		likely[i] = math.Pow(b[i], 1-forgetting) * math.Pow(first[i], forgetting) * p
		most = max(most, likely[i])
	}
	for i := range likely {
		b[i] = max(likely[i]/most, hardly)
	}
	agrees /= sum
	if agree {
		return 1 - changed
	}
	return (1 - agrees*(1-changed)) / (1 - agrees)
}
