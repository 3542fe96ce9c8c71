// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package config

import "strings"

// Ensemble asks several models at once and makes one answer of theirs. Exactly one of Vote, BestOf and Fuse is
// set; the other fields hold for each.
type Ensemble struct {
	Vote   *Vote   `yaml:"vote" doc:"Answer what most of them say: for labels, numbers and other short answers."`
	BestOf *BestOf `yaml:"best_of" doc:"Answer with the one that a judge, or what was learned, prefers."`
	Fuse   *Fuse   `yaml:"fuse" doc:"Let another model write the answer from what they propose."`

	Samples     int      `yaml:"samples" default:"1" doc:"Answers of each model."`
	Temperature *float64 `yaml:"temperature" doc:"Temperature of samples, where the request says none; the upstream's own when left out."`
	Concurrent  int      `yaml:"concurrent" doc:"Models asked at a time, in order; all at once when left out."`
	Deadline    Duration `yaml:"deadline" doc:"How long answers are waited for, before it is decided by those that came; forever when left out."`
	Quorum      int      `yaml:"quorum" default:"1" doc:"Usable answers without which nothing is decided."`
	MaxCost     float64  `yaml:"max_cost" doc:"US dollars that one request may cost; who would exceed it is not asked. Any amount when left out."`
}

// Vote answers what most models say.
type Vote struct {
	Of      []string  `yaml:"of" required:"true" doc:"Models to ask; of classes with as many votes the one of the earlier model wins."`
	Weights []float64 `yaml:"weights" doc:"How much the vote of each counts, in the order of of; when left out alike, until retort tune has learned how reliable each is."`
}

// The ways in which the best answer is chosen.
const (
	ByPairs  = "pairs"
	ByGrades = "grades"
	ByRanker = "learned"
)

// BestOf answers with the answer that a judge, or a learned ranker, prefers.
type BestOf struct {
	Of     []string `yaml:"of" required:"true" doc:"Models to ask; of answers alike that of the earlier model wins."`
	Judge  *Judge   `yaml:"judge" doc:"Model that judges the answers; none where that was learned."`
	By     string   `yaml:"by" enum:"pairs,grades,learned" default:"pairs" doc:"pairs: two answers at a time, in both orders; grades: each by itself, as soon as it is there; learned: by the ranker that retort tune trained, which asks nobody."`
	Enough float64  `yaml:"enough" doc:"With grades: score, above 0 and at most 1, from which an answer is taken at once; all are graded when left out."`
}

// Fuse lets a model write the answer from what others propose.
type Fuse struct {
	Of         []string `yaml:"of" required:"true" doc:"Models that propose answers."`
	Aggregator string   `yaml:"aggregator" required:"true" doc:"Model that writes the answer from the proposals."`
	Layers     int      `yaml:"layers" default:"1" doc:"Rounds of proposals, each seeing those of the round before."`
	Enough     int      `yaml:"enough" doc:"Proposals after which others of the round are not waited for; all when left out."`
}

// Of returns the models that are asked together.
func (e *Ensemble) Of() []string {
	switch {
	case e.Vote != nil:
		return e.Vote.Of
	case e.BestOf != nil:
		return e.BestOf.Of
	case e.Fuse != nil:
		return e.Fuse.Of
	}
	return nil
}

// refs returns the models that an ensemble names.
func (e *Ensemble) refs() []ref {
	var refs []ref
	list := func(field string, names []string) {
		for i, name := range names {
			refs = append(refs, ref{field: index(field, i), name: name})
		}
	}
	if e.Vote != nil {
		list("ensemble.vote.of", e.Vote.Of)
	}
	if b := e.BestOf; b != nil {
		list("ensemble.best_of.of", b.Of)
		if b.Judge != nil {
			refs = append(refs, ref{field: "ensemble.best_of.judge.model", name: b.Judge.Model, silent: true})
		}
	}
	if e.Fuse != nil {
		list("ensemble.fuse.of", e.Fuse.Of)
		refs = append(refs, ref{field: "ensemble.fuse.aggregator", name: e.Fuse.Aggregator})
	}
	return refs
}

// kindsOfEnsemble are the keys of which an ensemble has exactly one.
var kindsOfEnsemble = []string{"vote", "best_of", "fuse"}

// mostAsked bounds how many answers one request may ask for.
const mostAsked = 64

func (e *Ensemble) check(d *decoder, path string) {
	var given []string
	for i, set := range []bool{e.Vote != nil, e.BestOf != nil, e.Fuse != nil} {
		if set {
			given = append(given, kindsOfEnsemble[i])
		}
	}
	switch len(given) {
	case 0:
		d.fail(path, "does not say how it decides; give one of %s", strings.Join(kindsOfEnsemble, ", "))
	case 1:
		e.checkPanel(d, path, path+"."+given[0]+".of")
	default:
		d.fail(path, "has %s; an ensemble has exactly one of them", quoted(given))
	}
	if e.Vote != nil {
		e.Vote.check(d, path+".vote", e.Samples)
	}
	if e.BestOf != nil {
		e.BestOf.check(d, path+".best_of", e.Samples)
	}
	if e.Fuse != nil {
		e.Fuse.check(d, path+".fuse", e)
	}
}

func (e *Ensemble) checkPanel(d *decoder, path, of string) {
	seen := map[string]int{}
	for i, name := range e.Of() {
		if name == "" {
			d.fail(index(of, i), "the name is empty")
		} else if first, twice := seen[name]; twice {
			d.fail(index(of, i), "%q stands already at %s; to ask a model more than once write samples", name, index(of, first))
		} else {
			seen[name] = i
		}
	}
	answers := len(e.Of()) * e.Samples
	switch {
	case e.Samples < 1:
		d.fail(path+".samples", "must be above zero")
	case answers > mostAsked:
		d.fail(path, "asks for %d answers to one request, at most %d", answers, mostAsked)
	case e.Quorum < 1 || e.Quorum > answers && answers > 0:
		d.fail(path+".quorum", "%d is not from 1 to the %d answers that are asked for", e.Quorum, answers)
	}
	if t := e.Temperature; t != nil && (*t < 0 || *t > 2) {
		d.fail(path+".temperature", "%v is not from 0 to 2", *t)
	} else if t != nil && e.Samples == 1 {
		d.fail(path+".temperature", "belongs to samples above 1")
	}
	if e.Concurrent < 0 {
		d.fail(path+".concurrent", "cannot be negative")
	}
	if e.Deadline < 0 || e.Deadline == 0 && d.places[path+".deadline"] != nil {
		d.fail(path+".deadline", "must be above zero")
	}
	if e.MaxCost < 0 || e.MaxCost > 1e6 {
		d.fail(path+".max_cost", "%v is no amount of US dollars for a request", e.MaxCost)
	}
}

func (v *Vote) check(d *decoder, path string, samples int) {
	if n := len(v.Of) * samples; n == 1 || n == 2 {
		d.fail(path+".of", "with %d votes the first decides alone; give three models or more, or samples", n)
	}
	if v.Weights != nil && len(v.Weights) != len(v.Of) {
		d.fail(path+".weights", "has %d weights for %d models; give each one", len(v.Weights), len(v.Of))
	}
	for i, w := range v.Weights {
		if w <= 0 || w > 1e6 {
			d.fail(index(path+".weights", i), "%v is not above 0 and at most 1000000", w)
		}
	}
}

func (b *BestOf) check(d *decoder, path string, samples int) {
	if len(b.Of)*samples == 1 {
		d.fail(path+".of", "one answer leaves nothing to choose; give two models or more, or samples")
	}
	if b.Judge != nil {
		b.Judge.check(d, path+".judge")
	}
	switch {
	case b.By == ByRanker && b.Judge != nil:
		d.fail(path+".judge", "what is learned asks no judge; leave one of judge and by: learned out")
	case b.By != ByRanker && b.Judge == nil:
		d.fail(path+".judge", "is missing; name a model that judges the answers, or write by: learned")
	}
	switch {
	case b.Enough < 0 || b.Enough > 1 || b.Enough == 0 && d.places[path+".enough"] != nil:
		d.fail(path+".enough", "%v is not above 0 and at most 1", b.Enough)
	case b.Enough > 0 && b.By != ByGrades:
		d.fail(path+".enough", "belongs to by: grades")
	}
}

func (f *Fuse) check(d *decoder, path string, e *Ensemble) {
	const mostLayers = 8
	if f.Layers < 1 || f.Layers > mostLayers {
		d.fail(path+".layers", "%d is not from 1 to %d", f.Layers, mostLayers)
	}
	if most := len(f.Of) * e.Samples; f.Enough < 0 || f.Enough > most && most > 0 {
		d.fail(path+".enough", "%d is not from 1 to the %d proposals of a round", f.Enough, most)
	} else if f.Enough > 0 && f.Enough < e.Quorum {
		d.fail(path+".enough", "is less than the quorum of %d", e.Quorum)
	}
}
