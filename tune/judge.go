// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package tune

import (
	"context"
	"fmt"
	"strconv"

	"retort/eval/judge"
	"retort/model"
)

// KindJudge is the kind of a blend whose judge's prompt is fitted.
const KindJudge = "judge"

// Judge fits the prompt of a blend's judge. Its artefact is read by judge.DecodePrompt.
type Judge struct {
	Prompts
	For string // names the judge and how it is asked, for the artefact
}

// Kind returns KindJudge.
func (Judge) Kind() string { return KindJudge }

// NoBudgetError says that a judge cannot be asked for want of money.
type NoBudgetError struct{ Blend string }

// Error says so.
func (e *NoBudgetError) Error() string {
	return fmt.Sprintf("what is fitted for %s is the prompt of its judge, which has to be asked", e.Blend)
}

// Hint says how.
func (e *NoBudgetError) Hint() string {
	return "say what its verdicts may cost at most, in US dollars, such as --budget 1"
}

// Fit compares prompts on records of which is known which answer is better, or which is good; see Prompts.
func (j Judge) Fit(ctx context.Context, job *Job) ([]byte, *Report, error) {
	if err := job.check(); err != nil {
		return nil, nil, err
	}
	if job.Judge == nil {
		return nil, nil, &NoBudgetError{job.Blend}
	}
	report := job.describe(KindJudge)
	report.Target, report.Reached = "the most agreement with recorded outcomes, by the simplest prompt", true
	prompt, err := j.choose(ctx, job, j.trials(job), report)
	if err != nil {
		return nil, nil, err
	}
	artefact, err := judge.EncodePrompt(*prompt, j.Pairs, j.For)
	return artefact, report, err
}

// trials returns what the judge is asked about.
func (j *Judge) trials(job *Job) trials {
	if trials := job.contested(); j.Pairs || j.Accept == 0 && len(trials) >= leastTrials {
		return divided(trials)
	}
	return job.dividedGrades(job.singles(), j.Accept > 0)
}

// examiner is a judge with a prompt as a Model, so that its verdicts are journaled as answers are: asked a trial, it answers with
// how far the verdict agrees, from 0 to 1.
type examiner struct {
	of      *Prompts
	trials  []trial
	grade   func(ctx context.Context, req *model.Request, answer *model.Response) (float64, error)
	compare func(ctx context.Context, req *model.Request, a, b *model.Response) (float64, error)
}

// Generate judges the trial that the request names.
func (e *examiner) Generate(ctx context.Context, req *model.Request, emit func(model.Part) error) (*model.Response, error) {
	content, err := req.Content()
	if err != nil {
		return nil, err
	}
	i, err := strconv.Atoi(content.Messages[0].Text())
	if err != nil {
		return nil, &model.Error{Kind: model.Invalid, Op: "judge", Err: fmt.Errorf("find the trial: %w", err)}
	}
	agreed, err := e.agreed(ctx, e.trials[i])
	if err != nil {
		return nil, err
	}
	resp := model.Answer("", strconv.FormatFloat(agreed, 'g', -1, 64))
	return resp, resp.Emit(emit)
}

// agreed says how far the judge says what is known, from 0 to 1.
func (e *examiner) agreed(ctx context.Context, t trial) (float64, error) {
	if e.of.Pairs {
		better, err := e.compare(ctx, t.better.request, t.better.answer(), t.worse.answer())
		return sign(better, 0.5), err
	}
	var scores []float64
	for _, a := range []*judged{t.better, t.worse} {
		if a == nil {
			continue
		}
		score, err := e.grade(ctx, a.request, a.answer())
		if err != nil {
			return 0, err
		}
		scores = append(scores, score)
	}
	if len(scores) == 1 {
		return right((scores[0] >= e.of.Accept) == (t.better != nil)), nil
	}
	return sign(scores[0], scores[1]), nil
}

// sign returns 1 where a is above b, 0.5 where they are equal, else 0.
func sign(a, b float64) float64 {
	switch {
	case a > b:
		return 1
	case a == b:
		return 0.5
	}
	return 0
}
