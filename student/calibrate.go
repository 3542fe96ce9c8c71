// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package student

import "math"

// scored is an answer about a text that the answering model had not seen, before calibration.
type scored struct {
	scores []float32 // per output; nil when the model could not be trained
	seen   []int32
	class  int32 // the teacher's
	weight float32
}

// fitTemperature returns the number that scores must be multiplied with so that their softmax gives the teacher's
// labels the highest likelihood (Guo, Pleiss, Sun, Weinberger, "On calibration of modern neural networks", ICML 2017).
// It is 1 when there is nothing to learn from.
func fitTemperature(answers []scored) float64 {
	low, high := math.Log(1e-2), math.Log(1e3)
	loss := func(log float64) float64 { return surprise(answers, math.Exp(log)) }
	if loss(low) == 0 {
		return 1
	}
	const golden = 0.6180339887498949
	a, b := high-golden*(high-low), low+golden*(high-low)
	lossA, lossB := loss(a), loss(b)
	for high-low > 1e-3 {
		if lossA < lossB {
			high, b, lossB = b, a, lossA
			a = high - golden*(high-low)
			lossA = loss(a)
		} else {
			low, a, lossA = a, b, lossB
			b = low + golden*(high-low)
			lossB = loss(b)
		}
	}
	return math.Exp((low + high) / 2)
}

// surprise is the negative log-likelihood of the teacher's labels. Answers whose model did not know the label are
// left out.
func surprise(answers []scored, factor float64) float64 {
	var total float64
	for _, a := range answers {
		own := -1
		for c, class := range a.seen {
			if class == a.class {
				own = c
			}
		}
		if own < 0 || len(a.scores) < 2 {
			continue
		}
		total += float64(a.weight) * (logSum(a.scores, factor) - factor*float64(a.scores[own]))
	}
	return total
}

// logSum is the logarithm of the sum of e to the factor times each score.
func logSum(scores []float32, factor float64) float64 {
	top := scores[0]
	for _, s := range scores {
		top = max(top, s)
	}
	var sum float64
	for _, s := range scores {
		sum += math.Exp(factor * float64(s-top))
	}
	return math.Log(sum) + factor*float64(top)
}
