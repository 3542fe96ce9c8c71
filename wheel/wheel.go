// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package wheel

import (
	"sync"

	"retort/eval/certify"
)

// Wheel is the state of one task's loop. Make one with New. It is safe for concurrent use.
type Wheel struct {
	Options

	mu       sync.Mutex
	requests int64   // number of the latest
	asked    int64   // how many there were
	credit   float64 // audits saved up, or borrowed when below 0
	versions []*Version
	champion *Version
	canary   *Version
	entered  int64 // how many requests there were when the canary came, in this process
	// challenger waits for evidence; fallen is what an alarm took out last, while nothing answers.
	challenger, fallen *Version
	out                *outs
	memory             memory
	service            *fall
	unrest             *unrest
	classes            map[string]*class
	input              *ranks
	teacher            *certify.Watch // of its own answers
	events             []Event
	wanted             Trigger          // by a person
	trained            sizes            // of the last lesson
	lessoned, looked   int64            // requests of the last lesson, and of the last time that Due looked
	taught             map[string]bool  // labels of the last lesson
	reformedAt         map[*class]int64 // classes that were out in the last lesson
	past               map[string]int64 // classes that were out once, with the request from which on their labels hold
	alert              int64            // request of the last alarm about input that no version has answered yet; 0: none
	turned             int64            // request from which on the input is another; 0: it always was
}

// New returns a loop that has seen nothing. An error names the option that is out of range.
func New(o Options) (*Wheel, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	w := &Wheel{Options: o, past: map[string]int64{}, teacher: newTeacher(o.Consistency)}
	w.begin()
	return w, nil
}

// begin forgets the evidence about what serves.
func (w *Wheel) begin() {
	w.service = newFall(w.Goal.Agreement, patienceService)
	w.unrest = newUnrest()
	w.classes = map[string]*class{}
	w.input = newRanks()
	w.seal()
}

// seal publishes which classes are out and which are suspicious.
func (w *Wheel) seal() {
	o := &outs{aside: map[string]bool{}, point: map[string]float64{}}
	for _, label := range w.Aside {
		o.aside[label] = true
	}
	for name, c := range w.classes {
		switch {
		case c.out:
			o.aside[name] = true
		case c.suspicious() && w.credit > -w.loan():
			o.point[name] = 1
		}
	}
	w.out = o
}

// restless reports whether evidence asks for more audits.
func (w *Wheel) restless() bool {
	return w.alert > 0 || w.service.E() >= restlessService || w.unrest.E() >= restlessUnrest
}

func newTeacher(consistency float64) *certify.Watch {
	return certify.NewWatch(consistency, patienceService)
}
