// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package live

import (
	"math"

	"retort/router"
)

// The prior of what feedback may correct, in log-odds. Feedback as a whole may be kinder or harsher than the outcomes that
// a tuning learned from, which says nothing about who is better; a model may have got better or worse since, which does.
const (
	commonPrecision = 16 // of the shift that all models share: a standard deviation of 0.25
	ownPrecision    = 1  // of each model's own: a standard deviation of 1, or as much as some five ratings say
	unknownQuality  = 0.5
	memory          = 1000 // ratings of a model after which an old one counts 1/e
	mostShift       = 6

	bins    = 20  // of log-odds
	certain = 3.9 // log-odds of what a tuning may expect and be shifted from, 98 %: it is never surer than that
)

// tally is what was said of one model's answers, by what had been expected of them.
type tally struct {
	n, reward [bins]float64
	total     float64
}

// add counts an answer: expected from 0 to 1, and how good it was.
func (t *tally) add(expected, reward float64) {
	const fade = 1 - 1.0/memory
	t.total = t.total*fade + 1
	for b := range t.n {
		t.n[b] *= fade
		t.reward[b] *= fade
	}
	b := bin(expected)
	t.n[b]++
	t.reward[b] += reward
}

// revise changes what was counted of an answer.
func (t *tally) revise(expected, from, to float64) {
	b := bin(expected)
	t.reward[b] = max(0, min(t.n[b], t.reward[b]+to-from))
}

func bin(expected float64) int {
	return min(int((logit(expected)+certain)/(2*certain)*bins), bins-1)
}

// slope returns the derivative of the log-likelihood at a shift, and how sure it makes of the shift.
func (t *tally) slope(shift float64) (slope, information float64) {
	for b, n := range t.n {
		if n == 0 {
			continue
		}
		p := sigmoid((float64(b)+0.5)/bins*2*certain - certain + shift)
		slope += t.reward[b] - n*p
		information += n * p * (1 - p)
	}
	return slope, information
}

// belief is by how much the log-odds of success differ from what the tuning expects.
type belief struct {
	shift  []float64 // by model, less what all share
	spread []float64 // standard deviation
}

// believe returns the most probable shifts (a hierarchical logistic model, maximum a posteriori by Newton's method) and
// how uncertain they are.
func believe(tallies []tally) *belief {
	b := &belief{shift: make([]float64, len(tallies)), spread: make([]float64, len(tallies))}
	common := 0.0
	for range 20 {
		sum, with := 0.0, 0.0
		for m := range tallies {
			b.shift[m] = tallies[m].solve(common)
			if tallies[m].total > 0 {
				sum += b.shift[m]
				with++
			}
		}
		common = ownPrecision * sum / (ownPrecision*with + commonPrecision)
	}
	for m := range tallies {
		_, information := tallies[m].slope(b.shift[m])
		b.spread[m] = 1 / math.Sqrt(information+ownPrecision)
		if tallies[m].total == 0 {
			b.shift[m] = common
		}
		b.shift[m] -= common
	}
	return b
}

// solve returns the most probable shift of a model, given what all share.
func (t *tally) solve(common float64) float64 {
	x := common
	if t.total == 0 {
		return x
	}
	for range 20 {
		slope, information := t.slope(x)
		step := (slope - ownPrecision*(x-common)) / (information + ownPrecision)
		x = max(-mostShift, min(mostShift, x+max(-1, min(1, step))))
		if math.Abs(step) < 1e-6 {
			break
		}
	}
	return x
}

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// logit returns log-odds within what is certain.
func logit(p float64) float64 { return max(-certain, min(certain, math.Log(p/(1-p)))) }

// shifted returns a probability moved by log-odds.
func shifted(p, by float64) float64 {
	if by == 0 {
		return p
	}
	return sigmoid(logit(p) + by)
}

// Learn counts what was said of an answer by the model at a place: reward from 0 (useless) to 1 (as good as it gets).
// What is no number from 0 to 1, and a place that there is not, is ignored. expected is what the tuning expects of the model
// by itself, as Estimate returns it.
func (d *Decider) Learn(place int, expected router.Estimate, reward float64) {
	if !(reward >= 0 && reward <= 1) {
		return
	}
	d.change(place, expected, func(t *tally, expected float64) { t.add(expected, reward) })
}

// Revise takes back what Learn was told of an answer, from, and has it learned as to instead. Both are rewards from 0 to 1;
// otherwise it does what Learn does with its arguments.
func (d *Decider) Revise(place int, expected router.Estimate, from, to float64) {
	if !(from >= 0 && from <= 1 && to >= 0 && to <= 1) {
		return
	}
	d.change(place, expected, func(t *tally, expected float64) { t.revise(expected, from, to) })
}

func (d *Decider) change(place int, expected router.Estimate, how func(t *tally, expected float64)) {
	if place < 0 || place >= len(d.how.Models) {
		return
	}
	if !(expected.Quality >= 0 && expected.Quality <= 1) {
		expected.Quality = unknownQuality
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	how(&d.tally[place], expected.Quality)
	d.since.Store(believe(d.tally))
}

// Learned is what feedback has taught about one model.
type Learned struct {
	Model   string  `json:"model"`
	Ratings float64 `json:"ratings"` // that count, older ones less
	Shift   float64 `json:"shift"`   // log-odds of success beside what the tuning expects, less what all models share
	Spread  float64 `json:"spread"`  // its standard deviation
}

// Learned returns what feedback has taught, by place.
func (d *Decider) Learned() []Learned {
	d.mu.Lock()
	defer d.mu.Unlock()
	b := d.since.Load()
	out := make([]Learned, len(d.how.Models))
	for i, name := range d.how.Models {
		out[i] = Learned{name, d.tally[i].total, b.shift[i], b.spread[i]}
	}
	return out
}
