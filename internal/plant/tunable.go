// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package plant

import (
	"retort/internal/config"
	"retort/model"
	"retort/tune"
)

// Tunable is a blend whose weights are fitted on outcomes. Its methods are safe for concurrent use.
type Tunable interface {
	// Take takes up a tuning; a nil one takes the tuning away, and never fails. On an error the blend is as before, or goes
	// untuned.
	Take(t *Tuning) error
	// Tuned returns the id of the tuning that was taken up, or "".
	Tuned() string
	// Fitter returns what fits its weights, and the models that are its parts.
	Fitter() (tune.Fitter, []string)
	// Meanwhile says what it does while nothing is learned for it.
	Meanwhile() string
}

// Tuning is what was fitted for a blend.
type Tuning struct {
	ID   string
	Kind string // of the blend that it is for
	File []byte // as its Fitter made it
}

// Judged is a Tunable with a judge whose prompt can be found.
type Judged interface {
	// Judge returns the name of the judge; empty: there is none.
	Judge() string
}

// Heeder is a Tunable that learns from feedback while it serves. Its methods are safe for concurrent use.
type Heeder interface {
	// Heed learns from what was said of an answer that a trace holds, if one of the blend's parts gave it: reward from 0 to 1. content is
	// what was asked; nil: that is not known. before is the reward that was said of the answer earlier and no longer counts; nil:
	// nothing was.
	Heed(trace *model.Trace, content *model.Content, reward float64, before *float64)
	// Scale returns how ratings are read.
	Scale() *config.Ratings
}

// optional says whether a blend does what the configuration says of it without a tuning.
func optional(blend Tunable) bool {
	o, ok := blend.(interface{ optional() bool })
	return ok && o.optional()
}
