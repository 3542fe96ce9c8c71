// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package judge

import (
	"context"
	"errors"
	"fmt"
	"math"

	"retort/compose"
	"retort/model"
)

// LogprobOf says of which tokens the probability counts.
type LogprobOf string

// What Logprob reads. Long answers are told apart by Mean or Least; labels by Whole or, where the first token settles
// what the others are, First.
const (
	Mean  LogprobOf = "mean"  // the geometric mean over all tokens: the answer's perplexity, inverted
	Least LogprobOf = "least" // the least likely token
	First LogprobOf = "first" // the first token
	Whole LogprobOf = "whole" // all tokens together: the chance of exactly this answer
)

var errNoLogprobs = errors.New("the answer has no log-probabilities: they were not asked for, or its upstream does not give them")

// Logprob returns a verifier that reads how likely the model found the tokens of its own answer. The answer must have
// log-probabilities, which a compose.Cascade asks for where told to; without them there is an error.
func Logprob(of LogprobOf) compose.Verifier {
	return each(func(_ context.Context, _ *model.Request, c *model.Choice) (float64, error) {
		if len(c.Logprobs) == 0 {
			return 0, errNoLogprobs
		}
		sum, least := 0.0, 0.0
		for i := range c.Logprobs {
			p := c.Logprobs[i].Logprob
			if math.IsNaN(p) {
				return 0, fmt.Errorf("the log-probability of token %d is no number", i)
			}
			p = min(p, 0) // rounding takes some above
			sum += p
			least = min(least, p)
		}
		switch of {
		case Mean:
			return math.Exp(sum / float64(len(c.Logprobs))), nil
		case Least:
			return math.Exp(least), nil
		case First:
			return math.Exp(min(c.Logprobs[0].Logprob, 0)), nil
		case Whole:
			return math.Exp(sum), nil
		}
		return 0, fmt.Errorf("no log-probability is called %q", string(of))
	})
}
