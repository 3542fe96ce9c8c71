// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"retort/audit"
	"retort/dataset"
	"retort/eval"
	"retort/flow"
	"retort/internal/desk"
	"retort/internal/store"
	"retort/model"
	"retort/wheel"
)

// kindTurn is what runs of TurnRun are called.
const kindTurn = "turn"

// turning is what a turn begins with.
type turning struct {
	Distillation distillation
	Why          wheel.Trigger
	Labels       int
	Brief        wheel.Brief
}

// turn is the steps of a turn: those of a distillation, and then whether its student serves.
func (a *App) turn(ctx flow.Context, of *turning) (*made, error) {
	run := ctx.Run()
	task := of.Distillation.Options.Task
	_, err := flow.Step(ctx, "begin", func(ctx context.Context) (string, error) {
		return run, a.store.BeginTurn(ctx, store.Turn{ID: run, Tenant: model.DefaultTenant, Task: task, Why: string(of.Why), Labels: of.Labels})
	})
	if err != nil {
		return nil, err
	}
	out, err := a.distil(ctx, &of.Distillation)
	if err != nil {
		return nil, err
	}
	if of := out.Report.Student; of != run {
		return nil, &borrowedError{of}
	}
	inherited, err := flow.Step(ctx, "audit", func(ctx context.Context) (*inheritance, error) {
		return a.inherits(ctx, run, of.Distillation.Options.Seed, out)
	})
	if err != nil {
		return nil, err
	}
	_, err = flow.Step(ctx, "gate", func(ctx context.Context) (*store.Turn, error) {
		g, err := a.gate(ctx, task, run, out, inherited)
		if err == nil {
			err = a.late(ctx, task, g, &of.Brief)
		}
		if err != nil {
			return nil, err
		}
		g.Brief = &of.Brief
		text, err := json.Marshal(g)
		if err != nil {
			return nil, fmt.Errorf("keep the verdict on student %s: %w", run, err)
		}
		v := store.Verdict{Outcome: g.outcome(), Says: g.Why, Evidence: text, Over: g.Over}
		turn, err := a.store.EndTurn(ctx, model.DefaultTenant, run, v)
		if model.KindOf(err) == model.NotFound { // a run that goes on from another's steps
			err = a.store.BeginTurn(ctx, store.Turn{ID: run, Tenant: model.DefaultTenant, Task: task, Why: string(of.Why), Labels: of.Labels})
			if err == nil {
				turn, err = a.store.EndTurn(ctx, model.DefaultTenant, run, v)
			}
		}
		return turn, err
	})
	return out, err
}

// borrowedError refuses a turn that would take over another's student, whose turn has a verdict.
type borrowedError struct{ student string }

func (e *borrowedError) Error() string {
	return fmt.Sprintf("student %s is of another turn, which has its verdict", e.student)
}
func (e *borrowedError) Hint() string {
	return "have one made anew: --from judge, or an earlier step"
}

// inheritance is what the audit of a turn's student found.
type inheritance struct {
	Ruling eval.Ruling // the worst of the checks that count
	Says   string      // what those with this ruling found; empty for Pass
}

// inherits audits a student, unless that was done.
func (a *App) inherits(ctx context.Context, id string, seed uint64, of *made) (*inheritance, error) {
	kept, err := a.keptAudit(id)
	if err == nil && kept == nil {
		texts := make([]dataset.Example, len(of.Judged))
		for i := range of.Judged {
			texts[i].Text = of.Judged[i].Text
		}
		kept, err = a.Audit(ctx, AuditOptions{Student: id, Seed: seed, Texts: texts})
	}
	if err != nil {
		return nil, err
	}
	var rulings []eval.Ruling
	for i := range kept.Checks {
		if counts(&kept.Checks[i]) {
			rulings = append(rulings, kept.Checks[i].Verdict)
		}
	}
	out := &inheritance{Ruling: eval.Worst(rulings...)}
	var says []string
	for i := range kept.Checks {
		if c := &kept.Checks[i]; c.Verdict == out.Ruling && c.Verdict != eval.Pass && counts(c) {
			says = append(says, c.Name+": "+c.Says+found(c))
		}
	}
	out.Says = strings.Join(says, "; ")
	return out, nil
}

// found is the first of a check's findings that led to its verdict, and how many more did; empty where none says so.
func found(c *audit.Check) string {
	first, more := "", 0
	for _, line := range c.Lines {
		switch what, is := strings.CutSuffix(line, ": "+string(c.Verdict)); {
		case !is:
		case first == "":
			first = what
		default:
			more++
		}
	}
	if first == "" && c.Verdict == eval.Fail && len(c.Lines) > 0 { // the findings of other checks are faults one and all
		first, more = c.Lines[0], len(c.Lines)-1
	}
	switch {
	case first == "":
		return ""
	case c.Verdict == eval.Inconclusive:
		first = "not shown of " + first
	}
	if more > 0 {
		first += fmt.Sprintf(", and %d more", more)
	}
	return "; " + first
}

// TurnRun turns a task's wheel once: it trains a student on all that was gathered, judges it and promotes it if the gate lets it through. A turn of
// the task that was interrupted is gone on with instead. An error that comes with the turn is as endTurn's. begun is told of the run, and whether it was begun earlier.
func (a *App) TurnRun(ctx context.Context, task string, why wheel.Trigger, progress func(string, int, int), begun func(run flow.Run, earlier bool)) (out *store.Turn, err error) {
	d := a.plant.Load().Desks[task]
	switch {
	case d == nil:
		return nil, a.noSuchTask(task)
	case d.Config.Wheel == nil:
		return nil, &noWheelError{task}
	}
	e, kinds, err := a.work(ctx, progress)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, a.rest(ctx, e)) }()
	key := "turn " + task
	run, err := a.openTurn(ctx, e, task, key)
	if err != nil {
		return nil, err
	}
	if run != nil {
		begun(*run, true)
		if err := e.Resume(ctx, run.ID); err != nil {
			return nil, err
		}
		return a.endTurn(ctx, e, run.ID)
	}
	if why == Unfinished { // it has ended
		turns, err := a.store.Turns(ctx, model.DefaultTenant, task, 1)
		if err != nil || len(turns) == 0 {
			return nil, err
		}
		return &turns[0], nil
	}
	of, err := a.newTurn(ctx, d, why)
	if err != nil {
		return nil, err
	}
	id, err := e.Start(ctx, kinds.turn, flow.Start{Title: fmt.Sprintf("turn %s, by %s", task, why), Key: key}, of)
	if err != nil {
		return nil, err
	}
	begun(flow.Run{ID: id}, false)
	return a.endTurn(ctx, e, id)
}

// newTurn says what a turn that begins now learns from.
func (a *App) newTurn(ctx context.Context, d *desk.Desk, why wheel.Trigger) (*turning, error) {
	created, err := a.created()
	if err != nil {
		return nil, err
	}
	brief, _, err := a.brief(ctx, d)
	if err != nil {
		return nil, err
	}
	o := DistillOptions{Task: d.Task.Name, Judges: d.Config.Wheel.Judges, Aside: d.Config.Wheel.Aside, Goal: brief.Goal}
	students, err := a.store.Students(ctx, model.DefaultTenant, d.Task.Name)
	if err != nil {
		return nil, err
	}
	if len(students) == 0 { // later the schedule asks again
		o.Reask = d.Config.Wheel.Recheck
	}
	if brief.Since > 0 {
		o.JudgeFrom = moment(brief.Since)
	}
	if brief.Outside {
		o.FalseAlarms = cmp.Or(d.Config.Student.FalseAlarms, wheel.Unlike)
	}
	for label, from := range brief.From {
		if o.From == nil {
			o.From = map[string]time.Time{}
		}
		o.From[label] = moment(from)
	}
	labels, err := a.taughtSince(ctx, d, o.JudgeFrom)
	if err != nil {
		return nil, err
	}
	of, err := newDistillation(o, created)
	if err != nil {
		return nil, err
	}
	return &turning{Distillation: *of, Why: why, Labels: labels, Brief: *brief}, nil
}

// openTurn returns the task's turn to go on with, or nil. Turns whose runs were cancelled or are gone end.
func (a *App) openTurn(ctx context.Context, e *flow.Engine, task, key string) (*flow.Run, error) {
	runs, err := e.List(ctx)
	if err != nil {
		return nil, err
	}
	known := map[string]*flow.Run{}
	for i := range runs {
		if runs[i].Kind != kindTurn || runs[i].Key != key {
			continue
		}
		known[runs[i].ID] = &runs[i]
		switch runs[i].State {
		case flow.Running:
			return nil, &flow.StateError{Run: runs[i], Doing: "go on with"}
		case flow.Interrupted:
			return &runs[i], nil
		}
	}
	turns, err := a.store.Turns(ctx, model.DefaultTenant, task, 20)
	if err != nil {
		return nil, err
	}
	for i := range turns {
		if turns[i].Ended != nil {
			continue
		}
		v := store.Verdict{Outcome: store.TurnFailed, Says: "its run is gone"}
		if run := known[turns[i].ID]; run != nil && run.State == flow.Cancelled {
			v = store.Verdict{Outcome: store.TurnCancelled, Says: flow.ErrCancelled.Error()}
		} else if run != nil {
			v.Says = run.Error
		}
		if _, err := a.store.EndTurn(ctx, model.DefaultTenant, turns[i].ID, v); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// endTurn waits for a turn's run and returns what came of it. One that this process must leave stays open. A turn with an error has ended: students that
// never served could not be cleared.
func (a *App) endTurn(ctx context.Context, e *flow.Engine, id string) (*store.Turn, error) {
	err := e.Result(ctx, id, nil)
	switch {
	case ctx.Err() != nil:
		return nil, err
	case err == nil:
		turn, err := a.store.EndTurn(ctx, model.DefaultTenant, id, store.Verdict{Outcome: store.TurnFailed, Says: "it ended without a verdict"}) // it has one, which stays
		if err == nil {
			err = a.clear(ctx, e, turn.Task)
		}
		return turn, err
	}
	v := store.Verdict{Outcome: store.TurnFailed, Says: err.Error()}
	if errors.Is(err, flow.ErrCancelled) {
		v.Outcome = store.TurnCancelled
	}
	if _, kept := a.store.EndTurn(ctx, model.DefaultTenant, id, v); kept != nil && model.KindOf(kept) != model.NotFound {
		err = errors.Join(err, kept)
	}
	return nil, err
}

// noWheelError says that a task does not turn by itself.
type noWheelError struct{ task string }

func (e *noWheelError) Error() string { return fmt.Sprintf("task %q has no wheel", e.task) }
func (e *noWheelError) Hint() string {
	return "write wheel: {} in the task, see docs/wheel.md; or distil once: retort distill " + e.task
}
