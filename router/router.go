// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package router

import (
	"runtime"
	"slices"
	"sync"

	"retort/internal/sections"
	"retort/student"
)

// Router estimates quality and cost of models' answers. It is immutable and safe for concurrent use.
type Router struct {
	models  []string
	scorer  *student.Scorer // nil: nothing was learned from texts
	scratch *sync.Pool
	mapping *sections.Mapping // the file behind the arrays; nil when there is none

	// The last of the scorer's numbers stand for domains, and become probabilities: the softmax of each times heat.
	domains int
	heat    float32

	// There are two outputs for each model, its quality and its cost. Output o is average[o], plus the sum over the
	// numbers of each times mix[o*numbers+number], plus that over the facts, as far from mean as scale says, times
	// weight[o*facts+fact]; not below low[o] nor above high[o].
	average, low, high []float32
	mix, weight        []float32
	mean, scale        []float32

	trees *trees    // of what each model has of its own; nil: none
	rates []float32 // by domain and model, which trees ask about
}

type routerScratch struct {
	described [facts]float32
	numbers   []float32
	features  []float32 // of the trees
	own       []float32 // what they say, by model
}

func (r *Router) numbers() int {
	if r.scorer == nil {
		return 0
	}
	return r.scorer.Outputs()
}

// ready makes the scratch.
func (r *Router) ready() *Router {
	r.scratch = &sync.Pool{New: func() any {
		return &routerScratch{
			numbers: make([]float32, r.numbers()), features: make([]float32, treeFeatures(len(r.models))), own: make([]float32, len(r.models)),
		}
	}}
	return r
}

// Models returns the models, in the order of Estimate. The caller must not modify it.
func (r *Router) Models() []string { return r.models }

// Estimate appends to dst[:0] what it expects of each model, in the order of Models. Any query has estimates; of a long text
// the beginning and the end are read. It does not allocate once warm and with room in dst.
func (r *Router) Estimate(dst []Estimate, q *Query) []Estimate {
	dst, _ = r.EstimateIn(dst, q)
	return dst
}

// Domains returns how many domains of requests the router tells apart; 0: it does not.
func (r *Router) Domains() int { return r.domains }

// EstimateIn is Estimate, and also says of which domain the request most probably is: a number from 0 to below Domains, which means
// nothing beyond this router; -1 where it tells none apart.
func (r *Router) EstimateIn(dst []Estimate, q *Query) (expected []Estimate, domain int) {
	s := r.scratch.Get().(*routerScratch)
	q.describe(&s.described)
	domain = -1
	copy(s.features, s.described[:])
	for f, x := range s.described {
		s.described[f] = max(-furthestFact, min(furthestFact, (x-r.mean[f])*r.scale[f]))
	}
	if r.scorer != nil {
		p := q.pieces()
		r.scorer.Score(s.numbers, p[0], p[1], p[2])
		if r.domains > 0 {
			probable := s.numbers[len(s.numbers)-r.domains:]
			soften(probable, r.heat)
			domain = mostProbable(probable)
		}
	}
	if r.trees != nil {
		r.ask(s)
	}
	dst = slices.Grow(dst[:0], len(r.models))
	for m := range r.models {
		dst = append(dst, Estimate{Quality: r.output(2*m, s.own[m], s), Cost: r.output(2*m+1, 0, s)})
	}
	r.scratch.Put(s)
	runtime.KeepAlive(r) // and the mapping with it
	return dst, domain
}

// mostProbable returns the place of the highest probability, the first of several.
func mostProbable(p []float32) int {
	best := 0
	for d := range p {
		if p[d] > p[best] {
			best = d
		}
	}
	return best
}

// ask asks the trees.
func (r *Router) ask(s *routerScratch) {
	models := len(r.models)
	copy(s.features[facts:], s.numbers[1:1+models])
	told := s.features[facts+models:]
	clear(told)
	for d, p := range s.numbers[len(s.numbers)-r.domains:] {
		for m, rate := range r.rates[d*models:][:models] {
			told[m] += float32(p * rate)
		}
	}
	clear(s.own)
	r.trees.add(s.own, s.features)
}

func (r *Router) output(o int, own float32, s *routerScratch) float64 {
	sum := r.average[o] + own
	for k, w := range r.mix[o*len(s.numbers):][:len(s.numbers)] {
		sum += float32(w * s.numbers[k])
	}
	for f, w := range r.weight[o*facts:][:facts] {
		sum += float32(w * s.described[f])
	}
	return float64(max(r.low[o], min(r.high[o], sum)))
}

// newRouter puts a router together. With members its parts were fitted with one penalty each.
func newRouter(s *sample, f *fitted, set settings) *Router {
	outputs := 2 * len(s.models)
	r := &Router{
		models: s.models, scorer: f.scorer,
		average: make([]float32, outputs), low: make([]float32, outputs), high: make([]float32, outputs),
		weight: make([]float32, outputs*facts), mean: make([]float32, facts), scale: make([]float32, facts),
	}
	r.mix = make([]float32, outputs*r.numbers())
	if f.scorer != nil && len(s.domains) > 0 {
		r.domains, r.heat = len(s.domains), float32(f.heat[0])
	}
	for m := range s.models {
		r.average[2*m], r.low[2*m], r.high[2*m] = float32(f.level[m]), 0, 1
		r.average[2*m+1], r.low[2*m+1], r.high[2*m+1] = float32(f.cost[m]), float32(f.low[m]), float32(f.high[m])
		if f.scorer == nil {
			continue
		}
		r.add(s, f, set, 2*m, 0, 1)
		r.add(s, f, set, 2*m, 1+m, 1)
		if s.priced {
			r.add(s, f, set, 2*m+1, 1+len(s.models)+m, f.cost[m])
		}
	}
	if f.scorer != nil {
		for k := range facts {
			r.mean[k], r.scale[k] = float32(f.shapes[0].mean[k]), float32(f.shapes[0].scale[k])
		}
	}
	return r.ready()
}

// add lets an output grow with a contrast, as the members predict it.
func (r *Router) add(s *sample, f *fitted, set settings, output, contrast int, times float64) {
	g, mix := s.group(contrast), r.mix[output*r.numbers():][:r.numbers()]
	mix[contrast] += float32(times * set.weight[words][g])
	for d, rates := range f.rates {
		mix[s.contrast+d] += float32(times * set.weight[domains][g] * rates[contrast])
	}
	for k, w := range f.shapes[0].weights[contrast] {
		r.weight[output*facts+k] += float32(times * set.weight[shaped][g] * w)
	}
}

// plant adds trees, as much as they count.
func (r *Router) plant(s *sample, f *fitted, h *heldOut, set *settings) {
	models := len(s.models)
	r.trees = h.trees
	for i := range r.trees.values {
		r.trees.values[i] *= float32(set.weight[grown][ownPart])
	}
	r.rates = make([]float32, r.domains*models)
	for d, rates := range f.rates {
		for m := range models {
			r.rates[d*models+m] = float32(rates[1+m])
		}
	}
}
