// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package desk

import (
	"context"
	"strings"

	"retort/compose"
	"retort/internal/config"
	"retort/internal/origin"
	"retort/model"
)

// audit has a share of what the desk's student answers put to its teacher.
func (d *Desk) audit(c config.Audit) {
	if c.Share == 0 {
		return
	}
	seated := model.Func(func(ctx context.Context, req *model.Request, emit func(model.Part) error) (*model.Response, error) {
		return d.now.Load().model.Generate(ctx, req, emit)
	})
	own := origin.Student(d.Task.Name, "")
	d.Audited = compose.Shadow(seated, d.Teacher, compose.Shadowing{Name: d.Task.Name, Share: c.Share, Concurrent: c.Concurrent,
		PerDay: model.Money(c.PerDay * float64(model.Dollar)), Timeout: c.Timeout, Mark: true,
		Only: func(resp *model.Response) bool { return strings.HasPrefix(resp.Model, own) },
		Told: func(c compose.Copied) {
			if c.Answer != nil {
				d.told(d, c)
			}
		}})
}

// Begin starts audits, where the task has any. What the teacher says is recorded, and told from the audit's goroutine. It is called
// before the desk is asked anything.
func (d *Desk) Begin(recorder compose.Recorder, recording compose.Recording, told func(*Desk, compose.Copied)) {
	d.told = told
	if d.Audited != nil {
		d.Audited.Begin(recorder, recording)
	}
}

// Succeed has audits go on spending the day's money where those of the desk before are.
func (d *Desk) Succeed(before *Desk) {
	if d.Audited != nil && before.Audited != nil {
		d.Audited.Succeed(before.Audited)
	}
}

// End stops auditing and waits for the audits that are running, until ctx ends.
func (d *Desk) End(ctx context.Context) {
	if d.Audited != nil {
		d.Audited.End(ctx)
	}
}
