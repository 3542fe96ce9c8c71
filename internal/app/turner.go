// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"retort/flow"
	"retort/model"
	"retort/wheel"
)

const (
	// turnEvery is how often a serving process looks whether a task is to turn; looking takes a twentieth of the time at most.
	turnEvery, lookShare = 2 * time.Second, 20
	// firstRetry and lastRetry are how long a turn that could not be made is left alone: each time twice as long.
	firstRetry, lastRetry = 2 * time.Second, 10 * time.Minute
	// leaving is how long a turn may take to end in good order.
	leaving = 15 * time.Second
)

// turner turns the tasks of a serving process, one at a time, each turn in a process of its own: it yields to the gateway, and the engine of
// runs and the memory that training takes are none of the gateway's.
type turner struct {
	app   *App
	retry map[string]retry
}

// retry is when a task that could not turn is tried again.
type retry struct {
	at   time.Time
	wait time.Duration
}

// turnTasks works until ctx ends.
func (a *App) turnTasks(ctx context.Context) {
	if a.options.Worker == nil {
		return
	}
	t := &turner{a, map[string]retry{}}
	for wait := time.Duration(0); ; {
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		began := time.Now()
		name, why := t.next(ctx)
		if wait = max(turnEvery, lookShare*time.Since(began)); why != "" {
			t.turn(ctx, name, why)
			wait = 0
		}
	}
}

// next returns a task that is to turn, and why.
func (t *turner) next(ctx context.Context) (string, wheel.Trigger) {
	tasks := t.app.plant.Load().Desks
	for _, name := range slices.Sorted(maps.Keys(tasks)) {
		if tasks[name].Config.Wheel == nil || time.Now().Before(t.retry[name].at) {
			continue
		}
		s, err := t.app.wheelState(ctx, tasks[name])
		if err != nil {
			if ctx.Err() == nil {
				t.app.log.Error("whether a task is to turn cannot be read", "task", name, "error", err)
			}
			continue
		}
		if s.Due == Unfinished && t.elsewhere(ctx, s.Turns[0].ID) {
			continue
		}
		if s.Due != "" {
			return name, s.Due
		}
	}
	return "", ""
}

// elsewhere says whether another process works on a run, such as a turn that a person makes: it is left alone, and is no turn that could not be made.
func (t *turner) elsewhere(ctx context.Context, id string) (is bool) {
	err := t.app.look(ctx, func(r *flow.Runs) error {
		run, err := r.Find(ctx, id)
		is = err == nil && run.State == flow.Running && run.Process > 0
		return err
	})
	return is && err == nil // else the worker will tell
}

// turn has another process turn a task and waits for it.
func (t *turner) turn(ctx context.Context, name string, why wheel.Trigger) {
	log := t.app.log.With("task", name, "trigger", string(why))
	began := time.Now()
	if d := t.app.plant.Load().Desks[name]; d != nil && why != Unfinished {
		if l := loopAt(d); l != nil {
			if err := l.giveLesson(ctx); err != nil { // the turn then learns by what was kept before
				log.Error("what a turn has to know cannot be kept", "error", err)
			}
		}
	}
	said := ""
	w, err := startWorker(t.app.options.Worker("tasks", "turn", name, "--attached", "--trigger", string(why)))
	if err == nil {
		log.Info("a turn is under way", "process", w.cmd.Process.Pid)
		err = t.wait(ctx, name, w)
		said = w.said.String()
	}
	if err != nil && why != Unfinished {
		t.remember(name, why, began)
	}
	if ctx.Err() != nil {
		return
	}
	if errors.Is(err, errLeft) {
		log.Info("a turn is left to be gone on with", "why", err)
		return
	}
	if err == nil {
		delete(t.retry, name)
		if turns, err := t.app.store.Turns(ctx, model.DefaultTenant, name, 1); err == nil && len(turns) > 0 {
			log.Info("a turn has ended", "student", turns[0].ID, "outcome", string(turns[0].Outcome), "says", turns[0].Says)
		}
		return
	}
	wait := min(max(firstRetry, 2*t.retry[name].wait), lastRetry)
	t.retry[name] = retry{time.Now().Add(wait), wait}
	log.Warn("a turn was not made", "error", err, "says", lastLines(said), "again_in", wait, "hint", "retort tasks show "+name)
}

// remember has the wheel ask again for a turn that has not even begun: it was told that one is given.
func (t *turner) remember(name string, why wheel.Trigger, since time.Time) {
	turns, err := t.app.store.Turns(context.Background(), model.DefaultTenant, name, 1)
	if err != nil || len(turns) > 0 && !turns[0].Begun.Before(since) { // that is gone on with, or has its verdict
		return
	}
	if d := t.app.plant.Load().Desks[name]; d != nil {
		if l := loopAt(d); l != nil {
			l.want(why)
		}
	}
}

// errLeft is why a turn was not made that a person has stopped: no fault of the turn, which goes on as soon as it may.
var errLeft = errors.New("its task is paused")

// wait waits for a worker, and has it leave its turn when the task is paused, which is errLeft, or ctx ends.
func (t *turner) wait(ctx context.Context, name string, w *worker) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		why := context.Canceled
		select {
		case <-w.ended:
			return w.err
		case <-tick.C:
			if since, err := t.app.store.Paused(ctx, model.DefaultTenant, name); err != nil || since.IsZero() {
				continue
			}
			why = errLeft
		case <-ctx.Done():
		}
		if err := w.end(); err != nil {
			return fmt.Errorf("%w: %w", why, err)
		}
		return nil // it had just ended
	}
}

// lastLines returns the end of what a worker said.
func lastLines(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-2):], "; ")
}
