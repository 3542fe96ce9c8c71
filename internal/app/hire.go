// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"retort/distill/label"
	"retort/internal/origin"
	"retort/internal/plant"
	"retort/model"
	"retort/tune"
)

// hire lets a job ask the judge of its blend, within a budget. The caller calls release when the job is done.
func (a *App) hire(ctx context.Context, job *tune.Job, blend plant.Tunable, o *TuneOptions, journals *journals) (release func(), err error) {
	release = func() {}
	j, ok := blend.(plant.Judged)
	if o.Budget == nil {
		return release, nil
	}
	if !ok || j.Judge() == "" {
		return release, &noJudgeError{o.Blend}
	}
	serving, name := a.plant.Load(), j.Judge()
	if leaf := origin.Unpriced(serving.Config, name); leaf != "" {
		return release, &unpricedJudgeError{name, leaf}
	}
	p, err := meteredPlant(serving.Config)
	if err != nil {
		return release, err
	}
	if err := a.equip(ctx, p); err != nil {
		p.Close()
		return release, err
	}
	m, err := p.Model(name)
	if err != nil {
		p.Close()
		return release, err
	}
	journal, err := journals.open("judge of "+o.Blend+" "+origin.Identity(serving.Config, name), o.Data, name)
	if err != nil {
		p.Close()
		return release, err
	}
	wallet := label.NewWallet(*o.Budget, 0)
	job.Judge = &tune.Hired{Model: patient{a.asking(m, model.Judging, name)}, Pay: wallet.Pay, Spent: wallet.Spent, Ended: wallet.Ended, Budget: *o.Budget,
		Concurrency: o.Concurrency, Journal: journal}
	return p.Close, nil
}

// noJudgeError says that a budget has nothing to be spent on.
type noJudgeError struct{ blend string }

func (e *noJudgeError) Error() string {
	return fmt.Sprintf("a budget is for the verdicts of a judge, and %s has none", e.blend)
}
func (e *noJudgeError) Hint() string { return "leave --budget out" }

// unpricedJudgeError says that a budget means nothing.
type unpricedJudgeError struct{ judge, leaf string }

func (e *unpricedJudgeError) Error() string {
	return fmt.Sprintf("the judge %s asks %s, which has no price, so that a budget could not be kept", e.judge, e.leaf)
}
func (e *unpricedJudgeError) Hint() string {
	return fmt.Sprintf("give models.%s.price in US dollars per million tokens, such as {input: 1, output: 5}", e.leaf)
}

// patient asks again, a few times, where that may help: metered models do not.
type patient struct{ model model.Model }

// Generate asks up to four times. Verdicts are not streamed.
func (p patient) Generate(ctx context.Context, req *model.Request, emit func(model.Part) error) (*model.Response, error) {
	const tries = 4
	for n := 1; ; n++ {
		resp, err := p.model.Generate(ctx, req, model.Discard)
		if err == nil {
			return resp, resp.Emit(emit)
		}
		if n == tries || !model.KindOf(err).Policy().Retry || ctx.Err() != nil {
			return nil, err
		}
		pause := time.Second << (n - 1)
		var e *model.Error
		if errors.As(err, &e) {
			pause = max(pause, min(e.RetryAfter, time.Minute))
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}
