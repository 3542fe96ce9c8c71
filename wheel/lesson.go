// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package wheel

import (
	"maps"
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
	Why Trigger
	Brief
	Aside  []string
	Labels []Label // in the order of their requests
	// Dropped are the classes of which labels were left out, since their meaning changed.
	Dropped []string
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
	// patient is for how many requests lessons wait for a canary.
	patient = 2000
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
	if w.proving() || w.requests == w.looked {
		return ""
	}
	w.looked = w.requests
	if w.asked%8 != 0 { // counting takes time
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
	urgent := w.urgent(now)
	switch {
	case enough && w.grown(now, 0):
		return ByLabels
	case w.canary != nil && w.champion == nil: // the first of its kind, which is on trial
	case urgent != "":
		return urgent
	case w.Every > 0 && w.requests >= w.lessoned+int64(w.Every) && now.all > w.trained.all:
		return BySchedule
	}
	return ""
}

// proving reports whether a canary is on trial beside the champion, which further lessons wait for. Where next to nothing may be wrong a trial takes
// thousands of requests, and they wait no more: one that they bring takes its place.
func (w *Wheel) proving() bool {
	return w.canary != nil && w.champion != nil && w.asked < w.entered+patient
}

// grown reports whether there are more labels than at the last lesson by a share of these. Those that memory has dropped since count too: once
// it is full, what it holds grows no more.
func (w *Wheel) grown(now sizes, share float64) bool {
	more := float64(now.all - w.trained.all)
	if w.trained.all > 0 {
		more = max(more, float64(len(w.memory.from(max(w.lessoned+1, w.memory.epoch)))))
	}
	return more >= share*float64(w.trained.all) && more >= least*float64(len(w.memory.labels))
}

// urgent says why a student should be trained before there are enough further labels; empty: it need not be.
func (w *Wheel) urgent(now sizes) Trigger {
	switch {
	case !w.grown(now, hasty):
	case w.alert > w.lessoned || w.reformed() || w.overcautious():
		return ByDrift
	case w.newcomers() >= newcomers:
		return ByNovelty
	}
	return ""
}

// Urgent says why a student should be trained although labels alone, or the time, would not ask for it; empty: it need not be. Unlike Due
// it may be asked at any time.
func (w *Wheel) Urgent() Trigger {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.wanted != "" || w.proving() || w.champion == nil {
		return w.wanted
	}
	return w.urgent(w.memory.sizes())
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
	if w.Classless { // each is new, and none is news
		return 0
	}
	n := 0
	for _, l := range w.memory.from(w.lessoned + 1) {
		if !w.taught[l.Label] {
			n++
		}
	}
	return n
}

// strangers notes that requests which are none of the task have begun to come: a change of the input that needs no test.
func (w *Wheel) strangers() {
	if w.champion == nil {
		return
	}
	first, n := int64(0), 0
	for _, l := range w.memory.from(w.lessoned + 1) {
		if slices.Contains(w.Aside, l.Label) && !w.taught[l.Label] {
			if n++; n == 1 {
				first = l.Request
			}
		}
	}
	if n >= newcomers {
		w.turned = first
	}
}

// unfamiliar reports whether the input has changed and there are not yet enough fair labels of what it is now.
func (w *Wheel) unfamiliar() bool {
	return w.turned > 0 && w.memory.fairSince(w.turned, familiar) < familiar
}

// overcautious reports whether the last candidate was held to more than the goal for want of labels that are there now.
func (w *Wheel) overcautious() bool {
	n := len(w.versions)
	return n > 0 && w.versions[n-1].Certificate.Target > w.Goal.Agreement && !w.unfamiliar()
}

// Want has a student trained as soon as there are labels.
func (w *Wheel) Want(why Trigger) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.wanted = why
}

// Brief is what makes a lesson of labels.
type Brief struct {
	Request int64 `json:"request"` // the latest request that is known of
	// Since is the request of the last change of meaning: labels from before it do not judge; 0: there was none.
	Since int64 `json:"since,omitempty"`
	// From has for each class whose meaning changed the request from which on its labels hold; earlier ones are left out.
	From map[string]int64 `json:"from,omitempty"`
	// Goal is what the certificate must show: the goal, or more while fair labels from before a change of the input still judge.
	Goal certify.Goal `json:"goal"`
	// Outside says that requests which are none of the task come, so that a student should leave alone what is unlike its
	// examples.
	Outside bool `json:"outside,omitempty"`
	// Changed are the classes that are out, and of which there are labels enough for them to be answered again.
	Changed []string `json:"changed,omitempty"`
}

// Brief returns what a lesson given now is made by, for who has the labels elsewhere. Given says that it is given.
func (w *Wheel) Brief() Brief {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.brief()
}

func (w *Wheel) brief() Brief {
	w.strangers()
	b := Brief{Request: w.requests, Since: w.memory.epoch, From: w.poison(), Goal: w.Goal}
	outside := 0
	for _, l := range w.memory.labels {
		if l.Request >= b.From[l.Label] && slices.Contains(w.Aside, l.Label) {
			outside++
		}
	}
	b.Outside = outside >= newcomers
	if w.unfamiliar() {
		b.Goal.Agreement = 1 - cautious*(1-b.Goal.Agreement)
	}
	for name, c := range w.classes {
		if c.out && c.seen >= reformed/3 {
			b.Changed = append(b.Changed, name)
		}
	}
	slices.Sort(b.Changed)
	return b
}

// Given notes that a student is trained now, on all labels that a brief leaves.
func (w *Wheel) Given() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.given(w.poison())
}

func (w *Wheel) given(poison map[string]int64) {
	w.taught = map[string]bool{}
	outside := map[string]int{}
	for _, l := range w.memory.labels {
		if l.Request >= poison[l.Label] {
			w.taught[l.Label] = true
			if slices.Contains(w.Aside, l.Label) {
				outside[l.Label]++
			}
		}
	}
	for label, n := range outside { // a few are no reason to leave anything alone, so that the next ones are news
		if n < newcomers {
			delete(w.taught, label)
		}
	}
	w.trained, w.lessoned, w.wanted = w.memory.sizes(), w.requests, ""
	w.reformedAt = map[*class]int64{}
	for _, c := range w.classes {
		if c.out {
			w.reformedAt[c] = c.from
		}
	}
}

// Lesson returns what a student should learn now. The caller may keep it.
func (w *Wheel) Lesson(why Trigger) *Lesson {
	w.mu.Lock()
	defer w.mu.Unlock()
	b := w.brief()
	l := &Lesson{Why: why, Brief: b, Aside: w.Aside, Dropped: slices.Sorted(maps.Keys(b.From))}
	for _, one := range w.memory.labels {
		if one.Request < b.From[one.Label] {
			continue
		}
		copied := *one
		copied.Fair = one.Fair && one.Request >= b.Since
		copied.said = nil
		l.Labels = append(l.Labels, copied)
	}
	judges := w.Judges
	for i := len(l.Labels) - 1; i >= 0; i-- {
		if l.Labels[i].Fair = l.Labels[i].Fair && judges > 0; l.Labels[i].Fair {
			judges--
		}
	}
	w.given(b.From)
	return l
}

const (
	// After a change of the input so many fair labels must have come before the goal is no longer raised; until then more are audited.
	familiar = 200
	// cautious is the part of the disagreement allowed that is allowed until then.
	cautious = 0.85
)

// proof is the evidence from which labels are dropped. Being wrong costs a class its older labels and no more.
const proof = 10

// poison returns for each class whose meaning changed the request from which on its labels hold.
func (w *Wheel) poison() map[string]int64 {
	since := map[string]int64{}
	if w.Classless {
		return since
	}
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
	evidence, believed := map[string]float64{}, map[string]*belief{}
	for _, l := range w.memory.from(w.memory.epoch) {
		s, ok := l.said[v.ID]
		if !ok {
			continue
		}
		if s.Score == 0 {
			continue
		}
		b := believed[s.Answer]
		if b == nil {
			first := newBelief(v.errs[s.Answer])
			b, evidence[s.Answer] = &first, 1
			believed[s.Answer] = b
		}
		evidence[s.Answer] *= b.learn(s.Score, v.errs[s.Answer], s.Answer == l.Label)
	}
	for name, e := range evidence {
		if e >= proof {
			since[name] = max(since[name], w.memory.epoch)
		}
	}
	return since
}
