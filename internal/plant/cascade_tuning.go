// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package plant

import (
	"context"
	"errors"
	"fmt"

	"retort/eval/judge"
	"retort/internal/config"
	"retort/model"
	"retort/tune"
)

var errUntuned = errors.New("nothing was learned for it yet")

// Take takes up a threshold that was certified on outcomes.
func (c *cascade) Take(t *Tuning) error {
	none := ""
	c.tuning.Store(&none)
	if c.optional() {
		return c.takePrompt(t)
	}
	if t == nil {
		c.silence(errUntuned.Error())
		return nil
	}
	if t.Kind != tune.KindCascade {
		return fmt.Errorf("it is for a %s, and this is a cascade", t.Kind)
	}
	fitted, err := judge.DecodeFitted(t.File)
	if err != nil {
		return err
	}
	if err := c.use(fitted); err != nil {
		return err
	}
	c.tuning.Store(&t.ID)
	return nil
}

// takePrompt takes up the prompt of the judge of a cascade whose threshold is fixed.
func (c *cascade) takePrompt(t *Tuning) error {
	c.now.Store(c.model)
	if t == nil {
		return nil
	}
	if t.Kind != tune.KindJudge {
		return fmt.Errorf("it is for a %s, and this is a cascade whose judge has a prompt", t.Kind)
	}
	prompt, err := promptFor(t.File, c.judging, false)
	if err != nil {
		return err
	}
	c.now.Store(c.with(c.model.Accept, c.grader(prompt)))
	c.tuning.Store(&t.ID)
	return nil
}

// optional says whether the cascade accepts by a fixed rule, so that it does what the configuration says without a tuning.
func (c *cascade) optional() bool { return c.by.Accept != config.AcceptCertified }

// Judge returns the judge.
func (c *cascade) Judge() string {
	if c.by.Verify.Judge == nil {
		return ""
	}
	return c.by.Verify.Judge.Model
}

// Tuned returns the id of the tuning that was taken up.
func (c *cascade) Tuned() string {
	if id := c.tuning.Load(); id != nil {
		return *id
	}
	return ""
}

// Fitter returns what certifies a threshold on answers of the cheap model, and finds the prompt of the judge, if one verifies.
func (c *cascade) Fitter() (tune.Fitter, []string) {
	var prompts *tune.Prompts
	if j := c.by.Verify.Judge; j != nil {
		prompts = new(promptsOf(j, false))
	}
	if c.optional() {
		prompts.Accept, _, _ = c.by.Threshold() // checked with the configuration
		return tune.Judge{Prompts: *prompts, For: c.judging}, []string{c.by.Cheap}
	}
	f := tune.Cascade{Cheap: c.by.Cheap, Strong: c.by.Strong, Fitting: c.fitting(), Prompts: prompts}
	if f.Fitting.Own || c.model.Logprobs {
		f.Ask = c.again
	}
	return f, []string{c.by.Cheap}
}

// again asks the cheap model as the cascade does.
func (c *cascade) again(ctx context.Context, content *model.Content) (*model.Response, error) {
	asking := *content
	asking.Logprobs = asking.Logprobs || c.model.Logprobs
	return c.model.Cheap.Generate(ctx, model.NewRequest(c.by.Cheap, &asking), model.Discard)
}

// Meanwhile says who answers while nothing is certified.
func (c *cascade) Meanwhile() string {
	if c.optional() {
		return "its judge is asked as configured"
	}
	return c.by.Strong + " answers all"
}
