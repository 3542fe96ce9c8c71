// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package wheel

import (
	"fmt"
	"maps"
	"slices"
)

// Tell ends a request. It is called once for each ticket, when the teacher's answer is there if it was asked, and in any
// order. What an alarm decides holds for the next Ask.
func (w *Wheel) Tell(t Ticket, o Outcome) {
	w.mu.Lock()
	defer w.mu.Unlock()
	said := t.said(o.Said, o.Also)
	if !o.Logged && !o.Seen {
		w.see(&t, said)
	}
	w.meet(&t, &o)
	if o.Label == "" {
		return
	}
	if o.Given {
		w.credit--
	}
	w.memory.add(&Label{Request: t.Request, Text: o.Text, Label: o.Label, Slice: o.Slice, Fair: t.Audited, said: said}, w.Memory)
	// An alarm may end the evidence that the next line would add to, so each asks who is still there.
	w.watchService(&t, &o)
	w.watchAnswers(&t, o.Label, said)
	w.watchCanary(&t, o.Label, said)
	w.watchChallenger()
	w.seal()
}

// See tells what was said to a request before the rest is known, which takes an Outcome that is Seen then. Where requests are many at a time, those that
// wait for the teacher are told behind others that came later, so that what is told says nothing of how the input was. It is called
// in the order in which requests were answered or left.
func (w *Wheel) See(t Ticket, said, also Said) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.see(&t, t.said(said, also))
}

// see watches what the champion says for a change of the input.
func (w *Wheel) see(t *Ticket, said map[int]Said) {
	if w.champion == nil {
		return
	}
	if s, ok := said[w.champion.ID]; ok && w.input.add(t.Request, s, w.draw(t.Request, drawRank)) {
		w.inputChanged()
	}
}

// said is what was said to a request, by version.
func (t *Ticket) said(by, also Said) map[int]Said {
	said := map[int]Said{}
	if t.Serving != nil {
		said[t.Serving.ID] = by
	}
	if t.Also != nil {
		said[t.Also.ID] = also
	}
	return said
}

// serves reports whether a version answers at the moment.
func (w *Wheel) serves(v *Version) bool { return v != nil && (v == w.champion || v == w.canary) }

// watchService judges answers that were given, of those that chance alone picked.
func (w *Wheel) watchService(t *Ticket, o *Outcome) {
	if !t.Audited || !o.Given || !w.serves(t.Serving) {
		return
	}
	if w.service.judge(t.Request, o.Said.Answer == o.Label) {
		w.fall(Event{Kind: AlarmService, Evidence: w.service.E(), Patience: w.service.Patience, Since: w.service.since(),
			Says: fmt.Sprintf("audited answers no longer agree with the teacher in %.1f %% of cases", 100*w.Goal.Agreement)})
	}
}

// watchAnswers judges what the champion said, given or not, for unrest and by class.
func (w *Wheel) watchAnswers(t *Ticket, label string, said map[int]Said) {
	v := w.champion
	if v == nil {
		v = w.canary
	}
	if v == nil {
		return
	}
	s, ok := said[v.ID]
	if !ok {
		return
	}
	agree := s.Answer == label
	if t.Audited || !v.Certificate.Answers(s.Score) { // else picked by its class
		w.unrest.judge(s.Score, agree)
	}
	if !t.Audited && t.Serving != v { // another version left it to the teacher, which its own score does not account for
		return
	}
	if w.Classless || slices.Contains(w.Aside, s.Answer) { // what is never given is nothing to take out, and its older labels still hold
		return
	}
	c := w.classes[s.Answer]
	if c == nil {
		c = newClass(v.errs[s.Answer])
		w.classes[s.Answer] = c
	}
	if c.out {
		c.seen++
		return
	}
	if s.Score == 0 { // it would not be given whatever it is
		return
	}
	c.about.add(t.Request)
	if c.Add(c.learn(s.Score, v.errs[s.Answer], agree)) {
		w.classChanged(v, s.Answer, c)
	}
}

// together is how many classes change at once where it is no longer a matter of classes.
const together = 3

func (w *Wheel) classChanged(v *Version, name string, c *class) {
	c.out, c.from, c.seen = true, c.about.back(c.Since()), 0
	e := Event{Kind: AlarmClass, Version: v.ID, Class: name, Evidence: c.E(), Patience: c.Patience, Since: c.from,
		Says: fmt.Sprintf("answers %q no longer agree with the teacher", name)}
	w.happened(e)
	var from []int64
	for _, other := range w.classes {
		if other.out {
			from = append(from, other.from)
		}
	}
	if len(from) >= together {
		slices.Sort(from)
		e.Kind, e.Class, e.Since = AlarmClasses, "", from[len(from)/2]
		e.Says = fmt.Sprintf("the answers of %d classes no longer agree with the teacher", len(from))
		w.fall(e)
	}
}

// fall takes the student out and begins anew.
func (w *Wheel) fall(e Event) {
	out := w.champion
	if out == nil {
		out = w.canary
	}
	if out != nil {
		e.Version = out.ID
	}
	for name, c := range w.classes {
		if c.out {
			w.past[name] = c.from
		}
	}
	for _, v := range []*Version{w.champion, w.canary, w.challenger} {
		if v != nil {
			v.stage = Fallen
		}
	}
	w.champion, w.canary, w.challenger = nil, nil, nil
	w.fallen, w.memory.epoch, w.memory.fallen = out, e.Since, out
	w.alert, w.trained = 0, sizes{}
	w.begin()
	w.happened(e)
}

// inputChanged has a student trained. What the input is like says nothing of whether answers agree, so nothing is taken out.
func (w *Wheel) inputChanged() {
	w.happened(Event{Kind: AlarmInput, Version: w.champion.ID, Evidence: w.input.detector.E(), Patience: w.input.detector.Patience, Since: w.input.since(),
		Says: "the student's scores are not spread as they were"})
	w.alert, w.turned = w.requests, w.input.since()
	w.input = newRanks()
}

// watchCanary lets the canary's share follow what is known of its answers.
func (w *Wheel) watchCanary(t *Ticket, label string, said map[int]Said) {
	v := w.canary
	if v == nil || !t.Audited {
		return
	}
	s, ok := said[v.ID]
	if !ok || !v.Certificate.Answers(s.Score) || w.out.aside[s.Answer] {
		return
	}
	climb := w.ladder()
	if agree := s.Answer == label; agree {
		v.grade++
	} else {
		v.grade -= climb.back
	}
	switch {
	case v.harm.judge(t.Request, s.Answer == label):
		v.stage, w.canary = Fallen, nil
		w.happened(Event{Kind: AlarmCanary, Version: v.ID, Evidence: v.harm.E(), Patience: v.harm.Patience, Since: v.harm.since(),
			Says: fmt.Sprintf("its answers do not agree with the teacher in %.1f %% of cases", 100*w.Goal.Agreement)})
	case v.grade >= climb.steps-1:
		w.promote(v, "enough of its answers as the canary agreed; "+v.Certificate.String())
	case v.grade <= climb.floor():
		v.stage, w.canary = Rejected, nil
		w.happened(Event{Kind: Judged, Version: v.ID, Says: fmt.Sprintf("%s: too few of its answers as the canary agreed", v.stage)})
	}
}

// promote makes a version the champion. The evidence about the service goes on.
func (w *Wheel) promote(v *Version, says string) {
	if w.champion != nil {
		w.champion.stage = Retired
	}
	w.recompare()
	w.champion, w.canary, w.fallen = v, nil, nil
	v.stage = Champion
	w.input.renew()
	if v.Request >= w.alert {
		w.alert = 0
	}
	w.happened(Event{Kind: Promoted, Version: v.ID, Says: says})
	for _, name := range slices.Sorted(maps.Keys(w.classes)) {
		c := w.classes[name]
		if c.out && v.relearned[name] {
			w.past[name] = c.from
			delete(w.classes, name)
			w.happened(Event{Kind: ClassBack, Version: v.ID, Class: name, Says: "the new version learned from labels since the change"})
		}
	}
	w.seal()
}
