// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"retort/dataset/refine"
	"retort/distill"
	"retort/flow"
	"retort/internal/config"
	"retort/student"
	"retort/task"
)

// distillation is what a distillation that is a run begins with.
type distillation = ordered[DistillOptions]

// gathered is what a distillation learns from.
type gathered struct {
	Job       distill.Job
	Contract  contract
	Questions []repetition // to put to the teacher again
}

// contract is a task in JSON.
type contract struct {
	Name         string          `json:"name"`
	Instructions string          `json:"instructions,omitempty"`
	Labels       []string        `json:"labels,omitempty"`
	Schema       json.RawMessage `json:"schema,omitempty"`
}

func contractOf(t *task.Task) contract {
	c := contract{Name: t.Name, Instructions: t.Instructions, Labels: t.Labels}
	if t.Object != nil {
		c.Schema = t.Object.Schema
	}
	return c
}

// task is the task as far as a student and its report need it.
func (c *contract) task() (*task.Task, error) {
	t := &task.Task{Name: c.Name, Instructions: c.Instructions, Labels: c.Labels}
	if c.Schema != nil {
		schema, err := student.ParseSchema(c.Schema)
		if err != nil {
			return nil, err
		}
		t.Object = &task.Object{Schema: c.Schema, Fields: schema.Names(), Canonical: schema.Canonical}
	}
	return t, nil
}

// made is what a distillation leaves besides the student.
type made struct {
	Report   distill.Report
	Judged   []distill.Judged
	Contract contract
}

// distil is the steps of a distillation. Its student has the id of the run.
func (a *App) distil(ctx flow.Context, of *distillation) (*made, error) {
	o, run := of.Options, ctx.Run()
	if o.Progress == nil {
		o.Progress = func(string, int, int) {}
	}
	lessons, err := flow.Step(ctx, "gather", func(ctx context.Context) (*gathered, error) { return a.lay(ctx, of, o) })
	if err != nil {
		return nil, err
	}
	job := lessons.Job
	if job.Task, err = lessons.Contract.task(); err != nil {
		return nil, err
	}
	job.Progress = o.Progress
	var again *distill.Reasked
	if len(lessons.Questions) > 0 {
		d := a.plant.Load().Desks[o.Task]
		if d == nil {
			return nil, &unknownTaskError{o.Task}
		}
		if job.Consistency, again, err = a.reask(ctx, d, lessons.Questions, job.Goal.Confidence, o.Progress); err != nil {
			return nil, err
		}
	}
	settled, err := flow.Step(ctx, "settle", func(ctx context.Context) (*distill.Settled, error) { return (&job).Settle(ctx) })
	if err != nil {
		return nil, fmt.Errorf("distil %s: %w", o.Task, err)
	}
	trained, err := flow.Step(ctx, "learn", func(ctx context.Context) (*distill.Learned, error) { return job.Learn(ctx, settled) })
	if err != nil {
		return nil, fmt.Errorf("distil %s: %w", o.Task, err)
	}
	out, err := flow.Step(ctx, "judge", func(ctx context.Context) (*made, error) {
		outcome, err := job.Judge(ctx, settled, trained)
		if err != nil {
			return nil, fmt.Errorf("distil %s: %w", o.Task, err)
		}
		row, err := a.register(ctx, run, outcome.Student, outcome.Report.TrainSeconds+outcome.Report.CrossFitSeconds,
			newSeen(lessons.Job.Examples, lessons.Job.Hard), outcome.Judged, job.Dataset)
		if err != nil {
			return nil, err
		}
		outcome.Report.Student, outcome.Report.StudentBytes, outcome.Report.Reasked = row.ID, row.Bytes, again
		return &made{outcome.Report, outcome.Judged, lessons.Contract}, nil
	})
	return out, err
}

// lay gathers what there is to learn from.
func (a *App) lay(ctx context.Context, of *distillation, o DistillOptions) (*gathered, error) {
	if err := of.unchanged(); err != nil {
		return nil, err
	}
	o.Data, o.Eval, o.OutOfScope, o.ContractFile = of.file(o.Data), of.file(o.Eval), of.file(o.OutOfScope), of.file(o.ContractFile)
	if o.Contract == nil && o.ContractFile != "" {
		var err error
		if o.Contract, err = config.LoadTask(o.ContractFile, o.Task); err != nil {
			return nil, err
		}
	}
	d, err := a.taught(&o)
	if err != nil {
		return nil, err
	}
	if o.Aside == nil { // what serves leaves these to the teacher, whoever has it trained
		if w := o.contract(d).Wheel; w != nil {
			o.Aside = w.Aside
		}
	}
	job := distill.Job{Created: of.Created, Seed: o.Seed, Silent: o.Aside}
	job.Goal, job.Method, job.Effort = o.settings(d)
	if job.Outside, err = o.outside(d); err != nil {
		return nil, err
	}
	if job.Refine = o.Refine; job.Refine == nil {
		job.Refine = refine.Default()
	}
	questions, err := a.gather(ctx, &job, d, o)
	if err != nil {
		return nil, err
	}
	return &gathered{Job: job, Contract: contractOf(job.Task), Questions: questions}, nil
}

// distilled returns what a distillation made.
func (a *App) distilled(m *made) (*Distilled, error) {
	out := &Distilled{Outcome: distill.Outcome{Report: m.Report, Judged: m.Judged}, ID: m.Report.Student}
	var err error
	if out.Task, err = m.Contract.task(); err != nil {
		return nil, err
	}
	file, err := os.ReadFile(filepath.Join(a.plant.Load().Config.Data, "students", out.ID+".student"))
	if err != nil {
		return nil, fmt.Errorf("read the student: %w", err)
	}
	out.Student, err = student.DecodeAny(file)
	return out, err
}

// distilling is distillations as runs.
var distilling = &command[DistillOptions, *made, *Distilled]{
	kind: "distil", version: 1,
	title: func(o *DistillOptions) string {
		from := o.Data
		if from == "" {
			from = "traces"
		}
		return "distil " + o.Task + " from " + filepath.Base(from)
	},
	reads: func(o *DistillOptions) []*string { return []*string{&o.Data, &o.Eval, &o.OutOfScope, &o.ContractFile} },
	do: func(a *App, ctx flow.Context, of *distillation, progress func(string, int, int)) (*made, error) {
		of.Options.Progress = progress
		return a.distil(ctx, of)
	},
	tell: (*App).distilled,
}

// newDistillation notes what a distillation hangs on.
func newDistillation(o DistillOptions, created time.Time) (*distillation, error) {
	return newOrdered(o, created, distilling.reads, func(ref string) string { return ref })
}

// DistillRun is Distill as a run, see command.run.
func (a *App) DistillRun(ctx context.Context, o DistillOptions, how Asked, deliver func(*Distilled) error) error {
	if _, err := a.taught(&o); err != nil {
		return err
	}
	return distilling.run(ctx, a, o, how, deliver)
}
