// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package distill turns a teacher's recorded answers into a student that knows when to be silent: it cleans the
// examples, trains the student, finds the score from which it may answer, puts that threshold to labels the student
// never saw where there are any, and reports all of it.
package distill

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"retort/dataset"
	"retort/dataset/refine"
	"retort/distill/label"
	"retort/eval/certify"
	"retort/student"
	"retort/task"
)

// Job is one distillation. Without its task and its progress it goes through JSON.
type Job struct {
	Task     *task.Task        `json:"-"`
	Examples []dataset.Example // inputs with the teacher's answers
	Hard     []dataset.Example // further examples that train but do not judge, since they are no fair sample of the traffic
	Eval     []dataset.Example // the same, never trained on; may be empty
	Teachers []string          // who answered, for the student's card
	DataHash string            // of the examples as they came, for the student's card
	Dataset  string            // the version that they came from, for the student's card; empty: none
	Terms    map[string]string // what is known of the terms of Teachers, where there is no Labelling; nil: nothing
	Created  time.Time         // for the student's card

	// Refine says which refining steps are done; nil does none. Texts that are the same become one with one label in any
	// case, since copies are no evidence of their own.
	Refine refine.Plan

	// Silent are labels that the student learns and is never to give: such a prediction has no score, and the threshold keeps out inputs that
	// they are right for, as certify.Certificate.KeepOut says.
	Silent []string

	Outside student.Outside // what is none of the task, and how much of the task may be taken for it

	Goal   certify.Goal
	Method certify.Method // MethodCrossFitted (also when empty) or MethodStrict
	Effort student.Effort
	Seed   uint64

	// Consistency is what re-asking the teacher showed; nil when it was not re-asked. Inputs that the examples hold more
	// than once count as re-asked when it is nil.
	Consistency *certify.Consistency

	Labelling *label.Report // how the examples were labelled; nil where they came with their labels

	Notes []string // what was noticed while the examples were gathered; they begin the report's warnings

	Progress func(stage string, done, total int) `json:"-"` // may be nil; may be called from several goroutines
}

// Outcome is a trained student with the evidence for it.
type Outcome struct {
	Student student.Any // of labels or of objects, as the task has it
	Report  Report
	Judged  []Judged // the predictions behind the figures: on Job.Eval, or out of fold on the examples
}

// Judged is a prediction on an example that the predicting model had not seen.
type Judged struct {
	Text      string
	Label     string // the teacher's answer: a label, or an object in canonical form
	Predicted string
	Score     float64 // 0 where the student would not answer whatever the threshold
	Novel     bool    // the text is unlike those that the student learned from
	Group     string  // of the example
	// Fields has a score for each field of an object, as student.Detail; nil for labels.
	Fields []float64
}

// Run distils: it settles the examples, learns from them and judges what was learned. Its errors are about the examples or the
// goal, each with what to do; a student for which nothing can be certified is no error: it is returned silent, and the report says why.
func Run(ctx context.Context, job Job) (*Outcome, error) {
	settled, err := job.Settle(ctx)
	if err != nil {
		return nil, err
	}
	trained, err := job.Learn(ctx, settled)
	if err != nil {
		return nil, err
	}
	return job.Judge(ctx, settled, trained)
}

func (job *Job) check() error {
	if job.Progress == nil {
		job.Progress = func(string, int, int) {}
	}
	if job.Method == "" {
		job.Method = certify.MethodCrossFitted
	}
	if job.Method != certify.MethodCrossFitted && job.Method != certify.MethodStrict {
		return fmt.Errorf("method %q: use %q or %q", job.Method, certify.MethodCrossFitted, certify.MethodStrict)
	}
	if err := job.Goal.Check(); err != nil {
		return err
	}
	if err := CheckPlan(job.Refine); err != nil {
		return err
	}
	if err := job.Outside.Check(); err != nil {
		return err
	}
	if n := len(job.Hard); n > 0 && len(job.Examples) == 0 {
		return fmt.Errorf("all %d examples are marked hard, so none can judge a student; add a random sample of the traffic", n)
	}
	if len(job.Examples) == 0 {
		return errors.New("there are no examples to learn from")
	}
	for _, examples := range []*[]dataset.Example{&job.Examples, &job.Hard, &job.Eval} {
		spelled, err := job.spell(*examples)
		if err != nil {
			return err
		}
		*examples = spelled
	}
	return nil
}

// evaluate takes the figures, from the eval examples where there are any. Those of them that are unlike all that the student
// has seen also certify a provisional threshold, each text once: copies are no further evidence.
func (job *Job) evaluate(ctx context.Context, out *Outcome, eval, known []dataset.Example, report *Report) error {
	if len(eval) > 0 {
		out.Judged = judgeBy(out.Student, eval)
		job.hush(out.Judged)
		report.EvaluatedOn = EvalFile
		distinct, _ := dataset.Dedupe(eval)
		alike, err := refine.Alike(ctx, distinct, known, job.Seed)
		if err != nil {
			return err
		}
		var unseen []dataset.Example
		for i := range distinct {
			if !alike[i] {
				unseen = append(unseen, distinct[i])
			}
		}
		if n := len(distinct) - len(unseen); n > 0 {
			report.Warnings = append(report.Warnings, fmt.Sprintf(
				"%d texts of the eval file were trained on, or texts nearly the same: accuracy, coverage and agreement flatter the student. They certify nothing; what is certified stands on the other %d", n, len(unseen)))
		}
		if len(unseen) > 0 {
			judged := judgeBy(out.Student, unseen)
			job.hush(judged)
			if err := report.upgrade(judged, job); err != nil {
				return err
			}
		}
	}
	return report.measure(out.Judged, job)
}

// hush takes the score of predictions that are never to be given.
func (job *Job) hush(judged []Judged) {
	for i := range judged {
		if slices.Contains(job.Silent, judged[i].Predicted) {
			judged[i].Score = 0
		}
	}
}

// novel returns those of the examples whose text is not among the known ones, each text once.
func novel(examples, known []dataset.Example) []dataset.Example {
	distinct, _ := dataset.Dedupe(examples)
	seen := make(map[string]bool, len(known))
	for i := range known {
		seen[dataset.Canonical(known[i].Text)] = true
	}
	return slices.DeleteFunc(distinct, func(e dataset.Example) bool { return seen[dataset.Canonical(e.Text)] })
}

func (job *Job) card(card student.Card, report *Report) student.Card {
	card.Task, card.Teachers, card.DataHash, card.Created = job.Task.Name, job.Teachers, job.DataHash, job.Created
	card.Dataset = job.Dataset
	card.Terms = job.terms()
	card.Certificate, card.Fields = &report.Certificate, report.fieldCertificates()
	card.Metrics = report.metrics()
	return card
}

// terms says of the models that labelled what is known of their terms.
func (job *Job) terms() map[string]string {
	if job.Labelling == nil {
		return job.Terms
	}
	terms := map[string]string{}
	for _, t := range job.Labelling.Teachers {
		for name := range t.Models {
			terms[name] = t.Terms
		}
	}
	return terms
}

// answerer answers example i, as student.Any does by Detail.
type answerer func(i int) student.Detail

func judge(examples []dataset.Example, answer answerer) []Judged {
	out := make([]Judged, len(examples))
	for i := range examples {
		d := answer(i)
		out[i] = Judged{Text: examples[i].Text, Label: examples[i].Label, Predicted: d.Answer, Score: d.Score, Novel: d.Novel, Group: examples[i].Group, Fields: d.Fields}
	}
	return out
}

func judgeBy(s student.Any, examples []dataset.Example) []Judged {
	return judge(examples, func(i int) student.Detail { return s.Detail(examples[i].Text) })
}
