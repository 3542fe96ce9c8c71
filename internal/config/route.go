// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package config

import (
	"cmp"
	"errors"

	"retort/router/rule"
)

// Route decides which model answers before it asks.
type Route struct {
	Rules []Rule `yaml:"rules" required:"true" doc:"Rules to try in order; the first that holds decides. The last has no condition."`
}

// Rule sends the requests for which a condition holds to a model; written as the model's name alone where nothing else is
// said.
type Rule struct {
	When string `yaml:"when" doc:"Condition, such as 'tokens > 8000 || images > 0'; always when left out. docs/blends.md lists the facts."`
	Use  string `yaml:"use" short:"true" doc:"Model to ask."`
}

// refs returns the models that a route names, first the one that takes what no condition takes.
func (r *Route) refs() []ref {
	var refs []ref
	for i := len(r.Rules) - 1; i >= 0; i-- {
		refs = append(refs, ref{field: index("route.rules", i) + ".use", name: r.Rules[i].Use})
	}
	return refs
}

func (r *Route) check(d *decoder, path string) {
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
