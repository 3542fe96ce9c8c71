// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package student

import (
	"math"
	"slices"
)

// evidence is what an extractor's parts say about one answer.
type evidence struct {
	heads   []float64 // of each field: the product of its classifiers' scores; 1 when it has none
	fields  []float64 // of each field that lies in the text: how sure the tagger is
	path    float64   // logarithm of the probability of all labels together
	novelty float64
	lacking bool // a value that must be there is not
}

func (e *evidence) reset(fields int) {
	e.heads, e.fields = e.heads[:0], e.fields[:0]
	for range fields {
		e.heads, e.fields = append(e.heads, 1), append(e.fields, 1)
	}
	e.path, e.novelty, e.lacking = 0, 0, false
}

// clone returns a copy that shares nothing.
func (e *evidence) clone() evidence {
	c := *e
	c.heads, c.fields = slices.Clone(e.heads), slices.Clone(e.fields)
	return c
}

func (e *evidence) head(field int, score float64) { e.heads[field] *= score }

// classified is the probability that all classifiers are right.
func (e *evidence) classified() float64 {
	p := 1.0
	for _, x := range e.heads {
		p *= x
	}
	return p
}

// doubt is how unsure the classifiers are.
func (e *evidence) doubt() float64 { return 1 - e.classified() }

// Evidence for the whole object and for one field, as logistic regressions see it. The second number alone, with
// coefficient 1, is the probability that the parts claim.
const (
	objectTerms = 5
	fieldTerms  = 3
)

func (e *evidence) object() [objectTerms]float64 {
	heads := logFloor(e.classified())
	return [objectTerms]float64{1, logit(math.Exp(heads + max(e.path, -20))), heads, max(e.path, -20), e.novelty}
}

func (e *evidence) field(i int) [fieldTerms]float64 {
	return [fieldTerms]float64{1, logit(e.heads[i] * e.fields[i]), logFloor(e.classified())}
}

func logFloor(p float64) float64 { return math.Log(max(p, 1e-9)) }

// logit is limited, as no evidence is certain.
func logit(p float64) float64 {
	p = max(1e-6, min(1-1e-6, p))
	return math.Log(p / (1 - p))
}

func logistic(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// confidence turns evidence into probabilities by logistic regression on answers about texts that the answering model had
// not seen (Platt, "Probabilistic outputs for support vector machines", 1999), and strangeness into a rank among these.
type confidence struct {
	whole  []float32 // objectTerms coefficients
	fields []float32 // fieldTerms coefficients per field
	ranks  []float32 // quantiles of the strangeness of these texts, ascending
}

func (c *confidence) object(e *evidence) float64 {
	if e.lacking {
		return 0
	}
	terms := e.object()
	return logistic(weighed(c.whole, terms[:]))
}

func (c *confidence) field(i int, e *evidence) float64 {
	terms := e.field(i)
	return logistic(weighed(c.fields[i*fieldTerms:], terms[:]))
}

// novelty is the share of the ranks that are below a strangeness.
func (c *confidence) novelty(strange float64) float64 {
	if len(c.ranks) == 0 {
		return 0
	}
	below, _ := slices.BinarySearch(c.ranks, float32(strange))
	return float64(below) / float64(len(c.ranks))
}

func weighed(w []float32, terms []float64) float64 {
	sum := 0.0
	for k, x := range terms {
		sum += float64(w[k]) * x
	}
	return sum
}

// outcome is the evidence for an answer and whether it agreed with the teacher's.
type outcome struct {
	evidence evidence
	whole    bool
	fields   []bool
}

// rankCount is how many quantiles are kept.
const rankCount = 1000

// fitConfidence learns from answers about unseen texts.
func fitConfidence(outcomes []outcome, fields int) confidence {
	var terms [][]float64
	var right []bool
	var strange []float32
	for i := range outcomes {
		strange = append(strange, float32(outcomes[i].evidence.novelty))
		if outcomes[i].evidence.lacking {
			continue
		}
		x := outcomes[i].evidence.object()
		terms, right = append(terms, x[:]), append(right, outcomes[i].whole)
	}
	c := confidence{whole: fitLogistic(terms, right, objectTerms), ranks: quantiles(strange, rankCount)}
	for f := range fields {
		terms, right = terms[:0], right[:0]
		for i := range outcomes {
			x := outcomes[i].evidence.field(f)
			terms, right = append(terms, x[:]), append(right, outcomes[i].fields[f])
		}
		c.fields = append(c.fields, fitLogistic(terms, right, fieldTerms)...)
	}
	return c
}

// quantiles returns at most n numbers that stand for all, ascending.
func quantiles(all []float32, n int) []float32 {
	slices.Sort(all)
	if len(all) <= n {
		return all
	}
	out := make([]float32, n)
	for k := range out {
		out[k] = all[(2*k+1)*len(all)/(2*n)]
	}
	return out
}

// ridge is how many examples' worth the coefficients are held to believing the parts: the second one 1, the others 0.
const ridge = 1.0

// fitLogistic returns coefficients by Newton's method on the penalised likelihood, which is concave.
func fitLogistic(terms [][]float64, right []bool, n int) []float32 {
	w := make([]float64, n)
	w[1] = 1
	loss := logisticLoss(w, terms, right)
	for range 30 {
		move := solve(logisticCurvature(w, terms, right))
		length, better := 1.0, false
		for range 20 {
			next := make([]float64, n)
			for k := range next {
				next[k] = w[k] - length*move[k]
			}
			if l := logisticLoss(next, terms, right); l < loss-1e-9*math.Abs(loss) {
				w, loss, better = next, l, true
				break
			}
			length /= 2
		}
		if !better {
			break
		}
	}
	out := make([]float32, n)
	for k, x := range w {
		out[k] = float32(math.Round(max(-1000, min(1000, x))*256) / 256) // as in fitHeat
	}
	return out
}

func logisticLoss(w []float64, terms [][]float64, right []bool) float64 {
	loss := 0.0
	for k, x := range w {
		if k == 1 {
			x--
		}
		loss += ridge / 2 * x * x
	}
	for i, x := range terms {
		sum := dot(w, x)
		if right[i] {
			sum = -sum
		}
		loss += max(sum, 0) + math.Log1p(math.Exp(-math.Abs(sum)))
	}
	return loss
}

// logisticCurvature returns the second derivatives with the slope as last column.
func logisticCurvature(w []float64, terms [][]float64, right []bool) [][]float64 {
	n := len(w)
	rows := make([][]float64, n)
	for k := range rows {
		rows[k] = make([]float64, n+1)
		rows[k][k], rows[k][n] = ridge, ridge*w[k]
	}
	rows[1][n] -= ridge
	for i, x := range terms {
		p := logistic(dot(w, x))
		miss := p
		if right[i] {
			miss--
		}
		for k := range n {
			for l := range n {
				rows[k][l] += p * (1 - p) * x[k] * x[l]
			}
			rows[k][n] += miss * x[k]
		}
	}
	return rows
}

func dot(a, b []float64) float64 {
	sum := 0.0
	for k, x := range a {
		sum += x * b[k]
	}
	return sum
}
