// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"

	"retort/audit"
	"retort/dataset"
	"retort/flow"
	"retort/model"
)

// AuditOptions say what to audit a student with.
type AuditOptions struct {
	Student  string            // its id, or the start of it
	Data     string            // the examples that it learned from, a file or a version; empty: its version, else its task's traces
	Eval     string            // labelled texts to judge it by, a file or a version; empty: none
	Texts    []dataset.Example // such as it is asked, to swap words in where there is no Eval; where they are few, what it learned from is added
	Columns  dataset.Columns
	Override string       // why somebody takes responsibility for teachers whose terms forbid it
	Ask      int          // pairs of texts with a swapped word that are put to the teacher, of each kind; 0: none
	Budget   *model.Money // most that the teacher's answers may cost; nil: nothing, where they cost
	Seed     uint64
	Again    bool                                // another audit than one without; it changes nothing else
	Progress func(stage string, done, total int) `json:"-"` // may be nil
}

// auditRuns is audits as runs.
var auditRuns = &command[AuditOptions, *audit.Report, *audit.Report]{
	kind: "audit", version: 1,
	title: func(o *AuditOptions) string { return "audit " + o.Student },
	reads: func(o *AuditOptions) []*string { return []*string{&o.Data, &o.Eval} },
	do:    (*App).auditInSteps,
	tell:  func(_ *App, made *audit.Report) (*audit.Report, error) { return made, nil },
}

// AuditRun is Audit as a run, see command.run. Where the student has an audit, and no other is wanted, that is handed over.
func (a *App) AuditRun(ctx context.Context, o AuditOptions, how Asked, deliver func(*audit.Report) error) error {
	s, err := a.Student(ctx, o.Student)
	if err != nil {
		return err
	}
	o.Student = s.ID
	if !o.Again {
		kept, err := a.keptAudit(s.ID)
		if err != nil {
			return err
		}
		if kept != nil && o.Data == "" && o.Eval == "" && o.Override == "" && o.Ask == 0 {
			return deliver(kept)
		}
		if kept != nil { // perhaps by the same command, which was killed before it could tell
			how.refuse = &auditedError{s.ID}
		}
	}
	return auditRuns.run(ctx, a, o, how, deliver)
}

// auditedError refuses to audit a student with other data where an audit stands.
type auditedError struct{ id string }

func (e *auditedError) Error() string { return "student " + e.id + " has an audit already" }
func (e *auditedError) Hint() string {
	return "make another with --again, or leave --data, --eval, --ask and --override-terms out to see it"
}

// Audit audits a student and keeps the report beside it, in one go.
func (a *App) Audit(ctx context.Context, o AuditOptions) (*audit.Report, error) {
	progress := o.Progress
	if progress == nil {
		progress = func(string, int, int) {}
	}
	return a.auditInSteps(flow.Volatile(ctx, ""), &ordered[AuditOptions]{Options: o, Created: now()}, progress)
}

// gatheredAudit is what an audit looks at besides the student.
type gatheredAudit struct {
	Data     string // where Training came from
	Training []dataset.Example
	Complete bool
	Notes    []string
	Eval     []dataset.Example
	EvalName string
}

// checked is a check with what is to be noted of how it was made.
type checked struct {
	Check audit.Check
	Notes []string
}

// auditInSteps is the steps of an audit: each check is one.
func (a *App) auditInSteps(ctx flow.Context, of *ordered[AuditOptions], progress func(string, int, int)) (*audit.Report, error) {
	o := of.Options
	o.Progress = progress
	s, err := a.Student(ctx, o.Student)
	if err != nil {
		return nil, err
	}
	if err := s.there(); err != nil {
		return nil, err
	}
	found, err := flow.Step(ctx, "gather", func(ctx context.Context) (*gatheredAudit, error) {
		if err := of.unchanged(); err != nil {
			return nil, err
		}
		o.Data, o.Eval = of.file(o.Data), of.file(o.Eval)
		return a.gatherAudit(ctx, s, o)
	})
	if err != nil {
		return nil, err
	}
	opened, err := loadStudent(a.plant.Load().Config.Data, s.Path)
	if err != nil {
		return nil, err
	}
	subject := &audit.Subject{Student: s.ID, Task: s.Task, Answer: opened.Answer, Fields: auditedFields(s.Card.Schema), Override: o.Override, Texts: o.Texts,
		Training: found.Training, Complete: found.Complete, Eval: found.Eval}
	if d := a.plant.Load().Desks[s.Task]; d != nil && d.Config.Wheel != nil {
		subject.Aside = d.Config.Wheel.Aside
	}
	if len(o.Texts) > 0 && len(o.Texts) < enoughTexts {
		subject.Texts = together(o.Texts, found.Training)
	}
	options := audit.Options{Pairs: o.Ask, Seed: o.Seed, Progress: progress}
	var notes []string // of one check
	if o.Ask > 0 {
		if subject.Ask, err = a.askTeacher(s, o, &notes); err != nil {
			return nil, err
		}
	}
	var checks []audit.Check
	for _, name := range audit.Checks() {
		c, err := flow.Step(ctx, name, func(ctx context.Context) (checked, error) {
			subject.Terms, notes = termsFor(a.plant.Load().Config, s, found.Training), nil
			c, err := audit.One(ctx, name, subject, options)
			return checked{c, notes}, err
		})
		if err != nil {
			return nil, err
		}
		checks, found.Notes = append(checks, c.Check), append(found.Notes, c.Notes...)
	}
	return flow.Step(ctx, "keep", func(context.Context) (*audit.Report, error) {
		report, err := audit.Conclude(subject, options, checks)
		if err != nil {
			return nil, err
		}
		report.Seed, report.Data, report.Eval, report.Notes, report.Created, report.Run = o.Seed, found.Data, found.EvalName, found.Notes, of.Created, ctx.Run()
		return a.keepAudit(report)
	})
}

func (a *App) gatherAudit(ctx context.Context, s *Student, o AuditOptions) (*gatheredAudit, error) {
	data, err := a.learnedFrom(ctx, s, o)
	if err != nil {
		return nil, err
	}
	out := &gatheredAudit{Data: data.name, Training: data.examples, Complete: data.complete, Notes: data.notes}
	if o.Eval != "" {
		set, _, err := a.readData(ctx, o.Eval, o.Columns, dataset.ReadFile)
		if err != nil {
			return nil, err
		}
		out.Eval, out.EvalName = set.Examples, set.Name
	}
	out.Training, out.Eval = canonical(s.Card.Schema, out.Training), canonical(s.Card.Schema, out.Eval)
	return out, nil
}
