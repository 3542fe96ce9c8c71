// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"errors"
	"fmt"

	"retort/eval/judge"
	"retort/internal/store"
	"retort/model"
	"retort/tune"
)

var errUntuned = errors.New("nothing was fitted for it; run retort tune")

// take takes up a threshold that was certified on outcomes.
func (c *cascade) take(row *store.Tuning, file []byte) error {
	none := ""
	c.tuning.Store(&none)
	if row == nil {
		c.silence(errUntuned.Error())
		return nil
	}
	if row.Kind != tune.KindCascade {
		return fmt.Errorf("it is for a %s, and this is a cascade", row.Kind)
	}
	fitted, err := judge.DecodeFitted(file)
	if err != nil {
		return err
	}
	if err := c.use(fitted); err != nil {
		return err
	}
	c.tuning.Store(&row.ID)
	return nil
}

// tuned returns the id of the tuning that was taken up.
func (c *cascade) tuned() string {
	if id := c.tuning.Load(); id != nil {
		return *id
	}
	return ""
}

// fitter returns what certifies a threshold on answers of the cheap model.
func (c *cascade) fitter() (tune.Fitter, []string) {
	f := tune.Cascade{Cheap: c.by.Cheap, Fitting: c.fitting()}
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
