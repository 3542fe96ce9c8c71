// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"retort/audit"
	"retort/dataset"
	"retort/eval"
	"retort/flow"
	"retort/internal/config"
	"retort/internal/origin"
	"retort/internal/sections"
	"retort/model"
	"retort/student"
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

// enoughTexts is how many texts to swap words in tell enough.
const enoughTexts = 1000

// together returns texts and those of more that are others.
func together(texts, more []dataset.Example) []dataset.Example {
	known := map[uint64]bool{}
	for i := range texts {
		known[mark(texts[i].Text)] = true
	}
	out := slices.Clone(texts)
	for i := range more {
		if m := mark(more[i].Text); !known[m] {
			known[m] = true
			out = append(out, more[i])
		}
	}
	return out
}

// auditedFields are those of a student's objects; none for labels.
func auditedFields(schema *student.Schema) []audit.Field {
	if schema == nil {
		return nil
	}
	var out []audit.Field
	for _, f := range schema.Fields {
		a := audit.Field{Name: f.Name, Path: f.Path, Copied: true}
		if len(a.Path) == 0 && !schema.Bare {
			a.Path = []string{f.Name}
		}
		switch f.Kind {
		case student.KindEnum, student.KindEnums, student.KindBool:
			a.Copied = false
		}
		out = append(out, a)
	}
	return out
}

// canonical returns examples with their objects spelled as a student spells them. Labels stay as they are, and so does what keeps to no schema.
func canonical(schema *student.Schema, examples []dataset.Example) []dataset.Example {
	if schema == nil {
		return examples
	}
	out := slices.Clone(examples)
	for i := range out {
		if object, err := schema.Canonical(out[i].Text, []byte(out[i].Label)); err == nil {
			out[i].Label = string(object)
		}
	}
	return out
}

// schooling is what a student learned from, as far as it is found again.
type schooling struct {
	name     string
	examples []dataset.Example
	complete bool
	notes    []string
}

// learnedFrom finds the examples that a student learned from.
func (a *App) learnedFrom(ctx context.Context, s *Student, o AuditOptions) (*schooling, error) {
	out, hash, ref, p := &schooling{}, "", o.Data, a.plant.Load()
	if ref == "" {
		ref = s.Card.Dataset
	}
	switch {
	case ref != "":
		set, _, err := a.readData(ctx, ref, o.Columns, dataset.ReadFile)
		if err != nil {
			return nil, err
		}
		out.name, out.examples, hash = set.Name, set.Examples, set.Hash
	case p.Desks[s.Task] != nil && s.Card.Teachers != nil && !fromFile(s.Card.Teachers):
		progress := o.Progress
		if progress == nil {
			progress = func(string, int, int) {}
		}
		taught, err := a.lessons(ctx, p, p.Desks[s.Task], progress)
		if err != nil {
			return nil, err
		}
		out.name, out.examples = "traces of task "+s.Task, slices.Concat(taught.examples, taught.hard)
	default:
		out.notes = append(out.notes, "the examples that it learned from were not kept here; give them with --data")
		return out, nil
	}
	return out, a.match(s, out, hash)
}

func fromFile(teachers []string) bool {
	return slices.ContainsFunc(teachers, func(t string) bool { return strings.HasPrefix(t, "file ") })
}

// match keeps of the examples those that the student was made from, and says whether they are all.
func (a *App) match(s *Student, out *schooling, hash string) error {
	if hash != "" && hash == s.Card.DataHash {
		out.complete = true
		return nil
	}
	made, err := a.readSeen(s.ID)
	if errors.Is(err, errDamaged) {
		out.notes, made = append(out.notes, err.Error()), nil
	} else if err != nil {
		return err
	}
	if len(made) == 0 {
		out.notes = append(out.notes, fmt.Sprintf("nothing tells whether %s is what the student learned from", out.name))
		return nil
	}
	before, found := len(out.examples), map[uint64]bool{}
	out.examples = slices.DeleteFunc(out.examples, func(e dataset.Example) bool {
		m := mark(e.Text)
		known := made.has(e.Text)
		found[m] = found[m] || known
		return !known
	})
	n := 0
	for _, known := range found {
		if known {
			n++
		}
	}
	out.complete = n == len(made)
	if n < len(made) {
		out.notes = append(out.notes, fmt.Sprintf("%s has %d of the %d texts that the student was made from", out.name, n, len(made)))
	}
	if d := before - len(out.examples); d > 0 {
		out.notes = append(out.notes, fmt.Sprintf("%d examples of %s had no part in the student and were left out", d, out.name))
	}
	return nil
}

// termsFor returns what is known of the terms of everyone who labelled for a student, now: what the configuration says counts above what
// the card remembers, and a refusal anywhere holds.
func termsFor(c *config.Config, s *Student, examples []dataset.Example) []audit.Terms {
	who := maps.Clone(s.Card.Terms)
	if who == nil {
		who = map[string]string{}
	}
	names := slices.Clone(s.Card.Teachers)
	for i := range examples {
		if t := examples[i].Teacher; t != "" && (len(names) == 0 || names[len(names)-1] != t) {
			names = append(names, strings.Split(t, ", ")...)
		}
	}
	for _, name := range names {
		if _, known := who[name]; !known && !strings.HasPrefix(name, "file ") && !strings.HasPrefix(name, "dataset ") {
			who[name] = audit.Unknown
		}
	}
	var out []audit.Terms
	for _, name := range slices.Sorted(maps.Keys(who)) {
		t := audit.Terms{Teacher: name, Status: who[name]}
		for _, configured := range origin.Called(c, name) {
			policy := origin.Policy(c, configured)
			t.Status, t.Basis, t.Source = origin.TermsOf(c, configured), policy.Basis, policy.Source
			if t.Status == audit.Forbidden {
				break
			}
		}
		out = append(out, t)
	}
	return out
}

func (a *App) auditPath(id string) string {
	return filepath.Join(a.plant.Load().Config.Data, "students", id+".audit.json")
}

// keepAudit writes a report beside its student, whole or not at all, and returns it. Earlier ones stay in files of their own, ID.audit.1.json being
// the first, and are named in it: who audits until it passes leaves a trail. Done again for the same run, it leaves the same.
func (a *App) keepAudit(r *audit.Report) (*audit.Report, error) {
	before, err := a.keptAudit(r.Student)
	if broken := (*brokenAuditError)(nil); errors.As(err, &broken) {
		before, err = &audit.Report{}, nil
	}
	if err != nil {
		return nil, err
	}
	path := a.auditPath(r.Student)
	if before != nil && r.Run != "" && before.Run == r.Run {
		return before, nil
	}
	if before != nil {
		earlier, err := putAside(path)
		if err != nil {
			return nil, fmt.Errorf("keep the earlier audit of student %s: %w", r.Student, err)
		}
		r.Earlier = append(slices.Clone(before.Earlier), audit.Past{Created: before.Created, Verdict: before.Verdict, Data: before.Data, Eval: before.Eval,
			Seed: before.Seed, File: filepath.Base(earlier)})
	}
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("keep the audit of student %s: %w", r.Student, err)
	}
	if err := sections.WriteFile(path, append(text, '\n')); err != nil {
		return nil, fmt.Errorf("keep the audit of student %s: %w", r.Student, err)
	}
	return r, nil
}

// putAside copies an audit to a file of its own, unless the last such file has it already, and returns that.
func putAside(path string) (string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	last := ""
	for n := 1; ; n++ {
		earlier := earlierPath(path, n)
		if _, err := os.Lstat(earlier); errors.Is(err, fs.ErrNotExist) {
			if have, err := os.ReadFile(last); last != "" && err == nil && bytes.Equal(have, text) {
				return last, nil // by one that was killed then
			}
			return earlier, sections.WriteFile(earlier, text)
		}
		last = earlier
	}
}

func earlierPath(path string, n int) string {
	return fmt.Sprintf("%s.%d.json", strings.TrimSuffix(path, ".json"), n)
}

// KeptAudit returns the latest audit of a student; nil where there is none.
func (a *App) KeptAudit(ctx context.Context, id string) (*audit.Report, error) {
	s, err := a.Student(ctx, id)
	if err != nil {
		return nil, err
	}
	return a.keptAudit(s.ID)
}

func (a *App) keptAudit(id string) (*audit.Report, error) {
	text, err := os.ReadFile(a.auditPath(id))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the audit of student %s: %w", id, err)
	}
	var r audit.Report
	if err := json.Unmarshal(text, &r); err != nil {
		return nil, &brokenAuditError{id, err}
	}
	return &r, nil
}

// brokenAuditError says that an audit cannot be read.
type brokenAuditError struct {
	id  string
	err error
}

func (e *brokenAuditError) Error() string {
	return fmt.Sprintf("the audit of student %s cannot be read: %v", e.id, e.err)
}
func (e *brokenAuditError) Unwrap() error { return e.err }
func (e *brokenAuditError) Hint() string  { return "make it anew: retort audit " + e.id + " --again" }

// passed refuses a student whose audit did not pass. One without an audit is not held up, and one of a turn is not by a check that its gate leaves out.
func (a *App) passed(ctx context.Context, id string) error {
	r, err := a.keptAudit(id)
	if err != nil || r == nil || r.Verdict == eval.Pass {
		return err
	}
	e := &auditError{id: id, verdict: r.Verdict, checks: decided(r)}
	if left, err := a.leftOut(ctx, id, r); err != nil || left {
		return err
	}
	return e
}

// decided names the checks of an audit that made its verdict.
func decided(r *audit.Report) []string {
	var names []string
	for i := range r.Checks {
		if r.Checks[i].Verdict == r.Verdict {
			names = append(names, r.Checks[i].Name)
		}
	}
	return names
}

// leftOut says whether an audit is inconclusive for a check alone that the gate of a turn leaves out: of a turn's student there is no set that could leak.
func (a *App) leftOut(ctx context.Context, id string, r *audit.Report) (bool, error) {
	if r.Verdict != eval.Inconclusive || !slices.Equal(decided(r), []string{audit.Leakage}) {
		return false, nil
	}
	turn, err := a.store.Turn(ctx, model.DefaultTenant, id)
	return turn != nil, err
}

// found says what an audit found that did not pass; empty where it did.
func (a *App) found(ctx context.Context, id string, r *audit.Report) (string, error) {
	if r.Verdict == eval.Pass {
		return "", nil
	}
	text := strings.Join(decided(r), ", ")
	left, err := a.leftOut(ctx, id, r)
	if left {
		text += ", which the gate of its turn leaves out: no other texts are known that its examples could have leaked from"
	}
	return text, err
}

// auditError refuses to promote a student by its audit.
type auditError struct {
	id      string
	verdict eval.Ruling
	checks  []string
}

func (e *auditError) Error() string {
	said := "is inconclusive"
	if e.verdict == eval.Fail {
		said = "failed"
	}
	return fmt.Sprintf("the audit of student %s %s: %s", e.id, said, strings.Join(e.checks, ", "))
}
func (e *auditError) Hint() string {
	return "retort audit " + e.id + " shows why; to promote it all the same: retort students promote " + e.id + " --force"
}
