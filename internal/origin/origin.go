// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package origin says whose answers those of a name are: what stands behind a model or task of a configuration, under
// which names that answers, what it costs, what its terms allow, what it can do, and which part of a blend gave an answer.
//
// All of it is read off a configuration that has been checked, so it has no cycles and no names of nothing; nothing is
// built, asked or changed. A name that the configuration does not have stands for a model of which nothing is said.
package origin

import (
	"slices"

	"retort/dialect"
	"retort/internal/config"
)

// leavesOf appends the models with an upstream of their own that a model or task is made of.
func leavesOf(c *config.Config, name string, found []string) []string {
	if t, ok := c.Tasks[name]; ok {
		return leavesOf(c, t.Teacher.Lead(), found)
	}
	m := c.Models[name]
	if m.Provider != "" {
		if !slices.Contains(found, name) {
			found = append(found, name)
		}
		return found
	}
	for _, ref := range m.Refs() {
		found = leavesOf(c, ref, found)
	}
	return found
}

// Recorded says whether a model is a recording, which can only repeat itself.
func Recorded(c *config.Config, name string) bool {
	m, ok := c.Models[name]
	return ok && c.Providers[m.Provider].Dialect == config.DialectReplay
}

// Reaches says whether a model or task is made of another one or is it, as any of its teachers too.
func Reaches(c *config.Config, name, wanted string) bool {
	if name == wanted {
		return true
	}
	refs := c.Models[name].Refs()
	if t, ok := c.Tasks[name]; ok {
		refs = t.Teacher
	}
	return slices.ContainsFunc(refs, func(ref string) bool { return Reaches(c, ref, wanted) })
}

// Known returns how many tokens fit into a model and what it can do, as far as the configuration says so: 0 and nil where
// it does not. What is made of several is as good as the least of them; tasks take text and answer with text.
func Known(c *config.Config, name string) (context int, can []dialect.Ability) {
	if _, ok := c.Tasks[name]; ok {
		return 0, []dialect.Ability{}
	}
	m := c.Models[name]
	refs := m.Refs()
	if len(refs) == 0 {
		if m.Abilities == nil {
			return m.Context, nil
		}
		can = make([]dialect.Ability, len(m.Abilities))
		for i, a := range m.Abilities {
			can[i] = dialect.Ability(a)
		}
		return m.Context, can
	}
	context, can = Known(c, refs[0])
	for _, ref := range refs[1:] {
		more, able := Known(c, ref)
		context = min(context, more) // one that is not known makes the whole unknown
		switch {
		case can == nil:
			can = able
		case able != nil:
			can = slices.DeleteFunc(can, func(a dialect.Ability) bool { return !slices.Contains(able, a) })
		}
	}
	return context, can
}
