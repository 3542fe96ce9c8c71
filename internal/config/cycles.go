// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package config

import (
	"maps"
	"slices"
	"strings"
)

// checkCycles notes models and tasks that are made of themselves, each ring once.
func (c *Config) checkCycles(d *decoder) {
	const (
		open = iota + 1
		done
	)
	state, trail := map[string]int{}, []string{}
	var visit func(name string)
	visit = func(name string) {
		state[name] = open
		trail = append(trail, name)
		for _, r := range c.refsOf(name) {
			switch state[r.name] {
			case 0:
				visit(r.name)
			case open:
				ring := append(slices.Clone(trail[slices.Index(trail, r.name):]), r.name)
				d.fail(r.field, "goes in a circle: %s; a model cannot be made of itself", strings.Join(ring, " → "))
			}
		}
		trail = trail[:len(trail)-1]
		state[name] = done
	}
	names := slices.AppendSeq(slices.Collect(maps.Keys(c.Models)), maps.Keys(c.Tasks))
	slices.Sort(names)
	for _, name := range names {
		if state[name] == 0 {
			visit(name)
		}
	}
}

// refsOf returns what a model or task names, with full paths.
func (c *Config) refsOf(name string) []ref {
	if t, ok := c.Tasks[name]; ok {
		refs := make([]ref, len(t.Teacher))
		for i, teacher := range t.Teacher {
			refs[i] = ref{field: join("tasks", name) + ".teacher", name: teacher}
		}
		return refs
	}
	m := c.Models[name]
	refs := m.refs()
	for i := range refs {
		refs[i].field = join("models", name) + "." + refs[i].field
	}
	return refs
}
