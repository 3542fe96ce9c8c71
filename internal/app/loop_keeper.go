// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"retort/internal/desk"
	"retort/internal/store"
	"retort/model"
	"retort/wheel"
)

// keepEvery is how often how a wheel stands is kept while requests come, for people and turns, and keepRate for how many bytes all that it knows is kept
// as often; what is larger is kept more rarely in proportion, once in keepLast at least. So much of what other requests than audited ones
// showed may be lost to a kill. Audits are kept one by one, and so is whatever happens.
const keepEvery, keepRate, keepLast = 5 * time.Second, 256 << 10, time.Minute

// newLoop begins, or goes on with, the wheel of a desk.
func (a *App) newLoop(ctx context.Context, d *desk.Desk) (*loop, error) {
	l := &loop{app: a, task: d.Task.Name, made: makingsOf(d), contract: d.Task, refused: map[string]string{}, pupils: map[string]*pupil{},
		woken: make(chan struct{}, 1), changed: make(chan struct{}, 1), ending: make(chan struct{}, 1), done: make(chan struct{})}
	if err := l.resume(ctx); err != nil {
		return nil, fmt.Errorf("task %s: its wheel: %w", l.task, err)
	}
	if err := l.settle(ctx); err != nil {
		return nil, fmt.Errorf("task %s: its wheel: %w", l.task, err)
	}
	l.dirty = true
	l.keep(ctx, true)
	go l.run()
	return l, nil
}

// end has the keeper hear what is left, keep it and go. What becomes known later waits for leave.
func (l *loop) end() {
	nudge(l.ending)
	<-l.done
}

// look has the keeper compare the wheel with the store, which somebody changed.
func (l *loop) look() { nudge(l.changed) }

// run is the keeper.
func (l *loop) run() {
	defer close(l.done)
	ctx := context.Background() // until end, whoever leaves
	tick := time.NewTicker(keepEvery)
	defer tick.Stop()
	for ended, look := false, false; !ended; {
		select {
		case <-l.woken:
		case <-l.changed:
			look = true
		case <-tick.C:
			l.keep(ctx, false)
		case <-l.ending:
			ended = true
		}
		l.listen()
		if len(l.events) == 0 && !look {
			continue
		}
		if err := l.settle(ctx); err != nil {
			l.app.log.Error("what a wheel decided cannot be kept; it is tried again", "task", l.task, "error", err)
			time.AfterFunc(again, l.look)
			continue
		}
		look = false
		l.keep(ctx, true)
	}
	l.keep(ctx, true)
}

// listen tells the wheel what became of requests.
func (l *loop) listen() {
	l.mu.Lock()
	tales := l.tales
	l.tales = nil
	l.mu.Unlock()
	for i := range tales {
		t := &tales[i]
		if t.do != nil {
			t.do()
			l.kept.next = time.Time{}
			continue
		}
		if t.audit > 0 && t.audit <= l.heard { // the store has told of it
			continue
		}
		l.askAlso(t)
		t.outcome.Text = "" // traces have it
		if l.made.options.Classless {
			veil(&t.outcome)
		}
		if t.waits {
			l.wheel.See(t.ticket, t.outcome.Said, t.outcome.Also)
			continue
		}
		l.wheel.Tell(t.ticket, t.outcome)
		l.heard = max(l.heard, t.audit)
	}
	if len(tales) > 0 {
		l.dirty, l.kept.report = true, false
	}
}

// askAlso asks who is to be asked besides, once for each request.
func (l *loop) askAlso(t *tale) {
	v := t.ticket.Also
	switch {
	case v == nil:
	case t.sight != nil && t.sight.asked:
		t.outcome.Also = t.sight.also
	case t.outcome.Text != "" && canSay(v):
		t.outcome.Also = v.Ask(t.outcome.Text)
		if t.sight != nil {
			t.sight.also, t.sight.asked = t.outcome.Also, true
		}
	default:
		t.ticket.Also = nil
	}
}

// canSay says whether a version can be asked. One that cannot be read says nothing, which is no answer to learn from.
func canSay(v *wheel.Version) bool {
	p, ok := v.Student.(*pupil)
	if !ok {
		return v.Student != nil
	}
	_, err := p.open()
	return err == nil
}

// happened is told of events, in the keeper's goroutine.
func (l *loop) happened(e wheel.Event) { l.events = append(l.events, e) }

// resume makes the wheel of what was kept of it. Where that cannot be read it begins anew, with the champion and no evidence.
func (l *loop) resume(ctx context.Context) error {
	kept, err := l.app.store.Wheel(ctx, model.DefaultTenant, l.task, true)
	if err != nil {
		return err
	}
	o := l.made.options
	o.Notice, o.Clock, o.Seed = l.happened, func() int64 { return time.Now().UnixNano() }, uint64(time.Now().UnixNano())
	now, err := l.stored(ctx)
	if err != nil {
		return err
	}
	if err := l.redate(ctx); err != nil {
		return err
	}
	rows := now.students
	if kept != nil && kept.State != nil {
		var state wheel.State
		err := json.Unmarshal(kept.State, &state)
		if err == nil {
			if ahead(state.Requests) {
				state.Rewind(time.Now().UnixNano())
			}
			l.wheel, err = wheel.Resume(o, &state, func(_ int, name string) (wheel.Answerer, error) {
				for i := range rows {
					if rows[i].ID == name {
						return l.pupil(&rows[i]), nil
					}
				}
				return nil, fmt.Errorf("student %q is gone", name)
			})
		}
		if err == nil {
			if err := l.adopt(ctx, now); err != nil { // what people decided meanwhile, before audits decide anything
				return err
			}
			return l.recall(ctx, kept.Audits)
		}
		l.app.log.Error("what was known of a wheel cannot be read; its evidence begins anew", "task", l.task, "error", err)
	}
	if l.wheel, err = wheel.New(o); err != nil {
		return err
	}
	if err := l.settle(ctx); err != nil {
		return err
	}
	champion := l.wheel.Status().Champion
	if champion == nil {
		return nil
	}
	from, err := l.app.store.CountsFrom(ctx, l.task, champion.Name)
	if err != nil {
		return err
	}
	return l.recall(ctx, from)
}

// recall tells the wheel of audits after one, of which it does not know yet.
func (l *loop) recall(ctx context.Context, after int64) error {
	l.heard = after
	return l.app.store.AuditsAfter(ctx, l.task, after, func(number int64, a *store.Audit) {
		l.heard = number
		v := l.wheel.Named(a.Student)
		if v == nil {
			return
		}
		said, label := a.Said, a.Taught
		if said == "" || label == "" { // that of an object is not kept
			if said, label = same, same; !a.Agree {
				said = other
			}
		}
		l.wheel.Tell(wheel.Ticket{Request: min(a.Created.UnixNano(), time.Now().UnixNano()), Audited: !a.Picked, Serving: v},
			wheel.Outcome{Said: wheel.Said{Answer: said, Score: a.Score}, Given: true, Label: label, Logged: true})
	})
}

// kept is what of a wheel is kept.
type kept struct {
	report bool      // how it stands now
	share  float64   // of the requests that the canary answered
	next   time.Time // when all that it knows is to be kept again, if there is more
}

// stride is by how much the share of a canary grows before all is kept again.
const stride = 0.2

// pace is how long what has so many bytes stays as it was kept.
func pace(bytes int) time.Duration {
	return min(time.Duration(float64(bytes)/keepRate*float64(keepEvery)), keepLast)
}

// keep keeps what the wheel knows, or only how it stands where it is not yet time for all; whole says that it is.
func (l *loop) keep(ctx context.Context, whole bool) {
	if !l.dirty || len(l.events) > 0 { // what happened comes first
		return
	}
	share := l.wheel.Status().Share
	whole = whole || !time.Now().Before(l.kept.next) || share >= l.kept.share+stride // labels that move it are in no other place
	if !whole && l.kept.report {
		return
	}
	row := store.Wheel{Tenant: model.DefaultTenant, Task: l.task, Audits: l.heard}
	var errs [3]error
	if whole {
		row.State, errs[0] = json.Marshal(l.wheel.State())
	}
	row.Brief, errs[1] = json.Marshal(l.wheel.Brief())
	row.Report, errs[2] = json.Marshal(l.report())
	err := errors.Join(errs[:]...)
	if err == nil {
		err = l.app.store.KeepWheel(ctx, row)
	}
	if err != nil {
		l.app.log.Error("what is known of a wheel cannot be kept; it is tried again", "task", l.task, "error", err)
		return
	}
	l.kept.report = true
	if whole {
		l.dirty, l.kept.share, l.kept.next = false, share, time.Now().Add(pace(len(row.State)))
	}
}

// giveLesson notes that a turn begins now, and leaves it what it has to know.
func (l *loop) giveLesson(ctx context.Context) error {
	brief, err := json.Marshal(l.wheel.Brief())
	if err != nil {
		return fmt.Errorf("brief a turn of %s: %w", l.task, err)
	}
	if err := l.app.store.BriefWheel(ctx, model.DefaultTenant, l.task, brief); err != nil {
		return err
	}
	l.wheel.Given()
	l.hear(tale{do: func() {}}) // which has it kept
	return nil
}

// want has a turn begin as soon as it may, since one that had to be was not made.
func (l *loop) want(why wheel.Trigger) { l.hear(tale{do: func() { l.wheel.Want(why) }}) }
