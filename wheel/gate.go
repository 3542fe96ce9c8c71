// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package wheel

import (
	"fmt"
	"maps"
	"slices"

	"retort/eval"
	"retort/eval/certify"
)

// Candidate is a trained student that asks to serve.
type Candidate struct {
	Student     Answerer
	Certificate certify.Certificate
	Name        string  // as who calls knows it; may be empty
	Lesson      *Lesson // that it learned
	// Held are the answers of siblings that had not seen their labels, or of the student itself to labels kept from it: one for
	// each fair label of the lesson that has one.
	Held []Held
	// Usual is, for each answer, the share of disagreement among those above the threshold, where Held is left out.
	Usual map[string]float64
	// Pairs are what it was compared with the champion by, where it was compared elsewhere.
	Pairs []Pair
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
	v := &Version{ID: len(w.versions) + 1, Name: c.Name, Student: c.Student, Certificate: c.Certificate, Labels: len(c.Lesson.Labels),
		Request: c.Lesson.Request, stage: Rejected, held: make(map[int64]Said, len(c.Held)), errs: map[string]float64{},
		relearned: set(c.Lesson.Changed), compared: c.Pairs, harm: newHarm(w.Goal)}
	maps.Copy(v.errs, c.Usual)
	truth := make(map[int64]string, len(c.Lesson.Labels))
	for _, l := range c.Lesson.Labels {
		truth[l.Request] = l.Label
		if l.Fair {
			v.Fair++
		}
	}
	said := make([]Answered, 0, len(c.Held))
	for _, h := range c.Held {
		v.held[h.Request] = h.Said
		if c.Certificate.Answers(h.Score) {
			said = append(said, Answered{h.Answer, h.Answer == truth[h.Request]})
		}
	}
	maps.Copy(v.errs, Usual(said, w.Goal))
	w.versions = append(w.versions, v)
	return v
}

// Answered is an answer above the threshold, and whether it agreed.
type Answered struct {
	Answer string
	Agree  bool
}

// Usual returns the share of disagreement by answer, as if each had been given twice more and been as good as the goal.
func Usual(answers []Answered, goal certify.Goal) map[string]float64 {
	given, wrong := map[string]float64{}, map[string]float64{}
	for _, a := range answers {
		given[a.Answer]++
		if !a.Agree {
			wrong[a.Answer]++
		}
	}
	for name, n := range given {
		wrong[name] = (wrong[name] + 2*(1-goal.Agreement)) / (n + 2)
	}
	return wrong
}

// Enter takes a candidate that was judged elsewhere, at the stage that it came to: Canary, Challenger or Champion. A canary or challenger that
// learned from labels of before a change that was noticed since is rejected. The Version says what became of it.
func (w *Wheel) Enter(c *Candidate, at Stage, why string) *Version {
	w.mu.Lock()
	defer w.mu.Unlock()
	v := w.admit(c)
	w.place(v, at, why, c.Lesson.Since)
	return v
}

// place brings a version to a stage.
func (w *Wheel) place(v *Version, at Stage, why string, since int64) {
	switch {
	case at == Champion:
		w.crown(v)
	case since != w.memory.epoch:
		why = Late
	case at == Canary:
		w.enter(v)
	case at == Challenger && w.champion != nil:
		w.challenge(v, v.compared)
	}
	w.happened(Event{Kind: Judged, Version: v.ID, Says: fmt.Sprintf("%s: %s", v.stage, why)})
	w.seal()
}

// Late is why a candidate is rejected whose lesson has another Since than one of now would.
const Late = "it learned from labels of before a change that was noticed since"

// challenge makes a version the challenger, which was compared by some pairs, or goes on being it.
func (w *Wheel) challenge(v *Version, by []Pair) {
	if w.challenger != v {
		if w.challenger != nil {
			w.challenger.stage = Rejected
		}
		v.met, v.begun = meet(by), w.requests
	}
	w.challenger, v.stage = v, Challenger
	v.looks++
	v.next = v.met.total() + max(soonest/2, v.met.total()/2)
}

// soonest is how many requests are met before a challenger whose comparison begins anew is compared.
const soonest = 100

// recompare has the comparison of the challenger begin anew: with another champion, or since labels from before judge no more.
func (w *Wheel) recompare() {
	if v := w.challenger; v != nil {
		v.compared, v.met, v.begun, v.next = nil, Met{}, w.requests, soonest
	}
}

func (w *Wheel) gate(c *Candidate, v *Version) Verdict {
	switch {
	case c.Lesson.Since != w.memory.epoch:
		return Verdict{Ruling: eval.Fail, Why: Late}
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
	w.canary, w.challenger, v.stage, w.entered = v, nil, Canary, w.asked
}

// compare tests a version against the champion. A challenger is tested again and again; the k-th time at the level α/(k(k+1)),
// which sum to α.
func (w *Wheel) compare(v *Version) Verdict {
	pairs := w.pairs(v)
	c, err := Compare(pairs, v.met, w.Margin, w.level(v))
	if err != nil {
		v.next = v.met.total() + soonest/2
		return Verdict{Ruling: eval.Inconclusive, Why: err.Error()}
	}
	switch c.Ruling {
	case eval.Pass:
		w.enter(v)
	case eval.Inconclusive:
		w.challenge(v, pairs)
	default:
		if w.challenger == v {
			w.challenger = nil
		}
		v.stage = Rejected
	}
	return Verdict{Ruling: c.Ruling, Why: c.Why, Tests: c.Tests}
}

// pairs are labels to which a version and the champion have answered unseen: all fair ones, and of the others those that the champion leaves
// to the teacher, as no other has a share in what it leaves while there is a challenger.
func (w *Wheel) pairs(v *Version) []Pair {
	out := slices.Clone(v.compared)
	for _, l := range w.memory.from(w.memory.epoch) {
		a, ok := v.unseen(l)
		b, known := w.champion.unseen(l)
		if !ok || !known {
			continue
		}
		if left := w.leaves(w.champion, b); l.Fair || left && l.Request > v.begun { // as only these were all met
			out = append(out, Pair{Label: l.Label, Class: l.Label, Slice: l.Slice, Candidate: a.Answer, Champion: b.Answer, Left: left, Hard: !l.Fair})
		}
	}
	return out
}

// leaves reports whether a version leaves all requests of which it says this to the teacher, whatever the evidence is at the moment.
func (w *Wheel) leaves(v *Version, s Said) bool { return w.Leaves(v.Certificate, s.Answer, s.Score) }

// Leaves reports whether a student with a certificate leaves all requests that it would answer so to the teacher.
func (o Options) Leaves(c certify.Certificate, answer string, score float64) bool {
	return !c.Answers(score) || slices.Contains(o.Aside, answer)
}

// level is the one at which a version is tested the next time.
func (w *Wheel) level(v *Version) float64 { return LevelOf(w.Alpha, v.looks+1) }

// LevelOf is the level at which a candidate is compared with the champion the look-th time, from 1 on: α/(k(k+1)). They sum to alpha, so that
// who is compared again and again comes through wrongly no more often than that.
func LevelOf(alpha float64, look int) float64 {
	k := float64(look)
	return alpha / (k * (k + 1))
}

// unseen is what the version answered to the request of a label that it had not learned from.
func (v *Version) unseen(l *Label) (Said, bool) {
	if s, ok := l.said[v.ID]; ok {
		return s, true
	}
	s, ok := v.held[l.Request]
	return s, ok
}

// meet counts a request, whether it has a label or not, for the comparison of the challenger with the champion.
func (w *Wheel) meet(t *Ticket, o *Outcome) {
	v := w.challenger
	if v == nil || w.champion == nil || t.Serving != w.champion || o.Logged {
		return
	}
	left := w.leaves(w.champion, o.Said)
	if t.Also == v || left {
		v.met.add(left, o.Also.Answer == o.Said.Answer)
	} else {
		v.met.Blank++
	}
}

// watchChallenger tries the gate again once there are more labels to compare on.
func (w *Wheel) watchChallenger() {
	v := w.challenger
	if v == nil || w.champion == nil || w.canary != nil || v.met.total() < v.next {
		return
	}
	verdict := w.compare(v)
	w.happened(Event{Kind: Judged, Version: v.ID, Says: fmt.Sprintf("%s: %s", v.stage, verdict.Why)})
}
