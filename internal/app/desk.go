// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync/atomic"

	"retort/compose"
	"retort/eval/certify"
	"retort/internal/config"
	"retort/internal/origin"
	"retort/internal/similar"
	"retort/internal/store"
	"retort/model"
	"retort/student"
	"retort/task"
)

// desk answers a task: its teacher does until there is a champion; then the champion does where its certificate lets
// it, and the teacher the rest. A promotion takes effect on the next request; those under way end as they began.
type desk struct {
	task    *task.Task
	config  config.Task
	teacher model.Model // asks upstream
	now     atomic.Pointer[staffing]
	loop    atomic.Pointer[loop] // who answers while it serves, where the task has a wheel; nil: now does

	audited *compose.Shadowed               // who is at the desk, with a share of the student's answers put to the teacher; nil: none is
	told    func(d *desk, c compose.Copied) // is told of audits; set before they begin

	memory   *similar.Memory   // of the teacher's answers; nil: there is none
	reminded *compose.Reminded // the teacher behind its memory
}

// staffing is who answers at a desk.
type staffing struct {
	champion string  // student's id; empty: the teacher alone
	silent   string  // why it answers nothing; empty: it does, or there is none
	out      bool    // it is silent because it was taken out
	target   float64 // agreement that it is certified for
	model    model.Model
}

func (p *plant) newDesk(name string, c config.Task) (*desk, error) {
	t, err := c.Contract(name)
	if err != nil {
		return nil, err
	}
	teacher, err := p.teacher(t, c.Teacher.Lead())
	if err != nil {
		return nil, err
	}
	d := &desk{task: t, config: c, teacher: teacher}
	if c.Similar != nil {
		if err := d.remember(*c.Similar); err != nil {
			return nil, fmt.Errorf("similar: %w", err)
		}
	}
	d.now.Store(&staffing{model: d.strong()})
	d.audit(c.Audit)
	return d, nil
}

// strong is who answers when no student does: the teacher, behind its memory where there is one.
func (d *desk) strong() model.Model {
	if d.reminded != nil {
		return d.reminded
	}
	return d.teacher
}

// Generate asks whoever is at the desk.
func (d *desk) Generate(ctx context.Context, req *model.Request, emit func(model.Part) error) (*model.Response, error) {
	if l := d.loop.Load(); l != nil {
		return l.generate(ctx, d, req, emit)
	}
	now := d.now.Load()
	if d.audited != nil && now.target > 0 {
		return d.audited.Generate(ctx, req, emit)
	}
	return now.model.Generate(ctx, req, emit)
}

// silence says why a student with this certificate answers nothing; empty: it does answer.
func silence(c *certify.Certificate) string {
	switch {
	case c == nil:
		return "it has no certificate"
	case c.Speaks():
		return ""
	}
	return cmp.Or(c.Reason, "nothing is certified")
}

// staff puts a champion at the desk, or, with nil, the teacher alone. Another student leaves other requests to the
// teacher, so what was known of the memory's agreement holds no more.
func (d *desk) staff(row *store.Student, s student.Any) {
	next := &staffing{model: d.strong()}
	if row != nil {
		certificate := s.Card().Certificate
		accept := func(score float64) bool { return certificate != nil && certificate.Answers(score) }
		next.champion, next.silent = row.ID, silence(certificate)
		cascade := &compose.Cascade{Cheap: d.task.Student(origin.Student(row.Task, row.ID), s), Strong: d.strong(), Accept: accept}
		if w := d.config.Wheel; w != nil && len(w.Aside) > 0 {
			cascade.Take = func(_ context.Context, resp *model.Response) bool {
				return accept(resp.Score) && !slices.Contains(w.Aside, resp.Text())
			}
		}
		next.model = cascade
		if next.silent == "" {
			next.target = certificate.Target
		}
	}
	d.put(next)
}

// put changes who answers.
func (d *desk) put(next *staffing) {
	if before := d.now.Swap(next); before.champion != next.champion && d.memory != nil {
		d.memory.Restart()
	}
}
