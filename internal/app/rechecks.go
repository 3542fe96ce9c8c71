// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"slices"
	"time"

	"retort/internal/desk"
	"retort/internal/origin"
	"retort/internal/plant"
	"retort/internal/store"
	"retort/model"
	"retort/wheel"
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
		for name, d := range p.Desks {
			l := loopAt(d)
			if l != nil && ahead(l.latest.Load()) || l == nil && d.Config.Wheel != nil {
				a.renew(ctx)
				continue
			}
			if l == nil || d.Config.Wheel.Recheck == 0 || origin.Recorded(p.Config, d.Config.Teacher.Lead()) || l.wheel.Status().Champion == nil {
				continue
			}
			at, known := next[name]
			if !known {
				last, err := a.lastRecheck(ctx, name)
				if err != nil {
					a.log.Error("when a teacher was last asked again cannot be read; it is tried again", "task", name, "error", err)
					continue
				}
				at = last.Add(d.Config.Wheel.RecheckEvery)
			}
			if next[name] = at; time.Now().Before(at) {
				continue
			}
			if err := a.recheck(ctx, p, d, l); err != nil && ctx.Err() == nil {
				a.log.Warn("a teacher could not be asked again", "task", name, "error", err)
			}
			next[name] = time.Now().Add(d.Config.Wheel.RecheckEvery)
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

// recheck asks a desk's teacher what it was asked first since labels last changed their meaning: a set that stays the same. What it says is
// compared with what it said first or, once it was found to have changed, with what it said last, so that each change is told once.
func (a *App) recheck(ctx context.Context, p *plant.Plant, d *desk.Desk, l *loop) error {
	changed, err := a.askAgain(ctx, p, d, l, true)
	if changed && err == nil { // the whole set is asked, to compare with from now on
		_, err = a.askAgain(ctx, p, d, l, false)
	}
	return err
}

// askAgain is a round of recheck. With judge the wheel is told, and the round ends where it finds a change; without, what is said is only recorded.
func (a *App) askAgain(ctx context.Context, p *plant.Plant, d *desk.Desk, l *loop, judge bool) (alarm bool, err error) {
	since, _, err := a.epoch(ctx, d)
	if err != nil {
		return false, err
	}
	var said map[string]string // since it was found to have changed, by input; nil: it was not
	if changed := l.teacherChanged(); changed.After(since) {
		if said, err = a.reaskedSince(ctx, d.Task.Name, changed); err != nil {
			return false, err
		}
	}
	lead := d.Config.Teacher.Lead()
	teachers := origin.NamesOf(p.Config, lead)
	teacher := a.asking(d.Teacher, model.Reasking, "")
	left := d.Config.Wheel.Recheck
	chosen := store.Filter{Tenant: model.DefaultTenant, Model: d.Task.Name, Status: store.Answered, Content: true, Since: since}
	for trace, err := range a.store.Traces(ctx, chosen) {
		if trace == nil {
			return false, err
		}
		if err != nil || !origin.Gave(p.Config, lead, teachers, trace) || asked(trace, d.Task.Name) && !trace.Drawn {
			continue // damaged, or no fair sample of the traffic
		}
		input, err := traceInput(trace)
		if err != nil {
			continue
		}
		resp, err := teacher.Generate(ctx, model.NewRequest(d.Task.Name, model.Prompt(input)), model.Discard)
		if err != nil {
			return false, err
		}
		before, known := trace.Response.Text(), true
		if said != nil {
			before, known = said[input]
		}
		if judge && known && l.reasked(ctx, resp.Text() == before) {
			return true, nil
		}
		if left--; left == 0 {
			return false, nil
		}
	}
	return false, nil
}

// reaskedSince is what a task's teacher said last to each input that it was asked again from a time on.
func (a *App) reaskedSince(ctx context.Context, task string, since time.Time) (map[string]string, error) {
	if err := a.flush(ctx); err != nil {
		return nil, err
	}
	out := map[string]string{}
	chosen := store.Filter{Tenant: model.DefaultTenant, Model: task, Purpose: model.Reasking, Status: store.Answered, Content: true, Since: since}
	for trace, err := range a.store.Traces(ctx, chosen) {
		if trace == nil {
			return nil, err
		}
		if err != nil || trace.Response == nil { // damaged
			continue
		}
		if input, err := traceInput(trace); err == nil {
			out[input] = trace.Response.Text()
		}
	}
	return out, nil
}

// teacherChanged is the time of the latest request when the teacher was last found to have changed; zero where it never was.
func (l *loop) teacherChanged() time.Time {
	events := l.wheel.Events()
	for i := len(events) - 1; i >= 0; i-- {
		if events[i].Kind == wheel.AlarmTeacher {
			return moment(events[i].Request)
		}
	}
	return time.Time{}
}

// reasked tells the wheel whether the teacher said the same again, and returns whether it is found to have changed by that.
func (l *loop) reasked(ctx context.Context, same bool) (alarm bool) {
	heard := make(chan bool, 1)
	l.hear(tale{do: func() {
		before := len(l.events)
		l.wheel.Reasked(same)
		heard <- slices.ContainsFunc(l.events[before:], func(e wheel.Event) bool { return e.Kind == wheel.AlarmTeacher })
	}})
	select {
	case alarm = <-heard:
	case <-l.done: // the wheel that goes on is told next time
	case <-ctx.Done():
	}
	return alarm
}
