// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package savings estimates what requests would have taken had somebody else answered them: from what the same one's own
// requests took, with an interval.
package savings

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"

	"retort/eval/binomial"
)

// Sum is an amount over some requests: their number, the sum and the sum of squares.
type Sum struct {
	N              int
	Total, Squares float64
}

// Add adds another sum.
func (s *Sum) Add(o Sum) {
	s.N += o.N
	s.Total += o.Total
	s.Squares += o.Squares
}

// Mean returns the amount a request; 0 for none.
func (s *Sum) Mean() float64 {
	if s.N == 0 {
		return 0
	}
	return s.Total / float64(s.N)
}

// Estimate is a figure that is not known exactly, and between what it lies with a confidence of 95 %.
type Estimate struct {
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// Less returns the estimate less an amount that is known.
func (e Estimate) Less(known float64) Estimate {
	return Estimate{e.Value - known, e.Low - known, e.High - known}
}

// Share estimates the share that k of n drawn by chance are of, by the exact interval of a probability. n is above 0.
func Share(k, n int) Estimate {
	found, of := float64(k), float64(n)
	return Estimate{Value: found / of, Low: binomial.Lower(found, of, 0.025), High: binomial.Upper(found, of, 0.025)}
}

// Least is how many requests must be known to estimate others from them.
const Least = 10

// Instead estimates the total of n requests from what others took, which are taken to be drawn alike: a prediction interval by
// Student's t, for the mean of those that are known varies and so do the n themselves. It is not ok where fewer than Least are known.
//
// The interval is about chance alone. It does not know whether the requests differ in kind from those they are estimated from.
func Instead(n int, known Sum) (e Estimate, ok bool) {
	if known.N < Least {
		return e, false
	}
	k, m := float64(known.N), float64(n)
	mean := known.Total / k
	variance := max(0, (known.Squares-k*mean*mean)/(k-1))
	t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: k - 1}.Quantile(0.975)
	wide := t * math.Sqrt(variance*m*(1+m/k))
	e = Estimate{m * mean, max(0, m*mean-wide), m*mean + wide}
	return e, true
}
