// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"cmp"
	"context"
	"time"

	"retort/internal/desk"
	"retort/internal/plant"
	"retort/wheel"
)

// beginLoops has the wheels of tasks decide who answers, and blends learn from what was said before.
func (a *App) beginLoops(ctx context.Context) {
	a.reloading.Lock()
	defer a.reloading.Unlock()
	p := a.plant.Load()
	a.loops, a.orphans = map[string]*loop{}, map[string]*loop{}
	a.turnOver(ctx, p)
	a.recall(ctx, p, tunables(p))
}

// turnOver gives the tasks of a plant their wheels: those that they had, unless the configuration has other ones now. Where one cannot be begun
// the champion answers, and is watched by its audits alone; then it returns false, and trying again later may help.
func (a *App) turnOver(ctx context.Context, p *plant.Plant) (all bool) {
	all = true
	for name, l := range a.loops {
		if d := p.Desks[name]; d == nil || d.Config.Wheel == nil || !l.made.same(makingsOf(d)) || ahead(l.latest.Load()) {
			l.end()
			delete(a.loops, name)
			a.orphans[name] = l
		}
	}
	for name, d := range p.Desks {
		if d.Config.Wheel == nil {
			continue
		}
		if a.loops[name] == nil {
			l, err := a.newLoop(ctx, d)
			if err != nil {
				a.log.Error("a wheel cannot be begun; its champion answers as it is, and it is tried again", "error", err)
				d.Turn(nil) // the one before it has ended
				all = false
				continue
			}
			a.loops[name] = l
		}
		if before := a.orphans[name]; before != nil {
			before.leave(a.loops[name])
			delete(a.orphans, name)
		}
		d.Turn(a.loops[name])
	}
	for name := range a.orphans { // of tasks that turn no more
		if d := p.Desks[name]; d == nil || d.Config.Wheel == nil {
			delete(a.orphans, name)
		}
	}
	return all
}

// endLoops keeps what the wheels know. Nobody asks them any more.
func (a *App) endLoops() {
	a.reloading.Lock()
	defer a.reloading.Unlock()
	for _, l := range a.loops {
		l.end()
	}
	for _, d := range a.plant.Load().Desks {
		d.Turn(nil)
	}
	a.loops, a.orphans = nil, nil
}

// loopAt returns the loop that decides who answers at a desk; nil: none does.
func loopAt(d *desk.Desk) *loop {
	l, _ := d.Wheel().(*loop)
	return l
}

// WheelReport is how the wheel of a task stands in the process that serves it, a few seconds ago at most.
type WheelReport struct {
	At       time.Time `json:"at"`
	Requests int64     `json:"requests"` // since the wheel began
	Champion string    `json:"champion,omitempty"`
	Canary   string    `json:"canary,omitempty"`
	Share    float64   `json:"canary_share,omitempty"` // of the requests that the canary answers
	// Challenger answers nothing, and is compared with the champion on what is asked.
	Challenger string        `json:"challenger,omitempty"`
	Audits     float64       `json:"audits"` // share of the requests that is audited at the moment
	Dropped    AuditsDropped `json:"audits_dropped"`
	Out        []string      `json:"classes_out"`          // answers that are left to the teacher, since they no longer agree with it
	Suspicious []string      `json:"suspicious,omitempty"` // answers that are audited one and all
	Evidence   Evidence      `json:"evidence"`
	Urgent     wheel.Trigger `json:"urgent,omitempty"` // why a turn should begin before there are enough labels
	Events     []WheelEvent  `json:"events"`           // the latest, the latest first
}

// AuditsDropped are answers that were to be audited and were not, for a limit of the configuration that the process serves by.
type AuditsDropped struct {
	Concurrent int `json:"concurrent"` // too many audits were under way
	PerDay     int `json:"per_day"`    // the day's money was spent
}

// Evidence is how far the evidence of each watch has come: an alarm is at 1.
type Evidence struct {
	Service float64 `json:"service"` // audited answers agree less often than promised: the student is taken out
	Unrest  float64 `json:"unrest"`  // labels differ from what students say more often than they did: more is audited
	Input   float64 `json:"input"`   // requests are not what they were: a turn begins
	Teacher float64 `json:"teacher"` // the teacher does not say what it said: a turn begins
}

// WheelEvent is something that happened to a task's wheel.
type WheelEvent struct {
	At       time.Time  `json:"at"`
	Kind     wheel.Kind `json:"kind"`
	Student  string     `json:"student,omitempty"`
	Class    string     `json:"class,omitempty"`
	Evidence float64    `json:"evidence,omitempty"` // an alarm is at 1
	Since    *time.Time `json:"since,omitempty"`    // from when on it most likely holds
	Says     string     `json:"says"`
}

// shownEvents is how many events are shown.
const shownEvents = 20

func (l *loop) report() *WheelReport {
	now := l.wheel.Status()
	r := &WheelReport{At: time.Now().UTC(), Requests: now.Requests, Share: now.Share, Audits: now.Audits, Out: append([]string{}, now.Out...), Suspicious: now.Suspicious,
		Evidence: Evidence{Service: now.Service, Unrest: now.Unrest, Input: now.Input, Teacher: now.Teacher}, Urgent: l.wheel.Urgent(), Events: []WheelEvent{}}
	for _, one := range []struct {
		v  *wheel.Version
		to *string
	}{{now.Champion, &r.Champion}, {now.Canary, &r.Canary}, {now.Challenger, &r.Challenger}} {
		if one.v != nil {
			*one.to = one.v.Name
		}
	}
	if p := l.app.plant.Load(); p.Desks[l.task] != nil && p.Desks[l.task].Audited != nil {
		c := p.Desks[l.task].Audited.Counts()
		r.Dropped = AuditsDropped{c.DroppedConcurrent, c.DroppedMoney}
	}
	events := l.wheel.Events()
	for i := len(events) - 1; i >= 0 && len(r.Events) < shownEvents; i-- {
		e := &events[i]
		shown := WheelEvent{At: moment(cmp.Or(e.At, e.Request)), Kind: e.Kind, Class: e.Class, Says: e.Says}
		if v := l.wheel.Version(e.Version); v != nil {
			shown.Student = v.Name
		}
		if e.Patience > 0 {
			shown.Evidence = e.Evidence / e.Patience
		}
		if e.Since > 0 {
			since := moment(e.Since)
			shown.Since = &since
		}
		r.Events = append(r.Events, shown)
	}
	return r
}

// moment is the time that is the number of a request.
func moment(number int64) time.Time { return time.Unix(0, number).UTC() }
