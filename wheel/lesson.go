// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package wheel

import (
	"slices"

	"retort/eval/certify"
)

// Trigger says why a student is to be trained; empty: none is.
type Trigger string

// The triggers.
const (
	ByLabels   Trigger = "labels"   // there are enough new labels
	ByDrift    Trigger = "drift"    // requests, or the meaning of classes, changed
	ByNovelty  Trigger = "novelty"  // the teacher gives answers that no student has learned
	BySchedule Trigger = "schedule" // it is time
	ByPerson   Trigger = "person"   // somebody asked for it
)

// Lesson is what a student is to learn.
type Lesson struct {
	Why     Trigger
	Request int64 // the latest request that it could know of
	// Goal is what its certificate must show: the goal, or more while fair labels from before a change of the input still judge.
	Goal   certify.Goal
	Aside  []string
	Labels []Label // in the order of their requests
	// Outside says that requests which are none of the task come, so that a student should leave alone what is unlike its
	// examples.
	Outside bool
	// Dropped are the classes of which labels were left out, since their meaning changed.
	Dropped []string

	epoch   int64
	changed map[string]bool // classes that were out and of which it has labels since
}

const (
	// afterFall is the part of First that the first lesson after a fall takes.
	afterFall = 0.6
	// newcomers are labels that no student has learned, so many of which are worth a lesson.
	newcomers = 10
	// reformed are labels of answers of a class that is out, so many of which are worth a lesson.
	reformed = 15
	// least is the share of all labels that must be new for any lesson.
	least = 0.02
	// hasty is the share by which labels must have grown for a lesson for such reasons.
	hasty = 0.02
)

// Due says why a student should be trained now; empty where none should.
func (w *Wheel) Due() Trigger {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.wanted != "" {
		return w.wanted
	}
	if w.canary != nil || w.requests == w.looked {
		return ""
	}
	w.looked = w.requests
	if w.requests%8 != 0 { // counting takes time
		return ""
	}
	now := w.memory.sizes()
	enough := w.Enough(w.trained.all, now.all, now.fair, w.memory.epoch > 0)
	if w.trained.all == 0 {
		if enough {
			return ByLabels
		}
		return ""
	}
	grown := func(share float64) bool {
		more := float64(now.all - w.trained.all)
		return more >= share*float64(w.trained.all) && more >= least*float64(len(w.memory.labels))
	}
	switch {
	case enough && grown(0):
		return ByLabels
	case w.alert > w.lessoned && grown(hasty):
		return ByDrift
	case w.reformed() && grown(hasty):
		return ByDrift
	case grown(hasty) && w.newcomers() >= newcomers:
		return ByNovelty
	case w.Every > 0 && w.requests >= w.lessoned+int64(w.Every) && now.all > w.trained.all:
		return BySchedule
	}
	return ""
}

// reformed reports whether a class that is out has labels enough for a lesson that has not been given.
func (w *Wheel) reformed() bool {
	for _, c := range w.classes {
		if c.out && c.seen >= reformed && c.from > w.reformedAt[c] {
			return true
		}
	}
	return false
}

// newcomers counts the labels since the last lesson that it did not have.
func (w *Wheel) newcomers() int {
	n := 0
	for _, l := range w.memory.from(w.lessoned + 1) {
		if !w.taught[l.Label] {
			n++
		}
	}
	return n
}

// Want has a student trained as soon as there are labels.
func (w *Wheel) Want(why Trigger) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.wanted = why
}

// Lesson returns what a student should learn now. The caller may keep it.
func (w *Wheel) Lesson(why Trigger) *Lesson {
	w.mu.Lock()
	defer w.mu.Unlock()
	l := &Lesson{Why: why, Request: w.requests, Goal: w.Goal, Aside: w.Aside, epoch: w.memory.epoch, changed: map[string]bool{}}
	poison := w.poison()
	for name := range poison {
		l.Dropped = append(l.Dropped, name)
	}
	slices.Sort(l.Dropped)
	for name, c := range w.classes {
		if c.out && c.seen >= reformed/3 {
			l.changed[name] = true
		}
	}
	w.taught = map[string]bool{}
	for _, one := range w.memory.labels {
		if one.Request < poison[one.Label] {
			continue
		}
		copied := *one
		copied.Fair = one.Fair && one.Request >= w.memory.epoch
		copied.said = nil
		l.Labels = append(l.Labels, copied)
		w.taught[one.Label] = true
	}
	judges := w.Judges
	for i := len(l.Labels) - 1; i >= 0; i-- {
		if l.Labels[i].Fair = l.Labels[i].Fair && judges > 0; l.Labels[i].Fair {
			judges--
		}
	}
	outside := 0
	for i := range l.Labels {
		if slices.Contains(w.Aside, l.Labels[i].Label) {
			outside++
		}
	}
	l.Outside = outside >= newcomers
	if w.turned > 0 && w.memory.fairSince(w.turned) < familiar {
		l.Goal.Agreement = 1 - cautious*(1-l.Goal.Agreement)
	}
	w.trained, w.lessoned, w.wanted = w.memory.sizes(), w.requests, ""
	w.reformedAt = map[*class]int64{}
	for _, c := range w.classes {
		if c.out {
			w.reformedAt[c] = c.from
		}
	}
	return l
}

const (
	// After a change of the input so many fair labels must have come before the goal is no longer raised.
	familiar = 300
	// cautious is the part of the disagreement allowed that is allowed until then.
	cautious = 0.7
)

// proof is the evidence from which labels are dropped. Being wrong costs a class its older labels and no more.
const proof = 10

// poison returns for each class whose meaning changed the request from which on its labels hold.
func (w *Wheel) poison() map[string]int64 {
	since := map[string]int64{}
	for name, c := range w.classes {
		if c.out {
			since[name] = c.from
		}
	}
	for name, at := range w.past {
		since[name] = max(since[name], at)
	}
	v := w.memory.fallen
	if v == nil {
		return since
	}
	evidence := map[string]float64{}
	for _, l := range w.memory.from(w.memory.epoch) {
		s, ok := l.said[v.ID]
		if !ok {
			continue
		}
		if ratio, ok := classRatio(s.Score, v.errs[s.Answer], s.Answer == l.Label); ok {
			if evidence[s.Answer] == 0 {
				evidence[s.Answer] = 1
			}
			evidence[s.Answer] *= ratio
		}
	}
	for name, e := range evidence {
		if e >= proof {
			since[name] = max(since[name], w.memory.epoch)
		}
	}
	return since
}
