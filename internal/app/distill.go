// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"retort/dataset"
	"retort/dataset/refine"
	"retort/distill"
	"retort/eval/certify"
	"retort/flow"
	"retort/internal/config"
	"retort/internal/desk"
	"retort/internal/origin"
	"retort/internal/store"
	"retort/model"
	"retort/student"
	"retort/task"
)

// DistillOptions say what to distil. Empty fields take the task's configuration, else the defaults.
type DistillOptions struct {
	Task string
	// Contract is the task where a file of its own has it; nil: the configuration does, or the examples' labels make it. One
	// that the configuration has too must allow the same answers there.
	Contract     *config.Task `json:"-"`
	ContractFile string       // where Contract was read from, for another process to do so again
	Data         string       // a file of labelled examples, or a version of a dataset; empty: the task's traces
	Input        string       // its column of inputs; empty: found by name
	Label        string       // its column of labels
	Eval         string       // a file, or a version of a dataset, to measure and certify on
	// OutOfScope is a file of texts that are none of the task; empty: none are known. FalseAlarms is as in student.Outside; 0 means the task's.
	OutOfScope  string
	FalseAlarms float64

	Goal   certify.Goal
	Method certify.Method
	Effort string
	Seed   uint64
	Refine refine.Plan // the refining steps; nil: refine.Default
	// JudgeFrom is, for traces, when what they teach begins to judge: what is earlier trains alone; zero: all may judge. Judges is how many
	// judge at most, the latest; 0: all.
	JudgeFrom time.Time `json:",omitzero"`
	Judges    int       `json:",omitempty"`
	// From is, for traces, from when on the answers with a label are learned from at all; labels that are not in it: always.
	From map[string]time.Time `json:",omitempty"`
	// Aside are labels that the student learns and is never to give, so that what it would answer with them certifies nothing.
	Aside []string `json:",omitempty"`
	Reask int      // how many inputs to put to the teacher again, with traces and a teacher that is no recording

	// Asking says how teachers label a file's inputs, or those of traces that a further teacher has not answered. A file whose
	// rows have no labels is labelled by the task's teachers; one with labels only where teachers or a budget are given.
	Asking

	Progress func(stage string, done, total int) `json:"-"` // may be nil
}

// Distilled is a registered candidate with the evidence for it.
type Distilled struct {
	distill.Outcome
	ID   string
	Task *task.Task
}

// Distill makes a student and registers it as a candidate, in one go: nothing is kept for another process to go on with.
func (a *App) Distill(ctx context.Context, o DistillOptions) (*Distilled, error) {
	if _, err := a.taught(&o); err != nil {
		return nil, err
	}
	made, err := a.distil(flow.Volatile(ctx, newStudentID()), &distillation{Options: o, Created: now()})
	if err != nil {
		return nil, err
	}
	return a.distilled(made)
}

func newStudentID() string { return strings.ToLower(rand.Text()[:10]) }

// now is when a student is made, as its card has it.
func now() time.Time { return time.Now().UTC().Truncate(time.Second) }

// taught returns the desk of the task to distil; nil where the configuration has none. A task from a file that allows other
// answers than the one of that name here is refused: its student could never be promoted.
func (a *App) taught(o *DistillOptions) (*desk.Desk, error) { return a.agreed(o.Task, o.Contract) }

// agreed returns the desk of a task by name; nil where the configuration has none. contract is the task as a file has it, which must
// allow the same answers there; nil: none does.
func (a *App) agreed(name string, contract *config.Task) (*desk.Desk, error) {
	d := a.plant.Load().Desks[name]
	if d == nil || contract == nil {
		return d, nil
	}
	t, err := contract.Contract(name)
	if err != nil {
		return nil, err
	}
	if !sameAnswers(d.Task, t) {
		return nil, &otherTaskError{name}
	}
	return d, nil
}

// sameAnswers reports whether two tasks allow the same answers, in the same canonical form.
func sameAnswers(a, b *task.Task) bool {
	if a.Object == nil || b.Object == nil {
		return a.Object == b.Object && slices.Equal(slices.Sorted(slices.Values(a.Labels)), slices.Sorted(slices.Values(b.Labels)))
	}
	x, err := student.ParseSchema(a.Object.Schema)
	if err != nil {
		return false
	}
	y, err := student.ParseSchema(b.Object.Schema)
	return err == nil && x.Same(y)
}

// otherTaskError refuses a file's task whose name means other answers in the configuration.
type otherTaskError struct{ task string }

func (e *otherTaskError) Error() string {
	return fmt.Sprintf("the configuration has a task %q that allows other answers than the file", e.task)
}
func (e *otherTaskError) Hint() string {
	return "leave --task out to take that one, or give the new one another name before --task FILE"
}

// settings are the options where given, then the task's, then the defaults.
func (o *DistillOptions) settings(d *desk.Desk) (certify.Goal, certify.Method, student.Effort) {
	c := o.contract(d)
	goal, method, effort := o.Goal, o.Method, o.Effort
	if goal.Agreement == 0 {
		goal.Agreement = c.Agreement
	}
	if goal.Confidence == 0 {
		goal.Confidence = c.Confidence
	}
	if method == "" {
		method = certify.Method(c.Student.Method)
	}
	if effort == "" {
		effort = c.Student.Effort
	}
	return goal, method, student.Effort(effort)
}

// contract is the file's task, or the configured one, or one of defaults.
func (o *DistillOptions) contract(d *desk.Desk) config.Task {
	switch {
	case o.Contract != nil:
		return *o.Contract
	case d != nil:
		return d.Config
	}
	return config.Task{Agreement: 0.95, Confidence: 0.95}
}

// outside reads the texts that are none of the task. The task's share of false alarms counts where none is given.
func (o *DistillOptions) outside(d *desk.Desk) (student.Outside, error) {
	out := student.Outside{FalseAlarms: cmp.Or(o.FalseAlarms, o.contract(d).Student.FalseAlarms)}
	if o.OutOfScope != "" {
		set, err := dataset.ReadInputs(o.OutOfScope, dataset.Columns{Input: o.Input})
		if err != nil {
			return out, err
		}
		for _, e := range set.Examples {
			out.OutOfScope = append(out.OutOfScope, e.Text)
		}
	}
	return out, out.Check()
}

// gather finds the examples, the contract and the teacher, and what to ask the teacher again.
func (a *App) gather(ctx context.Context, job *distill.Job, d *desk.Desk, o DistillOptions) ([]repetition, error) {
	if o.Eval != "" {
		set, _, err := a.readData(ctx, o.Eval, dataset.Columns{Input: o.Input, Label: o.Label}, dataset.ReadFile)
		if err != nil {
			return nil, err
		}
		job.Eval, job.Notes = set.Examples, skipped(set)
	}
	if o.Data == "" {
		return a.gatherTraces(ctx, job, d, o)
	}
	if o.given() {
		return nil, a.teachFile(ctx, job, &o)
	}
	set, version, err := a.readData(ctx, o.Data, dataset.Columns{Input: o.Input, Label: o.Label}, dataset.ReadFile)
	if err != nil && bare(o.Data, dataset.Columns{Input: o.Input, Label: o.Label}) {
		if d == nil && o.Contract == nil {
			return nil, &untaughtFileError{err, o.Task}
		}
		return nil, a.teachFile(ctx, job, &o)
	}
	if err != nil {
		return nil, err
	}
	divide(job, set.Examples)
	job.DataHash, job.Teachers, job.Notes = set.Hash, []string{"file " + filepath.Base(o.Data)}, append(job.Notes, skipped(set)...)
	if err := a.taughtBy(job, version); err != nil {
		return nil, err
	}
	if n := len(job.Hard); n > 0 {
		job.Notes = append(job.Notes, fmt.Sprintf("%d rows of %s are marked as no fair sample of the traffic: they train and do not judge", n, set.Name))
	}
	if d != nil {
		job.Task = d.Task
		return nil, nil
	}
	if o.Contract != nil {
		job.Task, err = o.Contract.Contract(o.Task)
		return nil, err
	}
	if first := set.Examples[0].Label; (first[0] == '{' || first[0] == '[') && json.Valid([]byte(first)) {
		return nil, &noSchemaError{o.Task, filepath.Base(o.Data)}
	}
	job.Task = &task.Task{Name: o.Task, Labels: labels(slices.Concat(set.Examples, job.Eval))}
	if err := job.Task.Validate(); err != nil {
		return nil, fmt.Errorf("make task %s from the labels of %s: %w", o.Task, o.Data, err)
	}
	return nil, nil
}

// skipped says which rows of a file hold no example.
func skipped(set *dataset.Set) []string {
	var notes []string
	if n := set.Skipped.Rows(); n > 0 {
		lines := fmt.Sprint(set.Skipped.Lines[:min(5, len(set.Skipped.Lines))])
		notes = append(notes, fmt.Sprintf("%d rows of %s have no text or no label and were skipped: lines %s …", n, set.Name, strings.Trim(lines, "[]")))
	}
	if set.Repaired > 0 {
		notes = append(notes, fmt.Sprintf("%d texts of %s hold bytes that are no UTF-8; each was replaced", set.Repaired, set.Name))
	}
	return notes
}

// labels returns the labels that examples have, sorted. Of those that differ in case, blanks or punctuation only it is the one
// that most examples have; the others are then read as that one.
func labels(examples []dataset.Example) []string {
	rows := map[string]int{}
	for i := range examples {
		rows[examples[i].Label]++
	}
	best := map[string]string{}
	for _, label := range slices.Sorted(maps.Keys(rows)) {
		key := task.Fold(label)
		if other, seen := best[key]; !seen || rows[label] > rows[other] {
			best[key] = label
		}
	}
	return slices.Sorted(maps.Values(best))
}

// gatherTraces makes examples of what the task's teacher answered through the gateway, and chooses what to ask it again.
func (a *App) gatherTraces(ctx context.Context, job *distill.Job, d *desk.Desk, o DistillOptions) ([]repetition, error) {
	if d == nil {
		return nil, &unknownTaskError{o.Task}
	}
	p := a.plant.Load()
	unknown, err := origin.Terms(p.Config, d.Config.Teacher...)
	if err != nil {
		return nil, err
	}
	if len(d.Config.Teacher) == 1 && !o.given() { // else who asks them says so
		for _, name := range unknown {
			job.Notes = append(job.Notes, origin.UnknownTerms(name))
		}
	}
	job.Task = d.Task
	taught, err := a.lessons(ctx, p, d, o.Progress)
	if err != nil {
		return nil, err
	}
	taught.forget(o.From)
	taught.limit(o.JudgeFrom, o.Judges)
	job.Notes = append(job.Notes, taught.notes()...)
	if len(taught.examples) == 0 {
		return nil, &noTracesError{task: o.Task, hard: len(taught.hard)}
	}
	job.Examples, job.Hard, job.DataHash = taught.examples, taught.hard, dataset.Hash(taught.examples)
	job.Teachers = origin.NamesOf(p.Config, d.Config.Teacher.Lead()).Sorted()
	if len(d.Config.Teacher) > 1 || o.given() {
		if err := a.teachTraces(ctx, job, d, &o, taught); err != nil {
			return nil, err
		}
	}
	if o.Reask <= 0 || origin.Recorded(p.Config, d.Config.Teacher.Lead()) {
		return nil, nil
	}
	return taught.again(o.Reask), nil
}

// register stores a student's file and its row, which says for how many seconds it was trained. Done again for the same id,
// it leaves the same.
func (a *App) register(ctx context.Context, id string, s student.Any, seconds float64, made seen, judged []distill.Judged, version string) (*store.Student, error) {
	data := a.plant.Load().Config.Data
	path := filepath.Join("students", id+".student")
	if err := os.MkdirAll(filepath.Join(data, "students"), 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of students: %w", err)
	}
	size, err := s.WriteFile(filepath.Join(data, path))
	if err != nil {
		return nil, err
	}
	if err := errors.Join(a.writeSeen(id, made), a.writeHeld(id, judged)); err != nil {
		return nil, errors.Join(err, os.Remove(filepath.Join(data, path)))
	}
	if known, err := a.store.Student(ctx, model.DefaultTenant, id); model.KindOf(err) != model.NotFound {
		return &known, err
	}
	card := s.Card()
	metrics := maps.Clone(card.Metrics) // the student's own
	if metrics == nil {
		metrics = map[string]float64{}
	}
	metrics[trainingSeconds] = seconds
	card.Metrics = metrics
	text, err := json.Marshal(card)
	if err != nil {
		return nil, fmt.Errorf("write the student's card: %w", err)
	}
	of, _ := store.ParseDatasetRef(version)
	row, err := a.store.AddStudent(ctx, store.Student{ID: id, Tenant: model.DefaultTenant, Task: card.Task,
		Path: filepath.ToSlash(path), Bytes: size, Card: text, Dataset: of})
	if err != nil {
		return nil, errors.Join(err, os.Remove(filepath.Join(data, path)), os.Remove(a.besidePath(id, seenFile)), os.Remove(a.besidePath(id, heldFile)))
	}
	return &row, nil
}

type unknownTaskError struct{ task string }

func (e *unknownTaskError) Error() string {
	return fmt.Sprintf("the configuration has no task %q", e.task)
}
func (e *unknownTaskError) Hint() string {
	return "add it to the section tasks, or distil from a file: retort distill " + e.task + " --data FILE"
}

// noSchemaError refuses to guess what the objects of a file may be.
type noSchemaError struct{ task, file string }

func (e *noSchemaError) Error() string {
	return fmt.Sprintf("the answers in %s are objects or lists, and the configuration has no task %q that says which are allowed", e.file, e.task)
}
func (e *noSchemaError) Hint() string {
	return "give its JSON Schema with --task FILE, or add the task with output: {schema: {type: object, properties: {…}}} and a teacher"
}

type noTracesError struct {
	task string
	hard int
}

func (e *noTracesError) Error() string {
	text := fmt.Sprintf("task %q has no traces of its teacher to learn from", e.task)
	if e.hard > 0 {
		text += fmt.Sprintf(" (%d that a student was asked first do not suffice)", e.hard)
	}
	return text
}
func (e *noTracesError) Hint() string {
	return "send it some traffic through retort serve first, or distil from a file with --data FILE"
}
