// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package wheel

import (
	"fmt"

	"retort/eval"
	"retort/eval/certify"
)

// Candidate is a trained student that asks to serve.
type Candidate struct {
	Student     Answerer
	Certificate certify.Certificate
	Lesson      *Lesson // that it learned
	// Held are the answers of siblings that had not seen their labels, or of the student itself to labels kept from it: one for
	// each fair label of the lesson that has one.
	Held []Held
	// Audit is the worst verdict of the inheritance audit; empty where none was made.
	Audit eval.Ruling
}

// Held is an answer to the request of a label that the answering model had not seen.
type Held struct {
	Request int64
	Said
}

// Verdict is what the gate found.
type Verdict struct {
	Version int
	Ruling  eval.Ruling // Pass: it is a canary now; Inconclusive: a challenger, or rejected for want of evidence
	Stage   Stage
	Why     string
	// Tests compare it with the champion, in all and by class and slice; nil where there is no champion.
	Tests []eval.NonInferiority
}

// Offer brings a candidate to the gate and says what becomes of it. An audit or a test that is inconclusive never promotes.
//
// Beside a champion both are compared on the same fair labels, each by answers that it gave without having seen them: in all,
// the candidate must be shown to be no worse than the margin, by Tango's score interval; and no class or slice may be shown to
// be worse than the margin, with Holm's correction over them.
func (w *Wheel) Offer(c *Candidate) Verdict {
	w.mu.Lock()
	defer w.mu.Unlock()
	v := w.admit(c)
	verdict := w.gate(c, v)
	verdict.Version, verdict.Stage = v.ID, v.stage
	w.happened(Event{Kind: Judged, Version: v.ID, Says: fmt.Sprintf("%s: %s", v.stage, verdict.Why)})
	w.seal()
	return verdict
}

// admit gives a candidate a number.
func (w *Wheel) admit(c *Candidate) *Version {
	v := &Version{ID: len(w.versions) + 1, Student: c.Student, Certificate: c.Certificate, Labels: len(c.Lesson.Labels),
		Request: c.Lesson.Request, stage: Rejected, held: make(map[int64]string, len(c.Held)), errs: map[string]float64{},
		relearned: c.Lesson.changed, harm: newHarm(w.Goal)}
	truth := make(map[int64]string, len(c.Lesson.Labels))
	for _, l := range c.Lesson.Labels {
		truth[l.Request] = l.Label
		if l.Fair {
			v.Fair++
		}
	}
	answers, wrong := map[string]float64{}, map[string]float64{}
	for _, h := range c.Held {
		v.held[h.Request] = h.Answer
		if c.Certificate.Answers(h.Score) {
			answers[h.Answer]++
			if h.Answer != truth[h.Request] {
				wrong[h.Answer]++
			}
		}
	}
	for name, n := range answers {
		v.errs[name] = (wrong[name] + 2*(1-w.Goal.Agreement)) / (n + 2)
	}
	w.versions = append(w.versions, v)
	return v
}

func (w *Wheel) gate(c *Candidate, v *Version) Verdict {
	switch {
	case c.Lesson.epoch != w.memory.epoch:
		return Verdict{Ruling: eval.Fail, Why: "it learned from labels of before a change that was noticed since"}
	case c.Audit != "" && c.Audit != eval.Pass:
		return Verdict{Ruling: c.Audit, Why: "its audit says " + string(c.Audit)}
	case !c.Certificate.Speaks():
		return Verdict{Ruling: eval.Inconclusive, Why: "nothing could be certified: " + c.Certificate.Reason}
	case w.champion == nil:
		w.enter(v)
		return Verdict{Ruling: eval.Pass, Why: "the first of its kind: " + c.Certificate.String()}
	}
	return w.compare(v)
}

// enter makes a version the canary.
func (w *Wheel) enter(v *Version) {
	if w.canary != nil {
		w.canary.stage = Retired
	}
	if w.challenger != nil {
		w.challenger.stage = Rejected
	}
	w.canary, w.challenger, v.stage = v, nil, Canary
}

// compare tests a version against the champion. A challenger is tested again and again; the k-th time at the level α/(k(k+1)),
// which sum to α.
func (w *Wheel) compare(v *Version) Verdict {
	c, err := Compare(w.pairs(v), w.Margin, w.level(v))
	if err != nil {
		return Verdict{Ruling: eval.Inconclusive, Why: err.Error()}
	}
	switch c.Ruling {
	case eval.Pass:
		w.enter(v)
	case eval.Inconclusive:
		if w.challenger != nil && w.challenger != v {
			w.challenger.stage = Rejected
		}
		w.challenger, v.stage = v, Challenger
		v.looks++
		v.next = c.Tests[0].Items + max(1, c.Tests[0].Items/4)
	default:
		if w.challenger == v {
			w.challenger = nil
		}
		v.stage = Rejected
	}
	return Verdict{Ruling: c.Ruling, Why: c.Why, Tests: c.Tests}
}

// pairs are fair labels to which a version and the champion have answered unseen.
func (w *Wheel) pairs(v *Version) []Pair {
	var out []Pair
	for _, l := range w.memory.from(w.memory.epoch) {
		a, ok := v.unseen(l)
		b, known := w.champion.unseen(l)
		if l.Fair && ok && known {
			out = append(out, Pair{Label: l.Label, Class: l.Label, Slice: l.Slice, Candidate: a, Champion: b})
		}
	}
	return out
}

// level is the one at which a version is tested the next time.
func (w *Wheel) level(v *Version) float64 {
	k := float64(v.looks + 1)
	return w.Alpha / (k * (k + 1))
}

// unseen is what the version answered to the request of a label that it had not learned from.
func (v *Version) unseen(l *Label) (string, bool) {
	if s, ok := l.said[v.ID]; ok {
		return s.Answer, true
	}
	answer, ok := v.held[l.Request]
	return answer, ok
}

// watchChallenger tries the gate again once there are more labels to compare on.
func (w *Wheel) watchChallenger() {
	v := w.challenger
	if v == nil || w.champion == nil || w.canary != nil || w.requests%16 != 0 || len(w.pairs(v)) < v.next {
		return
	}
	verdict := w.compare(v)
	w.happened(Event{Kind: Judged, Version: v.ID, Says: fmt.Sprintf("%s: %s", v.stage, verdict.Why)})
}
