// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"retort/dataset"
	"retort/distill"
	"retort/distill/label"
	"retort/eval/certify"
	"retort/internal/desk"
)

// teachFile has the inputs of a file labelled by teachers, and makes examples of them.
func (a *App) teachFile(ctx context.Context, job *distill.Job, o *DistillOptions) error {
	w, err := a.labeller(&LabelOptions{Asking: o.Asking, Task: o.Task, Contract: o.Contract, Progress: o.Progress})
	if err != nil {
		return err
	}
	set, version, err := a.readData(ctx, o.Data, dataset.Columns{Input: o.Input, Label: o.Label}, dataset.ReadInputs)
	if err != nil {
		return err
	}
	labels, err := w.file(ctx, set)
	if err != nil {
		return err
	}
	if job.Task = w.task; version != nil {
		job.Dataset = version.Ref()
	}
	if err := w.lay(job, labels.Examples, &labels.Report); err != nil {
		return err
	}
	job.Notes = slices.Concat(job.Notes, skipped(set), w.notes)
	if labels.Kept > 0 {
		job.Notes = append(job.Notes, fmt.Sprintf("%d rows of %s had a label, which was kept", labels.Kept, set.Name))
	}
	return nil
}

// lay puts labelled examples into a job, with what is known of how consistent a single teacher is.
func (w *labelling) lay(job *distill.Job, examples []label.Labelled, report *label.Report) error {
	if len(examples) == 0 {
		return &nothingLabelledError{report: report}
	}
	job.Labelling = report
	all := make([]dataset.Example, len(examples))
	seen := map[string]bool{}
	job.Teachers = nil
	for i := range examples {
		all[i] = examples[i].Example
		for _, said := range examples[i].Answers {
			if !seen[said.Model] && said.Model != "" {
				seen[said.Model] = true
				job.Teachers = append(job.Teachers, said.Model)
			}
		}
	}
	slices.Sort(job.Teachers)
	job.Examples = nil
	divide(job, all)
	job.DataHash = dataset.Hash(all)
	if report.BudgetEnded {
		sample := ", a random sample of them"
		if w.asking.Pick > 0 {
			sample = " of those chosen so far"
		}
		job.Notes = append(job.Notes, fmt.Sprintf("the budget ended after %d of %d answers: %d of %d inputs have a label%s; the same command with a larger --budget goes on",
			report.Asks-report.Missing, report.Asks, report.Labelled, report.Inputs, sample))
	}
	if len(report.Teachers) > 1 {
		job.Notes = append(job.Notes, fmt.Sprintf("agreement is with what %s say together; what the student leaves is answered by %s alone", strings.Join(w.names(), ", "), w.lead()))
		return nil
	}
	if t := report.Teachers[0]; t.Repeated > 0 && report.Votes > 1 {
		c, err := certify.MeasureConsistency(t.Repeats, t.Repeated, job.Goal.Confidence)
		if err != nil {
			return err
		}
		job.Consistency = &c
	}
	return nil
}

// lead is who answers what a student leaves.
func (w *labelling) lead() string {
	if len(w.configured) > 0 {
		return w.configured[0]
	}
	return "the task's teacher"
}

// teachTraces makes examples of what several teachers say to the inputs of a task's traces. Those who have not answered one yet
// are asked, where somebody allows it to cost what it does or where it costs nothing.
func (a *App) teachTraces(ctx context.Context, job *distill.Job, d *desk.Desk, o *DistillOptions, taught *lessons) error {
	w := &labelling{app: a, task: d.Task, configured: d.Config.Teacher, asking: &o.Asking, progress: o.Progress, thrifty: true}
	result, err := w.run(ctx, w.fromLessons(taught))
	if err != nil {
		return err
	}
	job.Notes = append(job.Notes, w.notes...)
	if n := result.Report.Missing; n > 0 && o.Budget == nil {
		job.Notes = append(job.Notes, fmt.Sprintf("%d answers of the teachers are missing; with --budget they are asked for", n))
	}
	return w.lay(job, result.Examples, &result.Report)
}

// fromLessons returns the inputs of traces, those with a person's label as gold.
func (w *labelling) fromLessons(taught *lessons) []dataset.Example {
	var inputs []dataset.Example
	for _, e := range taught.examples {
		if !e.Gold {
			e.Label = ""
		}
		inputs = append(inputs, e)
	}
	return inputs
}

// nothingLabelledError says why no input has a label.
type nothingLabelledError struct{ report *label.Report }

func (e *nothingLabelledError) Error() string {
	for _, t := range e.report.Teachers {
		switch {
		case t.Outside > 0:
			return fmt.Sprintf("no input has a label: %d answers of teacher %s were outside the task's contract, the first: %s", t.Outside, t.Name, t.Example)
		case len(t.Failed) > 0:
			return fmt.Sprintf("no input has a label: teacher %s failed on all %d", t.Name, e.report.Inputs)
		}
	}
	if e.report.Budget != nil {
		return fmt.Sprintf("no input has a label: a budget of $%s does not pay for a single answer", *e.report.Budget)
	}
	return "no input has a label"
}

func (e *nothingLabelledError) Hint() string {
	switch {
	case e.report.BudgetEnded:
		return "before a call the most that it can cost is set aside; raise --budget, or lower --max-tokens"
	case e.report.Teachers[0].Outside > 0:
		return "give the task clearer instructions or examples, a stronger teacher, or more room with --max-tokens; --retry asks again"
	}
	return "ask the teacher with retort chat to see what is wrong"
}
