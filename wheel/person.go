// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package wheel

import (
	"cmp"
	"fmt"
	"slices"
)

// Rollback makes a version the champion again, whatever the gate said; 0 means the champion's predecessor.
func (w *Wheel) Rollback(id int) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if id == 0 {
		for _, v := range w.versions {
			if v.stage == Retired {
				id = v.ID
			}
		}
	}
	if id < 1 || id > len(w.versions) {
		return fmt.Errorf("roll back: there is no version %d to go back to", id)
	}
	v := w.versions[id-1]
	switch {
	case v == w.champion:
		return fmt.Errorf("roll back: version %d is the champion", id)
	case !v.Certificate.Speaks():
		return fmt.Errorf("roll back: version %d never answered anything: %s", id, v.Certificate.Reason)
	}
	w.crown(v)
	w.happened(Event{Kind: RolledBack, Version: id, Says: "by a person"})
	return nil
}

// crown makes a version the champion that need not be the canary.
func (w *Wheel) crown(v *Version) {
	if w.canary != nil && w.canary != v {
		w.canary.stage = Retired
	}
	if w.challenger == v { // else it would be compared with itself
		w.challenger = nil
	}
	w.promote(v, v.Certificate.String())
}

// PutBack makes a version the champion that an alarm took out, and forgets the alarm: labels from before it judge again.
func (w *Wheel) PutBack(id int) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if id < 1 || id > len(w.versions) || w.versions[id-1].stage != Fallen {
		return fmt.Errorf("put back: version %d was not taken out", id)
	}
	w.memory.epoch, w.memory.fallen = 0, nil
	w.crown(w.versions[id-1])
	w.happened(Event{Kind: PutBack, Version: id, Says: "by a person"})
	return nil
}

// Withdraw ends that a version is the canary or the challenger.
func (w *Wheel) Withdraw(id int, why string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, at := range []**Version{&w.canary, &w.challenger} {
		if v := *at; v != nil && v.ID == id {
			v.stage, *at = Rejected, nil
			w.happened(Event{Kind: TakenOut, Version: id, Says: why})
		}
	}
	w.seal()
}

// Version returns the version of an id, or nil.
func (w *Wheel) Version(id int) *Version {
	w.mu.Lock()
	defer w.mu.Unlock()
	if id < 1 || id > len(w.versions) {
		return nil
	}
	return w.versions[id-1]
}

// Named returns the latest version of a name, or nil.
func (w *Wheel) Named(name string) *Version {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := len(w.versions) - 1; i >= 0; i-- {
		if w.versions[i].Name == name {
			return w.versions[i]
		}
	}
	return nil
}

// Stages returns what each version does that has a name.
func (w *Wheel) Stages() map[string]Stage {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := map[string]Stage{}
	for _, v := range w.versions {
		if v.Name != "" {
			out[v.Name] = v.stage
		}
	}
	return out
}

// TakeOut leaves all requests to the teacher until another version has passed the gate. Labels keep judging.
func (w *Wheel) TakeOut(why string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	e := Event{Kind: TakenOut, Says: why}
	for _, v := range []*Version{w.champion, w.canary, w.challenger} {
		if v != nil {
			v.stage, e.Version = Retired, cmp.Or(e.Version, v.ID)
		}
	}
	w.champion, w.canary, w.challenger = nil, nil, nil
	w.happened(e)
	w.seal()
}

// Changed notes that labels changed their meaning at a request, as was found elsewhere: earlier ones judge no more.
func (w *Wheel) Changed(since int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if since > w.memory.epoch {
		w.memory.epoch = since
		w.recompare()
	}
}

// Status is what a person wants to know.
type Status struct {
	Requests                     int64    // that there were
	Champion, Canary, Challenger *Version // nil: none
	Share                        float64  // of the requests that the canary answers
	Audits                       float64  // share of the requests that is audited at the moment
	Credit                       float64  // audits saved up; below 0: spent in advance
	Labels                       int
	Fair                         int      // of them those that may judge at the moment
	Out                          []string // classes that are taken out
	// Service, Unrest, Input and Teacher are the evidence of the watches, as shares of what it takes for an alarm.
	Service, Unrest, Input, Teacher float64
	Suspicious                      []string // classes of which all answers are audited
}

// Status says how things stand.
func (w *Wheel) Status() Status {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := w.memory.sizes()
	s := Status{Requests: w.asked, Champion: w.champion, Canary: w.canary, Challenger: w.challenger, Credit: w.credit,
		Labels: now.all, Fair: now.fair, Service: w.service.E() / w.service.Patience, Unrest: w.unrest.E() / restlessUnrest,
		Input: w.input.detector.E() / w.input.detector.Patience, Teacher: w.teacher.E() / w.teacher.Patience}
	if w.canary != nil {
		s.Share = w.share()
	}
	if w.champion != nil || w.canary != nil {
		s.Audits = w.rate()
	}
	for name, c := range w.classes {
		switch {
		case c.out:
			s.Out = append(s.Out, name)
		case c.suspicious():
			s.Suspicious = append(s.Suspicious, name)
		}
	}
	slices.Sort(s.Out)
	slices.Sort(s.Suspicious)
	return s
}

// Stage returns what a version does at the moment.
func (w *Wheel) Stage(v *Version) Stage {
	w.mu.Lock()
	defer w.mu.Unlock()
	return v.stage
}
