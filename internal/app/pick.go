// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"errors"
	"fmt"

	"retort/dataset"
	"retort/distill"
	"retort/distill/active"
	"retort/distill/label"
	"retort/model"
)

// pickSeed is the seed of the order in which inputs are drawn: the same whenever a file is labelled further.
const pickSeed = 1

// pick has some of the open inputs labelled, chosen so that they teach most. Those that are no fair sample come marked Hard;
// so do those of the kept examples that are none any more, and those that have become one lose the mark.
func (w *labelling) pick(ctx context.Context, open, kept []dataset.Example) (*label.Result, error) {
	r := &rounds{labelling: w, open: make(map[string]dataset.Example, len(open))}
	job := active.Job{Task: w.task, Known: kept, Seed: pickSeed, Progress: w.progress}
	for _, e := range open {
		job.Inputs = append(job.Inputs, e.Text)
		r.open[e.Text] = e
	}
	chosen, err := active.Run(ctx, job, w.asking.Pick, r.ask)
	if err != nil {
		return nil, r.explain(err)
	}
	if r.last == nil {
		return nil, errors.New("no input is left to choose")
	}
	r.mark(chosen, kept)
	w.notes = append(w.notes, fmt.Sprintf("%d labels are a random sample, which certifies; %d were picked since they teach most: they train and do nothing else",
		len(chosen.Fair), len(chosen.Hard)))
	return r.last, nil
}

// rounds are the inputs that were chosen round by round.
type rounds struct {
	*labelling
	open   map[string]dataset.Example // by text
	chosen []dataset.Example
	last   *label.Result // of all that were chosen
	cost   model.Money   // of this run
}

// ask has the inputs of one more round labelled. Those of the rounds before are put again, and answered by the journal: so the
// budget is for all of them, several teachers are weighed by all of them, and the last report is about all of them.
func (r *rounds) ask(ctx context.Context, inputs []string) ([]dataset.Example, bool, error) {
	asked := make(map[string]bool, len(inputs))
	for _, t := range inputs {
		asked[t] = true
		r.chosen = append(r.chosen, r.open[t])
	}
	result, err := r.run(ctx, r.chosen)
	if err != nil {
		return nil, false, err
	}
	r.cost += result.Report.Cost
	r.add(result)
	var answers []dataset.Example
	for i := range result.Examples {
		if e := result.Examples[i].Example; asked[e.Text] {
			answers = append(answers, e)
		}
	}
	return answers, !result.Report.BudgetEnded, nil
}

// add makes a round's report one of all rounds: what was paid and asked in the rounds before is no earlier run's.
func (r *rounds) add(result *label.Result) {
	report := &result.Report
	report.CostBefore -= r.cost - report.Cost
	report.Cost = r.cost
	if r.last != nil {
		report.CostUnsure += r.last.Report.CostUnsure
		for i := range report.Teachers {
			addTeacher(&report.Teachers[i], &r.last.Report.Teachers[i])
		}
	}
	r.last = result
}

// addTeacher adds what a teacher was asked in the rounds before.
func addTeacher(t, before *label.TeacherReport) {
	t.Reused -= before.Asked
	t.Asked += before.Asked
	t.Calls += before.Calls
	t.Batched += before.Batched
	t.Refused += before.Refused
	t.Cost += before.Cost
	t.Usage = t.Usage.Add(before.Usage)
}

// mark says of each example whether it is a fair sample's.
func (r *rounds) mark(chosen *active.Result, kept []dataset.Example) {
	hard := make(map[string]bool, len(chosen.Hard))
	for i := range chosen.Hard {
		hard[dataset.Canonical(chosen.Hard[i].Text)] = true
	}
	for i := range r.last.Examples {
		r.last.Examples[i].Hard = hard[dataset.Canonical(r.last.Examples[i].Text)]
	}
	for i := range kept {
		kept[i].Hard = hard[dataset.Canonical(kept[i].Text)]
	}
}

// explain makes the estimate of what labels cost one of all that are wanted.
func (r *rounds) explain(err error) error {
	var none *noBudgetError
	if errors.As(err, &none) && none.missing > 0 {
		all := min(r.asking.Pick, len(r.open))
		none.estimate = none.estimate / model.Money(len(r.chosen)) * model.Money(all)
		none.missing = none.missing * all / len(r.chosen)
	}
	return err
}

// divide puts the examples that are no fair sample where they train and do not judge.
func divide(job *distill.Job, examples []dataset.Example) {
	for _, e := range examples {
		if e.Hard {
			job.Hard = append(job.Hard, e)
		} else {
			job.Examples = append(job.Examples, e)
		}
	}
}
