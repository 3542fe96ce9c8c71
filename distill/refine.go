// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package distill

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"retort/dataset"
	"retort/dataset/refine"
)

// CheckPlan refuses a plan whose steps no student may be trained after.
func CheckPlan(p refine.Plan) error {
	if p[refine.Private] == refine.Mask {
		return maskError{}
	}
	return nil
}

// maskError says that examples that judge cannot be masked.
type maskError struct{}

func (maskError) Error() string {
	return "refine: private=mask is not for distilling: a student is asked about texts as they come, so its certificate must stand on such"
}

// Hint says what to do instead.
func (maskError) Hint() string {
	return "leave private=mask out; to learn from masked texts, make a version by retort datasets refine, and mask requests before the student is asked"
}

// settle decides what text and label each example has: it applies corrections to fair and hard examples alike
// and merges texts that are the same. It leaves in job.Hard what is not among the fair ones.
func (job *Job) settle(ctx context.Context, report *Report) ([]dataset.Example, dataset.Report, error) {
	fair := job.alike(job.Examples)
	_, said := dataset.Dedupe(taught(fair))
	all := slices.Concat(fair, hardened(job.Hard))
	all, err := job.refine(ctx, all, nil, report, refine.Private, refine.Corrections)
	if err != nil {
		return nil, said, err
	}
	fair, job.Hard = divide(all)
	_, cleaned := dataset.Dedupe(fair)
	cleaned.Repeats, cleaned.RepeatsAgreeing = said.Repeats, said.RepeatsAgreeing
	if fair, err = job.refine(ctx, fair, nil, report, refine.Contradictions, refine.Duplicates); err != nil {
		return nil, cleaned, err
	}
	fair, _ = dataset.Dedupe(fair)               // whatever the plan says
	if fair, err = job.spell(fair); err != nil { // each as its own text has it
		return nil, cleaned, err
	}
	cleaned.Distinct = len(fair)
	job.Hard = novel(job.Hard, fair)
	return fair, cleaned, nil
}

// taught returns the examples that people did not label: those that say how consistent a teacher is.
func taught(examples []dataset.Example) []dataset.Example {
	return slices.DeleteFunc(slices.Clone(examples), func(e dataset.Example) bool { return e.Gold })
}

func hardened(examples []dataset.Example) []dataset.Example {
	out := slices.Clone(examples)
	for i := range out {
		out[i].Hard = true
	}
	return out
}

// divide parts the fair examples from the hard ones.
func divide(examples []dataset.Example) (fair, hard []dataset.Example) {
	for _, e := range examples {
		if e.Hard {
			hard = append(hard, e)
		} else {
			fair = append(fair, e)
		}
	}
	return fair, hard
}

// refine puts examples through some of the plan's steps and adds to the report.
func (job *Job) refine(ctx context.Context, examples, eval []dataset.Example, report *Report, names ...string) ([]dataset.Example, error) {
	steps, err := job.Refine.Only(names...).Steps(refine.Options{Eval: eval, Labels: job.Task.Labels, Seed: job.Seed})
	if err != nil {
		return nil, err
	}
	left, reports, err := dataset.Refine(ctx, examples, steps, func(step string, done, total int) {
		job.Progress("refine: "+step, done, total)
	})
	report.Refined = append(report.Refined, reports...)
	return left, err
}

// chosen are the examples after refining.
type chosen struct {
	fair, hard []dataset.Example // what trains
	aside      []dataset.Example // fair ones that do not train, and judge
}

// choose takes out what is like the eval examples, which then neither trains nor judges, and sets aside what the other steps take out,
// which goes on judging: it is part of the traffic.
func (job *Job) choose(ctx context.Context, fair, hard []dataset.Example, report *Report) (*chosen, error) {
	all := slices.Concat(fair, hardened(hard))
	left, err := job.refine(ctx, slices.Clone(all), job.Eval, report, refine.Leakage)
	if err != nil {
		return nil, err
	}
	if leaks := len(all) - len(left); float64(leaks) > mostLeaks*float64(len(all)) {
		report.keepLeaks(leaks, len(all))
		left = all
	}
	before, _ := divide(left)
	steps := []string{refine.Near, refine.Language, refine.Length, refine.Balance}
	if job.Refine.Does(refine.Errors) { // listed, they come with the training
		steps = slices.Insert(steps, 3, refine.Errors)
	}
	if left, err = job.refine(ctx, left, nil, report, steps...); err != nil {
		return nil, err
	}
	c := &chosen{}
	c.fair, c.hard = divide(left)
	if len(c.fair) == 0 {
		return nil, errors.New("refining left no examples to learn from; leave out the steps that took them")
	}
	kept := make(map[string]bool, len(c.fair))
	for i := range c.fair {
		kept[c.fair[i].Text] = true
	}
	c.aside = slices.DeleteFunc(before, func(e dataset.Example) bool { return kept[e.Text] })
	return c, nil
}

// mostLeaks is the share of the examples that may be taken out as leaks. When more of them are like the eval file, that is how the
// traffic is, and a student that must not learn it would be another one than is wanted.
const mostLeaks = 0.2

// keepLeaks says that leaks stay.
func (r *Report) keepLeaks(leaks, all int) {
	r.Refined = r.Refined[:len(r.Refined)-1]
	r.Warnings = append(r.Warnings, fmt.Sprintf(
		"%d of %d examples are in the eval file too, or nearly so; that is too many to take them out, so they were learned", leaks, all))
}
