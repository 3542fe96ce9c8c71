// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"retort/internal/desk"
	"retort/internal/origin"
	"retort/internal/store"
	"retort/model"
	"retort/wheel"
)

// Unfinished is, beside the triggers, why there is work to do: a turn was interrupted.
const Unfinished wheel.Trigger = "unfinished"

// WheelState is how the wheel of a task stands.
type WheelState struct {
	Paused *time.Time    `json:"paused,omitempty"`  // since when a person has stopped it; null: it turns
	Labels int           `json:"labels"`            // answers of the teacher, since students were last taken out
	Next   int           `json:"next_labels"`       // of these, at which the next turn begins
	At     *time.Time    `json:"next_at,omitempty"` // when it begins in any case, if there are new ones; null: there is no schedule
	Due    wheel.Trigger `json:"due,omitempty"`     // why a turn is to be begun or gone on with now; empty: it is not
	Turns  []store.Turn  `json:"turns"`             // the latest first
	// Serving is what the process that serves last said; null where none has.
	Serving *WheelReport `json:"serving,omitempty"`
}

// shownTurns is how many turns are shown.
const shownTurns = 5

// brief is what a turn of a task that begins now has to know: what its wheel last said, or what takeouts do where it never served. noticed is
// when its champion was last found out; zero where none was.
func (a *App) brief(ctx context.Context, d *desk.Desk) (b *wheel.Brief, noticed time.Time, err error) {
	kept, err := a.store.Wheel(ctx, model.DefaultTenant, d.Task.Name, false)
	if err != nil {
		return nil, noticed, err
	}
	out := &wheel.Brief{Goal: goalOf(&d.Config)}
	if kept != nil && kept.Brief != nil {
		if err := json.Unmarshal(kept.Brief, out); err != nil {
			return nil, noticed, fmt.Errorf("task %s: what its wheel says of labels: %w", d.Task.Name, err)
		}
		if g := goalOf(&d.Config); out.Goal.Agreement < g.Agreement || out.Goal.Confidence != g.Confidence { // the configuration is another now
			out.Goal = g
		}
	}
	since, noticed, err := a.lastOut(ctx, d.Task.Name)
	out.Since = max(out.Since, since)
	return out, noticed, err
}

// epoch is when labels of a task began to judge; zero where all do. noticed is as brief's.
func (a *App) epoch(ctx context.Context, d *desk.Desk) (since, noticed time.Time, err error) {
	b, noticed, err := a.brief(ctx, d)
	if err != nil || b.Since == 0 {
		return time.Time{}, noticed, err
	}
	return moment(b.Since), noticed, nil
}

// lastOut is the number of the request from which on labels judge, by the latest time that a champion of the task was taken out and not put
// back, and when that was noticed, which may be much later; 0 and the zero time where none was.
func (a *App) lastOut(ctx context.Context, task string) (since int64, noticed time.Time, err error) {
	rows, err := a.store.TakenOut(ctx)
	for i := range rows {
		if rows[i].Task != task || rows[i].Tenant != model.DefaultTenant {
			continue
		}
		var e wheel.Event
		switch err := json.Unmarshal(rows[i].Evidence, &e); {
		case e.Kind == wheel.AlarmCanary: // it says nothing of the champion
			continue
		case err != nil || e.Since == 0: // the alarm's own time is taken for the change's, which is late and safe
			e.Since = rows[i].Created.UnixNano()
		}
		if since = max(since, e.Since); rows[i].Created.After(noticed) {
			noticed = rows[i].Created
		}
	}
	return since, noticed, err
}

// tallies are what was counted of tasks' answers, by their names.
type tallies struct {
	mu sync.Mutex
	of map[string]*tallied
}

// tallied is a tally of the answers of a teacher, and of who that was.
type tallied struct {
	store.Tally
	teacher string
}

// taughtSince counts the answers of who is a task's teacher now that traffic and audits brought: those that are learned from.
func (a *App) taughtSince(ctx context.Context, d *desk.Desk, since time.Time) (int, error) {
	name, p, lead := d.Task.Name, a.plant.Load(), d.Config.Teacher.Lead()
	teachers := origin.NamesOf(p.Config, lead)
	who := lead + "\x00" + strings.Join(teachers.Sorted(), "\x00")
	a.tallies.mu.Lock()
	defer a.tallies.mu.Unlock()
	t := a.tallies.of[name]
	if t == nil || !t.Since.Equal(since) || t.teacher != who {
		t = &tallied{store.Tally{Tenant: model.DefaultTenant, Name: name, Since: since}, who}
	}
	if origin.AsksSeveral(p.Config, lead) { // names do not tell
		t.Counts = func(trace *model.Trace) bool { return origin.Gave(p.Config, lead, teachers, trace) }
	}
	if err := a.store.Recount(ctx, &t.Tally); err != nil {
		return 0, err
	}
	if a.tallies.of == nil {
		a.tallies.of = map[string]*tallied{}
	}
	a.tallies.of[name] = t
	n := 0
	for by, answers := range t.By {
		if teachers.Has(by) && !strings.HasPrefix(by, origin.Student(name, "")) {
			n += answers
		}
	}
	return n, nil
}

// wheelState says how the wheel of a task stands; nil where it has none.
func (a *App) wheelState(ctx context.Context, d *desk.Desk) (*WheelState, error) {
	c, task := d.Config.Wheel, d.Task.Name
	if c == nil {
		return nil, nil
	}
	s := &WheelState{}
	paused, err := a.store.Paused(ctx, model.DefaultTenant, task)
	if err != nil {
		return nil, err
	}
	if !paused.IsZero() {
		s.Paused = &paused
	}
	if s.Turns, err = a.store.Turns(ctx, model.DefaultTenant, task, shownTurns); err != nil {
		return nil, err
	}
	if s.Serving, err = a.lastReport(ctx, d); err != nil {
		return nil, err
	}
	since, noticed, err := a.epoch(ctx, d)
	if err != nil {
		return nil, err
	}
	if s.Labels, err = a.taughtSince(ctx, d, since); err != nil {
		return nil, err
	}
	had, fell := 0, !since.IsZero()
	if len(s.Turns) > 0 && s.Turns[0].Begun.After(since) && s.Turns[0].Begun.After(noticed) { // a turn before that counted labels that judge no more
		had = s.Turns[0].Labels
	}
	if had > s.Labels { // of a teacher that is none any more
		had = 0
	}
	s.Next = (wheel.Options{First: c.First, Growth: c.Growth}).Next(had, 0, fell)
	if c.Every > 0 && len(s.Turns) > 0 {
		at := s.Turns[0].Begun.Add(c.Every)
		s.At = &at
	}
	switch {
	case s.Paused != nil:
	case len(s.Turns) > 0 && s.Turns[0].Ended == nil:
		s.Due = Unfinished
	case s.Serving != nil && s.Serving.Canary != "" && (s.Serving.Champion != "" || s.Labels < s.Next): // what it shows comes first
	case s.Labels >= s.Next && fell && had == 0:
		s.Due = wheel.ByDrift
	case s.Labels >= s.Next:
		s.Due = wheel.ByLabels
	case s.At != nil && !time.Now().Before(*s.At) && had > 0 && s.Labels > had:
		s.Due = wheel.BySchedule
	case s.Serving != nil && s.Labels > had:
		s.Due = s.Serving.Urgent
	}
	return s, nil
}

// lastReport is how the wheel of a desk stands where it serves: here and now, or as was last kept; nil where it never did.
func (a *App) lastReport(ctx context.Context, d *desk.Desk) (*WheelReport, error) {
	if l := loopAt(d); l != nil {
		return l.report(), nil
	}
	kept, err := a.store.Wheel(ctx, model.DefaultTenant, d.Task.Name, false)
	if err != nil || kept == nil || kept.Report == nil {
		return nil, err
	}
	r := new(WheelReport)
	if err := json.Unmarshal(kept.Report, r); err != nil {
		return nil, fmt.Errorf("task %s: how its wheel stands: %w", d.Task.Name, err)
	}
	return r, nil
}

// Pause stops the wheel of a task, and reports whether it was turning. A turn under way in a serving process is left, to be gone on with.
func (a *App) Pause(ctx context.Context, task string) (changed bool, err error) {
	d := a.plant.Load().Desks[task]
	switch {
	case d == nil:
		return false, a.noSuchTask(task)
	case d.Config.Wheel == nil:
		return false, &noWheelError{task}
	}
	return a.store.Pause(ctx, model.DefaultTenant, task, true)
}

// Unpause lets the wheel of a task go on, and reports whether it was stopped.
func (a *App) Unpause(ctx context.Context, task string) (changed bool, err error) {
	if !a.HasTask(task) {
		return false, a.noSuchTask(task)
	}
	return a.store.Pause(ctx, model.DefaultTenant, task, false)
}
