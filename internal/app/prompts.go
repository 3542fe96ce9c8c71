// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"retort/distill/label"
	"retort/eval/judge"
	"retort/internal/config"
	"retort/internal/origin"
	"retort/model"
	"retort/tune"
)

// judging names a judge and how it is asked: a prompt that was found for another one is worth nothing.
func (p *plant) judging(c *config.Judge) string {
	text, err := json.Marshal(struct {
		Model, Rubric string
		Logprobs      bool
		Named         map[string]any
	}{c.Model, c.Rubric, c.Logprobs, origin.Describe(p.config, c.Model)})
	if err != nil { // text and numbers always marshal
		return ""
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

var errOtherJudge = errors.New("it is the prompt of another judge, or of one that is asked in another way; tune it anew")

// promptFor reads the prompt that was found for a judge.
func promptFor(file []byte, judging string, pairs bool) (judge.Prompt, error) {
	f, err := judge.DecodePrompt(file)
	switch {
	case err != nil:
		return judge.Prompt{}, err
	case f.For != judging || f.Pairs != pairs:
		return judge.Prompt{}, errOtherJudge
	}
	return f.Prompt, nil
}

func promptsOf(c *config.Judge, pairs bool) tune.Prompts {
	return tune.Prompts{Rubrics: append([]string{c.Rubric}, c.Rubrics...), Pairs: pairs, Logprobs: c.Logprobs}
}

// judged is a blend with a judge whose prompt can be found.
type judgedBlend interface {
	// asks returns the name of the judge; empty: there is none.
	asks() string
}

// hire lets a job ask the judge of its blend, within a budget. The caller calls release when the job is done.
func (a *App) hire(ctx context.Context, job *tune.Job, blend tunable, o *TuneOptions, journals *journals) (release func(), err error) {
	release = func() {}
	j, ok := blend.(judgedBlend)
	if o.Budget == nil {
		return release, nil
	}
	if !ok || j.asks() == "" {
		return release, &noJudgeError{o.Blend}
	}
	serving, name := a.plant.Load(), j.asks()
	if leaf := origin.Unpriced(serving.config, name); leaf != "" {
		return release, &unpricedJudgeError{name, leaf}
	}
	p, err := meteredPlant(serving.config)
	if err != nil {
		return release, err
	}
	if err := a.equip(ctx, p); err != nil {
		p.close()
		return release, err
	}
	m, err := p.model(name)
	if err != nil {
		p.close()
		return release, err
	}
	journal, err := journals.open("judge of "+o.Blend+" "+origin.Identity(serving.config, name), o.Data, name)
	if err != nil {
		p.close()
		return release, err
	}
	wallet := label.NewWallet(*o.Budget, 0)
	job.Judge = &tune.Hired{Model: patient{a.asking(m, model.Judging, name)}, Pay: wallet.Pay, Spent: wallet.Spent, Ended: wallet.Ended, Budget: *o.Budget,
		Concurrency: o.Concurrency, Journal: journal}
	return p.close, nil
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
