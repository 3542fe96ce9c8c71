// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package wheel

import (
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
	if w.canary != nil && w.canary != v {
		w.canary.stage = Retired
	}
	if w.challenger == v { // else it would be compared with itself
		w.challenger = nil
	}
	w.promote(v)
	w.happened(Event{Kind: RolledBack, Version: id, Says: "by a person"})
	return nil
}

// TakeOut leaves all requests to the teacher until another version has passed the gate. Labels keep judging.
func (w *Wheel) TakeOut(why string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, v := range []*Version{w.champion, w.canary, w.challenger} {
		if v != nil {
			v.stage = Retired
		}
	}
	w.champion, w.canary, w.challenger = nil, nil, nil
	w.happened(Event{Kind: TakenOut, Says: why})
	w.seal()
}

// Status is what a person wants to know.
type Status struct {
	Requests                     int64
	Champion, Canary, Challenger *Version // nil: none
	Share                        float64  // of the requests that the canary answers
	Audits                       float64  // share of the requests that is audited at the moment
	Credit                       float64  // audits saved up; below 0: spent in advance
	Labels                       int
	Fair                         int      // of them those that may judge at the moment
	Out                          []string // classes that are taken out
	Service, Unrest, Input       float64  // evidence of the watches
}

// Status says how things stand.
func (w *Wheel) Status() Status {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := w.memory.sizes()
	s := Status{Requests: w.requests, Champion: w.champion, Canary: w.canary, Challenger: w.challenger, Credit: w.credit,
		Labels: now.all, Fair: now.fair, Service: w.service.E(), Unrest: w.unrest.E(), Input: w.input.detector.E()}
	if w.canary != nil {
		s.Share = w.share()
	}
	if w.champion != nil || w.canary != nil {
		s.Audits = w.rate()
	}
	for name, c := range w.classes {
		if c.out {
			s.Out = append(s.Out, name)
		}
	}
	slices.Sort(s.Out)
	return s
}

// Stage returns what a version does at the moment.
func (w *Wheel) Stage(v *Version) Stage {
	w.mu.Lock()
	defer w.mu.Unlock()
	return v.stage
}
