// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package judge

import (
	"context"
	"errors"
	"math"

	"retort/model"
)

// Learned judges answers by what it was trained on: recorded verdicts, preferences, or both. It reads the text of request
// and answer, the shape of the answer, and who gave it; it asks nobody and takes well below a millisecond for an answer of a
// thousand tokens. It is safe for concurrent use and a compose.Verifier and compose.Comparer.
//
// It is one logistic regression: the score of an answer is the chance that it is good, and the chance that one answer is
// better than another follows from the difference of their sums (R. Bradley and M. Terry, "Rank Analysis of Incomplete
// Block Designs", 1952). Both are calibrated on verdicts and preferences that were left out while training.
type Learned struct {
	card   card
	shape  []float32 // weight of each of shapes, on scaled features
	middle []float32 // what is taken from each of them first …
	scale  []float32 // … and what it is divided by then
	hashed []float32 // weight of each bucket
}

// card has the few numbers of a Learned that are no arrays.
type card struct {
	Shapes      []string `json:"shapes"` // as the names of shapes
	Verdicts    int      `json:"verdicts"`
	Preferences int      `json:"preferences"`
	Strength    float64  `json:"strength"` // of the regularisation
	Loss        float64  `json:"loss"`     // mean cross-entropy of what was left out, in nats

	Bias  float64 `json:"bias"`  // of verdicts
	Slope float64 `json:"slope"` // of verdicts: a sum s gives the score 1/(1+exp(-(Slope*s+Bias)))
	Tilt  float64 `json:"tilt"`  // of preferences: a difference d gives 1/(1+exp(-Tilt*d))
}

var errOnlyCompares = errors.New("the verifier learned from preferences alone, so it can compare answers but not score one")

// Verify returns the chance that an answer is good. A verifier that learned from preferences alone returns an error.
func (l *Learned) Verify(_ context.Context, req *model.Request, resp *model.Response) (float64, error) {
	if l.card.Verdicts == 0 {
		return 0, errOnlyCompares
	}
	text, err := asked(req)
	if err != nil {
		return 0, err
	}
	if len(resp.Choices) == 0 {
		return 0, errNoAnswer
	}
	q, least := read(text), 1.0
	for i := range resp.Choices {
		sum := l.sum(featuresOf(q, resp.Model, &resp.Choices[i]))
		least = min(least, logistic(l.card.Slope*sum+l.card.Bias))
	}
	return least, nil
}

// Compare returns the chance that a is better than b. Of answers with several choices the first count.
func (l *Learned) Compare(_ context.Context, req *model.Request, a, b *model.Response) (float64, error) {
	text, err := asked(req)
	if err != nil {
		return 0, err
	}
	if len(a.Choices) == 0 || len(b.Choices) == 0 {
		return 0, errNoAnswer
	}
	q := read(text)
	difference := l.sum(featuresOf(q, a.Model, &a.Choices[0])) - l.sum(featuresOf(q, b.Model, &b.Choices[0]))
	return logistic(l.card.Tilt * difference), nil
}

// sum returns the weighted sum of the features of an answer.
func (l *Learned) sum(f *features) float64 {
	var sum float64
	for i, x := range f.shape {
		sum += (x - float64(l.middle[i])) / float64(l.scale[i]) * float64(l.shape[i])
	}
	for i, b := range f.index {
		sum += float64(f.value[i]) * float64(l.hashed[b])
	}
	return sum
}

func logistic(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
