// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package config

import (
	"cmp"
	"errors"
	"math"
	"slices"

	"retort/router/rule"
)

// Route decides which model answers before it asks: by rules, or by what it has learned about the models among which it
// chooses. Either Rules or Among is set; what follows Among goes with it.
type Route struct {
	Rules []Rule `yaml:"rules" doc:"Rules to try in order; the first that holds decides. The last has no condition."`

	Among     []string `yaml:"among" doc:"Models to choose among by what was learned about them: retort tune."`
	By        string   `yaml:"by" enum:"learned" doc:"How to choose among them: learned."`
	Quality   Quality  `yaml:"quality" doc:"Answers as good as this share of the strongest model's, as cheaply as possible; best: as good as possible, whatever they cost."`
	Cost      float64  `yaml:"cost" doc:"This share of what always asking the strongest costs, as well as possible."`
	Explore   *float64 `yaml:"explore" doc:"Largest share of requests put to another model to learn about it; 0.02 when left out."`
	Sticky    string   `yaml:"sticky" enum:"conversation,none" doc:"conversation counts what leaving its model costs in prompt cache, none does not; conversation when left out."`
	Strongest string   `yaml:"strongest" doc:"Model that answers until something is learned; the one with the highest price when left out."`
	Ratings   *Ratings `yaml:"ratings" doc:"What the numbers of feedback mean; 0 and 1 when left out."`
}

// Quality is what a route wants of its answers: a share of the strongest model's quality, or BestQuality.
type Quality float64

// BestQuality asks for answers that are as good as possible, whatever they cost.
var BestQuality = Quality(math.Inf(1))

const bestQuality = "best" // as it is written

// StickyNone lets conversations go wherever their next request is best answered.
const StickyNone = "none"

// Ratings is the scale of feedback.
type Ratings struct {
	Worst float64 `yaml:"worst" doc:"A rating that says that the answer was useless."`
	Best  float64 `yaml:"best" default:"1" doc:"A rating that says that it could not be better."`
}

// Reward returns a rating as a number from 0 to 1. A nil scale is from 0 to 1.
func (r *Ratings) Reward(rating float64) float64 {
	if r == nil {
		r = &Ratings{Best: 1}
	}
	return max(0, min(1, (rating-r.Worst)/(r.Best-r.Worst)))
}

// Rule sends the requests for which a condition holds to a model; written as the model's name alone where nothing else is
// said.
type Rule struct {
	When string `yaml:"when" doc:"Condition, such as 'tokens > 8000 || images > 0'; always when left out. docs/blends.md lists the facts."`
	Use  string `yaml:"use" short:"true" doc:"Model to ask."`
}

// Exploration returns the largest share of requests to explore with.
func (r *Route) Exploration() float64 {
	if r.Explore == nil {
		return 0.02
	}
	return *r.Explore
}

// refs returns the models that a route names, first the one that takes what no condition takes.
func (r *Route) refs() []ref {
	var refs []ref
	for i := len(r.Rules) - 1; i >= 0; i-- {
		refs = append(refs, ref{field: index("route.rules", i) + ".use", name: r.Rules[i].Use})
	}
	for i, name := range r.Among {
		refs = append(refs, ref{field: index("route.among", i), name: name})
	}
	return refs
}

func (r *Route) check(d *decoder, path string) {
	switch {
	case r.Rules == nil && r.Among == nil:
		d.fail(path, "does not say how; give rules, or among with the models to choose from")
	case r.Rules != nil && r.Among != nil:
		d.fail(path+".among", "stands beside rules; a rule can use a route of its own, so give it one")
	case r.Among == nil:
		r.checkRules(d, path)
	default:
		r.checkLearned(d, path)
	}
}

func (r *Route) checkRules(d *decoder, path string) {
	for _, key := range []string{"by", "quality", "cost", "explore", "sticky", "strongest", "ratings"} {
		if at := join(path, key); d.places[at] != nil {
			d.fail(at, "belongs to a route that learns (among); rules decide by themselves")
		}
	}
	if len(r.Rules) == 0 {
		d.fail(path+".rules", "is empty; the last rule has no condition and names a model")
	}
	for i := range r.Rules {
		at := index(path+".rules", i)
		switch last := i == len(r.Rules)-1; {
		case r.Rules[i].Use == "":
			d.fail(at+".use", "is missing; name the model to ask")
		case last && r.Rules[i].When != "":
			d.fail(at+".when", "the last rule must take what the others leave; add one without a condition, such as {use: %s}", r.Rules[i].Use)
		case !last && r.Rules[i].When == "":
			d.fail(at, "has no condition, so that the rules after it are never tried; give it a when, or put it last")
		}
		checkCondition(d, at+".when", r.Rules[i].When)
	}
}

func (r *Route) checkLearned(d *decoder, path string) {
	checkList(d, path+".among", r.Among)
	if r.By == "" && d.places[path+".by"] == nil {
		d.fail(path+".by", "is missing; write by: learned")
	}
	switch {
	case r.Quality == 0 && r.Cost == 0:
		d.fail(path, "has no target; give quality, such as 0.95 of the strongest model's or best, or cost, such as 0.5 of its")
	case r.Quality != 0 && r.Cost != 0:
		d.fail(path+".cost", "stands beside quality; give one target")
	}
	if r.Quality != BestQuality {
		checkTarget(d, path+".quality", float64(r.Quality))
	}
	checkTarget(d, path+".cost", r.Cost)
	if x := r.Exploration(); !(x >= 0 && x <= 0.5) {
		d.fail(path+".explore", "%v is not from 0 to 0.5; write a share such as 0.02", x)
	}
	if r.Strongest != "" && !slices.Contains(r.Among, r.Strongest) {
		d.fail(path+".strongest", "%q is not in among%s", clip(r.Strongest), suggest(r.Strongest, r.Among))
	}
	if s := r.Ratings; s != nil && (s.Worst == s.Best || math.IsNaN(s.Best-s.Worst) || math.IsInf(s.Best-s.Worst, 0)) {
		d.fail(path+".ratings", "the worst and the best must differ, such as 1 and 5")
	}
}

// checkTarget notes a share that none could mean.
func checkTarget(d *decoder, path string, share float64) {
	if share != 0 && !(share > 0 && share <= 2) {
		d.fail(path, "%v is no share of the strongest model's; write one such as 0.95", share)
	}
}

// checkCondition notes what is wrong with a condition.
func checkCondition(d *decoder, path, when string) {
	_, err := rule.Compile(when)
	var mistake *rule.Error
	if !errors.As(err, &mistake) {
		return
	}
	hint := ""
	if mistake.Unknown != "" {
		hint = cmp.Or(suggest(mistake.Unknown, rule.Names()), "; docs/blends.md lists them")
	}
	d.fail(path, "%v%s", mistake, hint)
}
