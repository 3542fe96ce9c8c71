// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package judge

import (
	"context"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/optimize"
)

// compact numbers the buckets that rows use from 0, in the rows themselves, and returns which they are, ascending. A fit
// takes time by their number.
func compact(rows []row) []uint32 {
	place := make([]uint32, buckets)
	for i := range rows {
		for _, b := range rows[i].index {
			place[b] = 1
		}
	}
	var used []uint32
	for b := range place {
		if place[b] == 1 {
			place[b] = uint32(len(used))
			used = append(used, uint32(b))
		}
	}
	for i := range rows {
		for k, b := range rows[i].index {
			rows[i].index[k] = place[b]
		}
	}
	return used
}

// steps bounds a fit. Long before the minimum is found exactly, what is left out is predicted as well as it will be.
const steps = 60

// fit returns the weights, those of so many buckets, those of the shapes and the bias of verdicts, that minimise the mean cross-entropy plus half of strength times their squares, without the
// bias, by limited-memory BFGS (D. Liu and J. Nocedal, 1989). It begins at from, if given.
func fit(ctx context.Context, rows []row, used int, strength float64, from []float64) ([]float64, error) {
	start := slices.Clone(from)
	if start == nil {
		start = make([]float64, used+len(shapes)+1)
	}
	o := &objective{rows: rows, strength: strength, residuals: make([]float64, len(rows)), at: make([]float64, len(start))}
	problem := optimize.Problem{
		Func: o.value,
		Grad: o.gradient,
		Status: func() (optimize.Status, error) {
			if err := ctx.Err(); err != nil {
				return optimize.Failure, err
			}
			return optimize.NotTerminated, nil
		},
	}
	result, err := optimize.Minimize(problem, start, &optimize.Settings{
		MajorIterations: steps, GradientThreshold: 1e-5,
		Converger: &optimize.FunctionConverge{Relative: 1e-5, Iterations: 3},
	}, &optimize.LBFGS{Store: 8})
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case result == nil:
		return nil, fmt.Errorf("fit: %w", err)
	}
	return result.X, nil // a line search that finds nothing better any more is the end, too
}

// objective is what a fit minimises. The gradient is mostly wanted where the value was: what takes a look at all rows is kept.
type objective struct {
	rows      []row
	strength  float64
	at        []float64 // where value was last asked for
	residuals []float64 // of the rows there
}

func (o *objective) value(w []float64) float64 {
	copy(o.at, w)
	var squares, loss float64
	for _, x := range w[:len(w)-1] {
		squares += x * x
	}
	for i := range o.rows {
		r := &o.rows[i]
		x := r.sum(w)
		loss += crossEntropy(x, r.target)
		o.residuals[i] = logistic(x) - r.target
	}
	return loss/float64(len(o.rows)) + o.strength*squares/2
}

func (o *objective) gradient(grad, w []float64) {
	if !slices.Equal(o.at, w) {
		o.value(w)
	}
	for i, x := range w {
		grad[i] = o.strength * x
	}
	grad[len(w)-1] = 0
	each := 1 / float64(len(o.rows))
	for i := range o.rows {
		o.rows[i].addTo(grad, o.residuals[i]*each)
	}
}

// sum returns the weighted sum of a row, for a verdict with the bias.
func (r *row) sum(w []float64) float64 {
	var sum float64
	for i, f := range r.index {
		sum += float64(r.value[i]) * w[f]
	}
	for i, x := range r.shape {
		sum += x * w[len(w)-1-len(r.shape)+i]
	}
	if r.verdict {
		sum += w[len(w)-1]
	}
	return sum
}

func (r *row) addTo(grad []float64, by float64) {
	for i, f := range r.index {
		grad[f] += float64(r.value[i]) * by
	}
	for i, x := range r.shape {
		grad[len(grad)-1-len(r.shape)+i] += x * by
	}
	if r.verdict {
		grad[len(grad)-1] += by
	}
}

// calibrate fits the bias and slope of verdicts and the tilt of preferences to sums of rows that were left out (J. Platt,
// "Probabilistic Outputs for Support Vector Machines", 1999). Without preferences the slope of verdicts serves for both.
func (l *Learned) calibrate(rows []row, sums []float64) {
	var verdicts, preferences scatter
	for i := range rows {
		if rows[i].verdict {
			verdicts.add(sums[i], rows[i].target)
		} else {
			preferences.add(sums[i], rows[i].target)
		}
	}
	l.card.Slope, l.card.Bias = verdicts.line(true)
	l.card.Tilt = l.card.Slope
	if len(preferences.x) > 0 {
		l.card.Tilt, _ = preferences.line(false)
	}
}

// scatter is a set of points of which the heights are chances.
type scatter struct{ x, y []float64 }

func (s *scatter) add(x, y float64) { s.x, s.y = append(s.x, x), append(s.y, y) }

// line returns the slope, not below 0, and with bias the height of the logistic curve through the points, by Newton's
// method. A slope that falls would say that the sums mislead: 0 says that they say nothing.
func (s *scatter) line(withBias bool) (slope, bias float64) {
	slope = 1
	for range 50 {
		var gs, gb, hss, hsb, hbb float64
		for i, x := range s.x {
			p := logistic(slope*x + bias)
			d, h := p-s.y[i], p*(1-p)
			gs, gb = gs+d*x, gb+d
			hss, hsb, hbb = hss+h*x*x, hsb+h*x, hbb+h
		}
		const ridge = 1e-3 // keeps points that a line divides from making it infinitely steep
		gs, hss = gs+ridge*slope, hss+ridge
		hbb += ridge
		ds, db := gs/hss, 0.0
		if withBias {
			det := hss*hbb - hsb*hsb
			ds, db = (gs*hbb-gb*hsb)/det, (gb*hss-gs*hsb)/det
		}
		slope, bias = slope-bound(ds), bias-bound(db)
		if math.Abs(ds)+math.Abs(db) < 1e-9 {
			break
		}
	}
	if slope >= 0 {
		return slope, bias
	}
	var sum float64
	for _, y := range s.y {
		sum += y
	}
	mean := (sum + 0.5) / (float64(len(s.y)) + 1)
	return 0, math.Log(mean / (1 - mean))
}

// bound keeps a step of Newton's method from leaving the region where the curve is known.
func bound(step float64) float64 { return max(-2, min(2, step)) }
