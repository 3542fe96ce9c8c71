// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package consensus

import "math"

const (
	leastEvidence = 0.05
	mostEvidence  = 1.5
	forTemper     = 30 // known classes below which the scale of the evidence is left at 1
)

// temper finds by how much the evidence of the votes must be scaled for the probabilities to hold: the number that makes
// the known classes likeliest, each item weighed by answerers that were fitted without it.
func (f *fitting) temper(r *Reliability) {
	if r.Labelled < forTemper || f.classes == 1 {
		return
	}
	f.count()
	sums := f.leftOut()
	loss := func(scale float64) (sum float64) {
		p := make([]float64, f.classes)
		for i := 0; i < len(sums.of); i++ {
			for c := range p {
				p[c] = math.Log(f.prior[c]) + scale*sums.row(i)[c]
			}
			softmax(p)
			sum -= math.Log(max(p[sums.of[i]], math.SmallestNonzeroFloat64))
		}
		return sum
	}
	r.Evidence = least(loss, leastEvidence, mostEvidence)
}

// evidence is, for items with a known class, the sum of the logarithms for each class.
type evidence struct {
	of      []int // the known class
	cells   []float64
	classes int
}

func (e *evidence) row(i int) []float64 { return e.cells[i*e.classes : (i+1)*e.classes] }

// leftOut weighs each item with a known class by matrices that lack its own votes. Only the rows of its class change.
func (f *fitting) leftOut() *evidence {
	e := &evidence{classes: f.classes}
	totals := make([]float64, len(f.mean)*f.classes)
	for a := range f.mean {
		for said := range f.classes {
			for c, n := range f.counts.row(a, said) {
				totals[a*f.classes+c] += n
			}
		}
	}
	for i, k := range f.opt.Gold {
		if k == None {
			continue
		}
		start := len(e.cells)
		e.of = append(e.of, k)
		e.cells = append(e.cells, make([]float64, f.classes)...)
		sum := e.cells[start:]
		for a, said := range f.votes.Rows[i] {
			if said == None {
				continue
			}
			for c, l := range f.logs.row(a, said) {
				if c == k {
					n := f.counts.row(a, said)[c] - 1 + f.opt.Smoothing*f.pool(f.mean[a], said, c)
					l = math.Log(max(n, 1e-12) / (totals[a*f.classes+c] - 1 + f.opt.Smoothing))
				}
				sum[c] += l
			}
		}
	}
	return e
}

// least returns where a function with one valley is lowest between two points, by the golden section.
func least(f func(float64) float64, low, high float64) float64 {
	const golden, near = 0.6180339887498949, 1e-3
	a, b := high-golden*(high-low), low+golden*(high-low)
	fa, fb := f(a), f(b)
	for high-low > near {
		if fa <= fb {
			high, b, fb = b, a, fa
			a = high - golden*(high-low)
			fa = f(a)
		} else {
			low, a, fa = a, b, fb
			b = low + golden*(high-low)
			fb = f(b)
		}
	}
	return (low + high) / 2
}
