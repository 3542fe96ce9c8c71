// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package rule

import (
	"sync"
	"sync/atomic"

	"github.com/expr-lang/expr/vm"

	"retort/model"
)

// Rules is a list of conditions, tried in order.
type Rules struct {
	conditions []Condition
	around     Surroundings
	failures   []atomic.Uint64 // by rule
	desks      sync.Pool       // of *desk
}

// New returns conditions as a list.
func New(conditions []Condition, around Surroundings) *Rules {
	r := &Rules{conditions: conditions, around: around, failures: make([]atomic.Uint64, len(conditions))}
	r.desks.New = func() any {
		return &desk{machine: vm.VM{MemoryBudget: memory}, env: zeroes(), known: make([]bool, len(facts))}
	}
	return r
}

// desk is where a request is looked at. It is used for one at a time and kept for the next.
type desk struct {
	machine vm.VM
	env     map[string]any
	known   []bool // facts that are computed
	view    view
}

// First returns the place of the first condition that holds, or -1. A condition that fails at run time, such as the
// number of a text that is none, does not hold, and is counted. The error is that of a request that cannot be read; only
// conditions about the content read it.
func (r *Rules) First(req *model.Request) (int, error) {
	d := r.desks.Get().(*desk)
	defer r.clear(d)
	d.view = view{req: req, around: &r.around}
	for i := range r.conditions {
		c := &r.conditions[i]
		if c.program == nil {
			return i, nil
		}
		if err := d.learn(c.needs); err != nil {
			return -1, err
		}
		holds, err := d.machine.Run(c.program, d.env)
		if err != nil {
			r.failures[i].Add(1)
			continue
		}
		if holds == true {
			return i, nil
		}
	}
	return -1, nil
}

// learn computes facts.
func (d *desk) learn(needs []int) error {
	for _, i := range needs {
		if d.known[i] {
			continue
		}
		if i >= len(ofRequest) && d.view.content == nil {
			content, err := d.view.req.Content()
			if err != nil {
				return err
			}
			d.view.content = content
		}
		d.env[facts[i].name] = facts[i].of(&d.view)
		d.known[i] = true
	}
	return nil
}

// clear keeps a desk, without what was on it.
func (r *Rules) clear(d *desk) {
	for i, known := range d.known {
		if known {
			d.env[facts[i].name] = facts[i].zero
			d.known[i] = false
		}
	}
	d.view = view{}
	clear(d.machine.Stack[:cap(d.machine.Stack)])
	clear(d.machine.Variables)
	r.desks.Put(d)
}

// Failures returns how often each condition failed at run time, by its place.
func (r *Rules) Failures() []uint64 {
	n := make([]uint64, len(r.failures))
	for i := range r.failures {
		n[i] = r.failures[i].Load()
	}
	return n
}
