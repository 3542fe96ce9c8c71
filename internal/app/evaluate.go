// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"retort/dataset"
	"retort/distill"
	"retort/eval"
	"retort/internal/origin"
	"retort/model"
	"retort/task"
)

// EvalOptions say what to evaluate on.
type EvalOptions struct {
	Model       string // a model, a task, or a student's id
	Data        string // a file of labelled examples, or a version of a dataset
	Input       string // its column of inputs; empty: found by name
	Label       string // its column of labels
	Limit       int    // how many examples at most; 0: all
	Concurrency int    // 0: 8
	Seed        uint64 // of the intervals
	Judge       string // the model that says which of two answers is better; empty: answers are held against the labels
	Rubric      string // what makes an answer good, in words for the judge; empty: a general one
	Progress    func(model string, p eval.Progress)
}

// Evaluation is what an evaluation found.
type Evaluation struct {
	Data     string   `json:"data"`               // the file's name
	Warnings []string `json:"warnings,omitempty"` // what makes the figures mean less than they seem to
	// Relied says what the student's certificates of fields allow of its own answers to these examples, be they taken or not.
	Relied []distill.Field `json:"relied,omitempty"`
	*eval.Report
}

// Evaluate scores a model on a file. An evaluation that was interrupted goes on where it stopped when it is called
// again with the same model and data; one that came to its end starts anew.
func (a *App) Evaluate(ctx context.Context, o EvalOptions) (*Evaluation, error) {
	r, err := a.examine(ctx, o)
	if err != nil {
		return nil, err
	}
	defer r.journals.release()
	e, err := r.evaluate(ctx, o.Model)
	if err != nil {
		return nil, err
	}
	return e, r.journals.forget()
}

// examination is an evaluation of one model or several on the same examples.
type examination struct {
	app      *App
	o        EvalOptions
	set      *dataset.Set
	examples []dataset.Example
	journals *journals // of the models asked so far
}

// examine reads the examples.
func (a *App) examine(ctx context.Context, o EvalOptions) (*examination, error) {
	read := dataset.ReadFile
	if o.Judge != "" {
		read = dataset.ReadInputs
	}
	set, _, err := a.readData(ctx, o.Data, dataset.Columns{Input: o.Input, Label: o.Label}, read)
	if err != nil {
		return nil, err
	}
	r := &examination{app: a, o: o, set: set, examples: set.Examples, journals: &journals{app: a}}
	if o.Limit > 0 {
		r.examples = r.examples[:min(o.Limit, len(r.examples))]
	}
	return r, nil
}

// evaluate puts the examples to one model.
func (r *examination) evaluate(ctx context.Context, name string) (*Evaluation, error) {
	c, err := r.app.candidate(ctx, name)
	if err != nil {
		return nil, err
	}
	warnings, err := r.app.doubts(c, r.examples, r.o.Judge == "")
	if err != nil {
		return nil, err
	}
	journal, err := r.journals.open(name+"@"+r.app.championOf(name), dataset.Hash(r.examples), name)
	if err != nil {
		return nil, err
	}
	ask := eval.Run
	if r.o.Judge != "" {
		ask = eval.Ask
	}
	asked, trace := c.model, newTrace
	if c.alone {
		trace = nil
	} else {
		asked = r.app.asking(c.model, model.Evaluating, "")
	}
	report, err := ask(ctx, asked, c.cases(r.examples, r.o.Judge == ""), eval.RunOptions{Name: name, Concurrency: r.o.Concurrency, Journal: journal,
		Trace: trace, Parse: c.parse(), Progress: r.progress(name), Measure: eval.MeasureOptions{Seed: r.o.Seed, Fields: c.fields()}})
	if err != nil {
		return nil, err
	}
	e := &Evaluation{Data: r.set.Name, Warnings: append(skipped(r.set), warnings...), Report: report}
	if r.o.Judge == "" {
		e.Relied, err = r.app.relied(ctx, &c, report.Outcomes)
	}
	return e, err
}

// relied asks the student behind a candidate again, for what its answers do not say: the scores of single fields.
func (a *App) relied(ctx context.Context, c *candidate, outcomes []eval.Outcome) ([]distill.Field, error) {
	if c.student == "" || c.task.Object == nil {
		return nil, nil
	}
	row, err := a.Student(ctx, c.student)
	if err != nil {
		return nil, err
	}
	s, err := loadStudent(a.plant.Load().Config.Data, row.Path)
	if err != nil {
		return nil, err
	}
	judged := make([]distill.Judged, len(outcomes))
	for i := range outcomes {
		d := s.Detail(outcomes[i].Case.Input)
		judged[i] = distill.Judged{Label: outcomes[i].Case.Gold, Predicted: d.Answer, Fields: d.Fields}
	}
	return distill.MeasureFields(s.Card().Fields, judged), nil
}

func (r *examination) progress(name string) func(eval.Progress) {
	if r.o.Progress == nil {
		return nil
	}
	return func(p eval.Progress) { r.o.Progress(name, p) }
}

// candidate is what an evaluation asks.
type candidate struct {
	model   model.Model
	task    *task.Task // nil: it answers freely
	student string     // id of the student that answers, alone or before its teacher; empty: none does
	alone   bool       // nobody but the student answers, which costs nothing and leaves no traces
}

// candidate returns what answers to a name: a model or task of the configuration, else a student by its id.
func (a *App) candidate(ctx context.Context, name string) (candidate, error) {
	p := a.plant.Load()
	m, err := p.Model(name)
	if err == nil {
		if d, ok := p.Desks[name]; ok {
			return candidate{model: m, task: d.Task, student: d.Now().Champion}, nil
		}
		return candidate{model: m}, nil
	}
	s, studentErr := a.Student(ctx, name)
	if studentErr != nil {
		return candidate{}, err
	}
	if err := s.there(); err != nil {
		return candidate{}, err
	}
	opened, err := loadStudent(p.Config.Data, s.Path)
	if err != nil {
		return candidate{}, err
	}
	card := opened.Card()
	t := &task.Task{Name: s.Task, Labels: card.Labels}
	if card.Schema != nil {
		t.Object = &task.Object{Bare: card.Schema.Bare, Fields: card.Schema.Names(), Canonical: card.Schema.Canonical}
	}
	return candidate{t.Student(origin.Student(s.Task, s.ID), opened), t, s.ID, true}, nil
}

// cases puts the examples, labelled ones with the answers wanted as the task spells them, whatever their case and blanks. What the task does not allow stays as
// it is.
func (c *candidate) cases(examples []dataset.Example, labelled bool) []eval.Case {
	out := make([]eval.Case, len(examples))
	for i, e := range examples {
		out[i] = eval.Case{Input: e.Text, Gold: e.Label}
		if c.task == nil || !labelled {
			continue
		}
		if said, err := c.task.Spell(e.Text, e.Label); err == nil {
			out[i].Gold = said
		}
	}
	return out
}

// fields returns the names of the fields where the task's answers are objects.
func (c *candidate) fields() []string {
	if c.task == nil || c.task.Object == nil {
		return nil
	}
	return c.task.Object.Fields
}

// parse returns what reads an answer as one that the task allows; nil when any answer will do.
func (c *candidate) parse() func(*model.Response) (string, bool) {
	if c.task == nil {
		return nil
	}
	return func(r *model.Response) (string, bool) { return c.task.Parse(r.Text()) }
}

// doubts says what makes an evaluation on examples mean less than it seems to.
func (a *App) doubts(c candidate, examples []dataset.Example, labelled bool) ([]string, error) {
	var out []string
	if c.task != nil && labelled {
		if note := strangers(c.task, examples); note != "" {
			out = append(out, note)
		}
	}
	if c.student == "" {
		return out, nil
	}
	seen, err := a.readSeen(c.student)
	if errors.Is(err, errDamaged) {
		return append(out, fmt.Sprintf("whether student %s was made from these texts, so that the figures flatter it, is not known: %v", c.student, err)), nil
	}
	if err != nil {
		return nil, err
	}
	n := 0
	for i := range examples {
		if seen.has(examples[i].Text) {
			n++
		}
	}
	if n > 0 {
		are := "are"
		if n == 1 {
			are = "is"
		}
		out = append(out, fmt.Sprintf("%d of the %d texts %s among those that student %s was made from: the figures flatter it", n, len(examples), are, c.student))
	}
	return out, nil
}

// strangers says how many examples have an answer that the task does not allow; no answer can be right about those.
func strangers(t *task.Task, examples []dataset.Example) string {
	n, named := 0, []string{}
	for i := range examples {
		label := examples[i].Label
		_, err := t.Spell(examples[i].Text, label)
		if err == nil {
			continue
		}
		if t.Object != nil {
			label = fmt.Sprintf("line %d: %v", examples[i].Line, err)
		}
		if n++; len(named) < 5 && !slices.Contains(named, label) {
			named = append(named, label)
		}
	}
	if n == 0 {
		return ""
	}
	what := "labels that task " + t.Name + " does not have"
	if t.Object != nil {
		what = "answers outside the schema of task " + t.Name
	}
	return fmt.Sprintf("%d of the %d examples have %s, so that no answer to them can be right: %s", n, len(examples), what, strings.Join(named, ", "))
}

// championOf returns the id of who serves a task; empty for its teacher and for what is no task.
func (a *App) championOf(name string) string {
	if d, ok := a.plant.Load().Desks[name]; ok {
		return d.Now().Champion
	}
	return ""
}
