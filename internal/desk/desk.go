// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package desk answers tasks. At a task's desk there is its teacher, until a student is its champion; then the student answers
// where its certificate lets it, and the teacher the rest. A memory of the teacher's answers may stand before the
// teacher, a share of the student's answers may be put to the teacher too, and a wheel may decide about each request instead.
//
// A desk knows nothing of where students, champions and verdicts are kept: it is told who is at it.
package desk

import (
	"context"
	"fmt"
	"sync/atomic"

	"retort/compose"
	"retort/internal/config"
	"retort/internal/similar"
	"retort/model"
	"retort/task"
)

// Desk is a Model that answers a task. Its fields are set once New has made it and are not to be changed. Its methods are safe for
// concurrent use, but for Begin, Succeed and End. A change of who answers takes effect on the next request; those under way end as
// they began.
type Desk struct {
	Task     *task.Task
	Config   config.Task
	Teacher  model.Model       // asks upstream
	Audited  *compose.Shadowed // who is at the desk, with a share of the student's answers put to the teacher; nil: none is
	Memory   *similar.Memory   // of the teacher's answers; nil: there is none
	Reminded *compose.Reminded // the teacher behind its memory; nil with it

	now   atomic.Pointer[Staffing]
	wheel atomic.Pointer[Wheel]               // nil: now answers
	told  func(d *Desk, audit compose.Copied) // set before audits begin
}

// Wheel decides who answers each request of a task, and what is audited.
type Wheel interface {
	// Answer answers a request that was put to a desk, as a Model does.
	Answer(ctx context.Context, d *Desk, req *model.Request, emit func(model.Part) error) (*model.Response, error)
}

// New returns the desk of a task with its teacher alone at it.
func New(t *task.Task, c config.Task, teacher model.Model) (*Desk, error) {
	d := &Desk{Task: t, Config: c, Teacher: teacher}
	if c.Similar != nil {
		if err := d.remember(*c.Similar); err != nil {
			return nil, fmt.Errorf("similar: %w", err)
		}
	}
	d.now.Store(&Staffing{model: d.Strong()})
	d.audit(c.Audit)
	return d, nil
}

// Strong is who answers when no student does: the teacher, behind its memory where there is one.
func (d *Desk) Strong() model.Model {
	if d.Reminded != nil {
		return d.Reminded
	}
	return d.Teacher
}

// Turn has a wheel decide who answers from the next request on; nil: who was staffed does.
func (d *Desk) Turn(w Wheel) {
	if w == nil {
		d.wheel.Store(nil)
		return
	}
	d.wheel.Store(&w)
}

// Wheel returns the wheel that decides who answers, or nil.
func (d *Desk) Wheel() Wheel {
	if w := d.wheel.Load(); w != nil {
		return *w
	}
	return nil
}

// Generate asks whoever is at the desk.
func (d *Desk) Generate(ctx context.Context, req *model.Request, emit func(model.Part) error) (*model.Response, error) {
	if w := d.wheel.Load(); w != nil {
		return (*w).Answer(ctx, d, req, emit)
	}
	now := d.now.Load()
	if d.Audited != nil && now.Target > 0 {
		return d.Audited.Generate(ctx, req, emit)
	}
	return now.model.Generate(ctx, req, emit)
}
