// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"time"

	"retort/internal/store"
	"retort/model"
)

// recheckLook is how often it is looked whether a teacher is to be asked again.
const recheckLook = time.Second

// recheckTeachers asks the teachers of tasks that turn the same again on their schedules, and tells the wheels whether they said the same.
func (a *App) recheckTeachers(ctx context.Context) {
	next := map[string]time.Time{} // by task
	tick := time.NewTicker(recheckLook)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		p := a.plant.Load()
		for name, d := range p.tasks {
			l := d.loop.Load()
			if l == nil || d.config.Wheel.Recheck == 0 || p.recorded(d) || l.wheel.Status().Champion == nil {
				continue
			}
			at, known := next[name]
			if !known {
				last, err := a.lastRecheck(ctx, name)
				if err != nil {
					a.log.Error("when a teacher was last asked again cannot be read; it is tried again", "task", name, "error", err)
					continue
				}
				at = last.Add(d.config.Wheel.RecheckEvery)
			}
			if next[name] = at; time.Now().Before(at) {
				continue
			}
			if err := a.recheck(ctx, d, l); err != nil && ctx.Err() == nil {
				a.log.Warn("a teacher could not be asked again", "task", name, "error", err)
			}
			next[name] = time.Now().Add(d.config.Wheel.RecheckEvery)
		}
	}
}

// lastRecheck is when a task's teacher was last asked something again; when its first answer of all came, where it never was.
func (a *App) lastRecheck(ctx context.Context, task string) (time.Time, error) {
	found, _, err := a.store.List(ctx, store.Filter{Tenant: model.DefaultTenant, Model: task, Purpose: model.Reasking, Limit: 1})
	if err != nil {
		return time.Time{}, err
	}
	if len(found) > 0 {
		return found[0].Start, nil
	}
	for first, err := range a.store.Traces(ctx, store.Filter{Tenant: model.DefaultTenant, Model: task, Limit: 1}) {
		if first != nil {
			return first.Start, nil
		}
		return time.Time{}, err
	}
	return time.Now(), nil
}

// recheck asks a desk's teacher what it was asked first since labels last changed their meaning: a set that stays the same.
func (a *App) recheck(ctx context.Context, d *desk, l *loop) error {
	since, _, err := a.epoch(ctx, d)
	if err != nil {
		return err
	}
	teachers := a.plant.Load().concrete(d.config.Teacher.Lead())
	teacher := a.asking(d.teacher, model.Reasking, "")
	left := d.config.Wheel.Recheck
	chosen := store.Filter{Tenant: model.DefaultTenant, Model: d.task.Name, Status: store.Answered, Content: true, Since: since}
	for trace, err := range a.store.Traces(ctx, chosen) {
		if trace == nil {
			return err
		}
		if err != nil || !teachers.has(trace.Response.Model) || asked(trace, d.task.Name) && !trace.Drawn {
			continue // damaged, or no fair sample of the traffic
		}
		input, err := traceInput(trace)
		if err != nil {
			continue
		}
		resp, err := teacher.Generate(ctx, model.NewRequest(d.task.Name, model.Prompt(input)), model.Discard)
		if err != nil {
			return err
		}
		said := resp.Text() == trace.Response.Text()
		l.hear(tale{do: func() { l.wheel.Reasked(said) }})
		if left--; left == 0 {
			return nil
		}
	}
	return nil
}
