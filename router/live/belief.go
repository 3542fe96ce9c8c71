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
	domainPrecision = 4  // of a model's in a domain, beside its own: a standard deviation of 0.5, or as much as some twenty ratings say
	unknownQuality  = 0.5
	memory          = 1000 // ratings of a model in a domain after which an old one counts 1/e
	mostShift       = 6

	bins    = 20  // of log-odds
	certain = 3.9 // log-odds of what a tuning may expect and be shifted from, 98 %: it is never surer than that
)

// tally is what was said of one model's answers to requests of one domain, by what had been expected of them.
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

// tallies are those of a model by domain. The last is of requests whose domain is not known, or of all where a tuning has none.
type tallies []tally

func noTallies(models, domains int) []tallies {
	all := make([]tallies, models)
	for m := range all {
		all[m] = make(tallies, max(0, domains)+1)
	}
	return all
}

// total returns how many ratings count.
func (t tallies) total() float64 {
	sum := 0.0
	for d := range t {
		sum += t[d].total
	}
	return sum
}

// inDomain returns what is kept of a domain: the last where the domain is not known.
func inDomain[T any](all []T, domain int) *T {
	if domain < 0 || domain >= len(all) {
		domain = len(all) - 1
	}
	return &all[domain]
}

// guess is by how much the log-odds of success differ from what the tuning expects.
type guess struct {
	shift  float64 // less what all models share
	spread float64 // standard deviation
}

// belief is what feedback has taught.
type belief struct {
	own    []guess   // by model, over all domains
	domain [][]guess // by model and domain
}

// of returns the guess about a model's answers in a domain.
func (b *belief) of(m, domain int) guess { return *inDomain(b.domain[m], domain) }

// believe returns the most probable shifts (a hierarchical logistic model, maximum a posteriori by Newton's method) and how uncertain
// they are. A model's shift in a domain is drawn to the model's own, and that to what all models share; so what is said in one
// domain counts in the others too, but less, and where much was said in a domain that is what counts there.
func believe(all []tallies) *belief {
	b := &belief{own: make([]guess, len(all)), domain: make([][]guess, len(all))}
	common := 0.0
	own := make([]float64, len(all))
	in := make([][]float64, len(all))
	for m := range all {
		in[m] = make([]float64, len(all[m]))
	}
	for range 20 {
		slope, curve := -commonPrecision*common, float64(commonPrecision)
		for m := range all {
			var known float64
			own[m], known = all[m].solve(common, own[m], in[m])
			if all[m].total() > 0 {
				slope += ownPrecision * (own[m] - common)
				curve += ownPrecision * known / (ownPrecision + known)
			}
		}
		step := slope / curve
		common += step
		if math.Abs(step) < 1e-6 {
			break
		}
	}
	for m := range all {
		b.own[m], b.domain[m] = all[m].guesses(common, own[m], in[m])
	}
	return b
}

// solve returns the most probable shift of a model, and fills in those of its domains, given what all models share: by Newton's method
// for the model's own, with each domain's at its best for that. own and in are where they were found last. It also returns how much
// the ratings say of the model's own.
func (t tallies) solve(common, own float64, in []float64) (shift, known float64) {
	if len(t) == 1 {
		in[0] = t[0].solve(in[0], common, ownPrecision)
		_, known = t[0].slope(in[0])
		return in[0], known
	}
	if t.total() == 0 {
		for d := range in {
			in[d] = common
		}
		return common, 0
	}
	for range 20 {
		slope := ownPrecision * (common - own)
		known = 0
		for d := range t {
			in[d] = t[d].solve(in[d], own, domainPrecision)
			if t[d].total == 0 {
				continue
			}
			_, information := t[d].slope(in[d])
			slope += domainPrecision * (in[d] - own)
			known += domainPrecision * information / (domainPrecision + information)
		}
		step := slope / (ownPrecision + known)
		own = max(-mostShift, min(mostShift, own+max(-1, min(1, step))))
		if math.Abs(step) < 1e-6 {
			break
		}
	}
	for d := range t {
		if t[d].total == 0 {
			in[d] = own
		}
	}
	return own, known
}

// guesses returns how uncertain shifts are: by the curvature at the most probable ones.
func (t tallies) guesses(common, own float64, in []float64) (guess, []guess) {
	out := make([]guess, len(t))
	if len(t) == 1 {
		_, information := t[0].slope(in[0])
		out[0] = guess{in[0] - common, 1 / math.Sqrt(information+ownPrecision)}
		return out[0], out
	}
	known := float64(ownPrecision) // of the model's own shift
	informed := make([]float64, len(t))
	for d := range t {
		_, informed[d] = t[d].slope(in[d])
		known += domainPrecision * informed[d] / (domainPrecision + informed[d])
	}
	for d := range t {
		alone := 1 / (domainPrecision + informed[d])
		drawn := domainPrecision * alone // by how much it follows the model's own
		out[d] = guess{in[d] - common, math.Sqrt(alone + drawn*drawn/known)}
	}
	return guess{own - common, 1 / math.Sqrt(known)}, out
}

// solve returns the most probable shift, given one that it is drawn to and how strongly. It looks from a shift on.
func (t *tally) solve(from, prior, precision float64) float64 {
	if t.total == 0 {
		return prior
	}
	x := from
	for range 20 {
		slope, information := t.slope(x)
		step := (slope - precision*(x-prior)) / (information + precision)
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

// Learn counts what was said of an answer by the model at a place to a request of a domain, as Estimate returns it: reward from 0 (useless) to 1 (as good as it gets).
// What is no number from 0 to 1, and a place that there is not, is ignored. expected is what the tuning expects of the model
// by itself, as Estimate returns it.
func (d *Decider) Learn(place, domain int, expected router.Estimate, reward float64) {
	if !(reward >= 0 && reward <= 1) {
		return
	}
	d.change(place, domain, expected, func(t *tally, expected float64) { t.add(expected, reward) })
}

// Revise takes back what Learn was told of an answer, from, and has it learned as to instead. Both are rewards from 0 to 1;
// otherwise it does what Learn does with its arguments.
func (d *Decider) Revise(place, domain int, expected router.Estimate, from, to float64) {
	if !(from >= 0 && from <= 1 && to >= 0 && to <= 1) {
		return
	}
	d.change(place, domain, expected, func(t *tally, expected float64) { t.revise(expected, from, to) })
}

func (d *Decider) change(place, domain int, expected router.Estimate, how func(t *tally, expected float64)) {
	if place < 0 || place >= len(d.how.Models) {
		return
	}
	if !(expected.Quality >= 0 && expected.Quality <= 1) {
		expected.Quality = unknownQuality
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	how(inDomain(d.tally[place], domain), expected.Quality)
	d.since.Store(believe(d.tally))
}

// Learned is what feedback has taught about one model.
type Learned struct {
	Model   string  `json:"model"`
	Ratings float64 `json:"ratings"` // that count, older ones less
	Shift   float64 `json:"shift"`   // log-odds of success beside what the tuning expects, less what all models share, over all domains
	Spread  float64 `json:"spread"`  // its standard deviation
}

// Learned returns what feedback has taught, by place.
func (d *Decider) Learned() []Learned {
	d.mu.Lock()
	defer d.mu.Unlock()
	b := d.since.Load()
	out := make([]Learned, len(d.how.Models))
	for i, name := range d.how.Models {
		out[i] = Learned{name, d.tally[i].total(), b.own[i].shift, b.own[i].spread}
	}
	return out
}
