// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package certify

import (
	"fmt"
	"math"
)

// Live certifies a threshold on judgements as they come, and watches it afterwards. It is for what learns while it
// serves, so that no judgements can be set aside beforehand. The zero value is of no use; see NewLive. It must not be used
// by two goroutines at once.
//
// While there is no certificate every request must be judged; once there is one, a share of the requests that chance
// alone picks. Either way what is judged are draws from all requests.
//
// Strict is asked again and again, each time that half as many judgements have come as there were, about the later half of
// them, since the earlier ones tell of something that had learned less; and the k-th time with δ/(k(k+1)) in place of δ,
// which sum to δ. So with confidence 1−δ no certificate at all that is given before a fall
// is false, under the conditions of Strict: requests come as they came, and what answers them stays as it was. Of something
// that goes on learning the second is not quite true; that, and any drift, is what the watch is for. A later certificate
// replaces an earlier one where it answers more.
//
// The watch is a [Watch]. While agreement is at the goal or above, at least Patience judged answers pass on average until it gives a
// false alarm. After an alarm the certificate and all judgements are forgotten, and Live begins anew, as Restart does.
type Live struct {
	goal   Goal
	judged []Judgement // a ring once full
	seen   int         // judgements since the beginning
	next   int         // seen at the next look
	looks  int
	now    Certificate
	watch  *Watch
	falls  int
}

// Patience is how many judged answers pass on average, at least, between false alarms of a Live.
const Patience = 1000

// memoryOfLive is how many judgements are kept, the latest.
const memoryOfLive = 8192

// NewLive returns a Live without a certificate. An error names a goal out of range.
func NewLive(goal Goal) (*Live, error) {
	if err := goal.Check(); err != nil {
		return nil, fmt.Errorf("certify (live): %w", err)
	}
	l := &Live{goal: goal}
	l.Restart()
	return l, nil
}

// Restart forgets the certificate and all judgements: what answers, or what is asked, is not what it was.
func (l *Live) Restart() {
	least := rule{Goal: l.goal, most: math.Inf(1)}.leastLabels((1 - l.goal.Confidence) / 2)
	l.judged, l.seen, l.looks = nil, 0, 0
	l.next = int(math.Ceil(2 * float64(least) / mainStart)) // fewer cannot pass
	l.now = Certificate{Method: MethodStrict, Status: Silent, Target: l.goal.Agreement, Confidence: l.goal.Confidence,
		Reason: "no judgements yet", MoreLabels: l.next}
	l.watch = NewWatch(l.goal.Agreement, Patience)
}

// Judge takes a judgement. It reports whether that has changed the certificate. A score that is not in [0, 1] counts as
// 0.
func (l *Live) Judge(j Judgement) (changed bool) {
	if !(j.Score >= 0 && j.Score <= 1) {
		j.Score = 0
	}
	if l.now.Answers(j.Score) && l.watch.Judge(j.Agree) {
		l.falls++
		l.Restart()
		return true
	}
	if len(l.judged) < memoryOfLive {
		l.judged = append(l.judged, j)
	} else {
		l.judged[l.seen%memoryOfLive] = j
	}
	l.seen++
	return l.seen >= l.next && l.look()
}

// look asks Strict.
func (l *Live) look() (changed bool) {
	l.looks++
	l.next = l.seen + max(1, l.seen/2)
	goal := l.goal
	goal.Confidence = 1 - (1-goal.Confidence)/float64(l.looks*(l.looks+1))
	c, err := Strict(l.recent(), goal)
	if err != nil { // neither goal nor scores are out of range
		return false
	}
	c.Confidence = l.goal.Confidence
	switch {
	case c.Speaks() && (!l.now.Speaks() || c.Threshold < l.now.Threshold):
		l.watch = NewWatch(l.goal.Agreement, Patience)
	case l.now.Speaks():
		return false
	}
	l.now = c
	return c.Speaks()
}

// Certificate returns the certificate at the moment, which is silent until there is one.
func (l *Live) Certificate() Certificate { return l.now }

// Falls returns how often the watch has taken a certificate back.
func (l *Live) Falls() int { return l.falls }

// Judged returns how many judgements have come since the beginning or the last fall.
func (l *Live) Judged() int { return l.seen }

// recent returns the later half of the judgements kept.
func (l *Live) recent() []Judgement {
	n := len(l.judged) / 2
	out := make([]Judgement, 0, n)
	for i := range n {
		out = append(out, l.judged[(l.seen-1-i)%memoryOfLive])
	}
	return out
}
