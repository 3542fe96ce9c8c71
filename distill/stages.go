// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package distill

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"retort/dataset"
	"retort/eval/certify"
	"retort/student"
)

// A distillation has three stages, each of which can be recorded and taken up by another process: what they return goes
// through JSON without loss, and each depends on the job and the stages before it alone.

// Settled is what a job's examples have become: who trains, who judges, and what is known before training.
type Settled struct {
	Fair   []dataset.Example `json:"fair"`             // they train, and their siblings judge by them where no example is kept from training
	Hard   []dataset.Example `json:"hard,omitempty"`   // they train
	Aside  []dataset.Example `json:"aside,omitempty"`  // fair ones that do not train, and judge
	Unseen []dataset.Example `json:"unseen,omitempty"` // kept from training by the strict method, which judges by them alone
	Eval   []dataset.Example `json:"eval,omitempty"`   // as the job's, with the answers spelled as the task has them
	Report Report            `json:"report"`           // with what has been noticed
}

// heldOut is the share of the examples that strict certification keeps from training.
const heldOut = 0.2

// Settle cleans the examples and decides what each is for. It fills in what the job leaves out.
//
// Cross-fitted certification trains on all but those that refining sets aside; siblings trained without each of them judge it, and
// those set aside do too, which the student has not seen either. The strict one trains on four fifths and judges by the
// rest, which refining does not see.
func (job *Job) Settle(ctx context.Context) (*Settled, error) {
	if err := job.check(); err != nil {
		return nil, err
	}
	report := Report{Task: job.Task.Name, Teacher: strings.Join(job.Teachers, ", "), Target: job.Goal.Agreement, Confidence: job.Goal.Confidence, Method: job.Method, Labelling: job.Labelling,
		Labels: len(job.Task.Labels), Warnings: slices.Clone(job.Notes)}
	examples, cleaned, err := job.settle(ctx, &report)
	if err != nil {
		return nil, err
	}
	report.Cleaned = cleaned
	if err := job.feasible(cleaned, &report); err != nil {
		return nil, err
	}
	report.warnLabels(job.Task, examples)
	s := &Settled{Eval: job.Eval}
	hard := job.Hard
	if job.Method == certify.MethodStrict {
		whole := len(examples)
		if s.Unseen, examples = dataset.Split(examples, heldOut, job.Seed); len(s.Unseen) == 0 || len(examples) == 0 {
			return nil, fmt.Errorf("strict certification needs more than %d distinct examples; add some or use the cross-fitted method", whole)
		}
		hard = novel(hard, s.Unseen)
	}
	chosen, err := job.choose(ctx, examples, hard, &report)
	if err != nil {
		return nil, err
	}
	s.Fair, s.Hard, s.Aside = chosen.fair, chosen.hard, chosen.aside
	report.TrainExamples = len(s.Fair) + len(s.Hard)
	s.Report = report
	return s, nil
}

// Learn trains a student on settled examples.
func (job *Job) Learn(ctx context.Context, s *Settled) (*Learned, error) {
	if job.Progress == nil {
		job.Progress = func(string, int, int) {}
	}
	return job.learn(ctx, s.Fair, s.Hard)
}

// Judge finds the score from which a student may answer, measures it and writes its card.
func (job *Job) Judge(ctx context.Context, s *Settled, trained *Learned) (*Outcome, error) {
	report := s.Report
	report.Warnings, report.Refined = slices.Clone(report.Warnings), slices.Clone(report.Refined)
	report.learned(trained)
	out := &Outcome{Student: trained.Student}
	by, known := certify.Strict, s.Unseen
	if report.EvaluatedOn = HeldOut; report.Method == certify.MethodStrict {
		out.Judged = judgeBy(trained.Student, s.Unseen)
	} else {
		out.Judged = append(judge(s.Fair, func(i int) student.Detail { return trained.OutOfFold[i] }), judgeBy(trained.Student, s.Aside)...)
		by, known, report.EvaluatedOn = certify.CrossFitted, s.Aside, OutOfFold
	}
	if err := job.believe(&report, out.Judged); err != nil {
		return nil, err
	}
	job.hush(out.Judged)
	if err := report.certify(out.Judged, job, by); err != nil {
		return nil, err
	}
	report.Novelty = trained.Student.Card().Novelty
	if err := job.evaluate(ctx, out, s.Eval, slices.Concat(s.Fair, s.Hard, known), &report); err != nil {
		return nil, err
	}
	out.Student = student.WithCard(out.Student, job.card(out.Student.Card(), &report))
	report.inOrder()
	report.time(out)
	out.Report = report
	return out, nil
}
