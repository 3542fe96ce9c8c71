// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"retort/internal/config"
	"retort/model"
)

// terms checks that the terms of every upstream model behind teachers allow learning from its answers, as far as the
// configuration says. It returns the names of those of which it does not say.
func (p *plant) terms(teachers ...string) (unknown []string, err error) {
	var leaves []string
	for _, teacher := range teachers {
		leaves = p.leaves(teacher, leaves)
	}
	for _, name := range leaves {
		switch policy := p.policy(name); policy.Status {
		case config.DistillForbidden:
			return nil, &forbiddenError{name, policy}
		case config.DistillAllowed:
		default:
			if _, recorded := p.tapes[p.config.Models[name].Provider]; !recorded {
				unknown = append(unknown, name)
			}
		}
	}
	return unknown, nil
}

// policy is what the configuration says of an upstream's model. One upstream model may stand there under several names:
// a refusal under any of them holds for all.
func (p *plant) policy(name string) config.Distillation {
	m := p.config.Models[name]
	for _, other := range p.config.Models {
		if other.Provider == m.Provider && other.Name == m.Name && other.Distillation.Status == config.DistillForbidden {
			return other.Distillation
		}
	}
	return m.Distillation
}

// leaves appends the models with an upstream of their own that a model or task is made of.
func (p *plant) leaves(name string, found []string) []string {
	if t, ok := p.config.Tasks[name]; ok {
		return p.leaves(t.Teacher.Lead(), found)
	}
	m := p.config.Models[name]
	if m.Provider != "" {
		if !slices.Contains(found, name) {
			found = append(found, name)
		}
		return found
	}
	for _, ref := range m.Refs() {
		found = p.leaves(ref, found)
	}
	return found
}

// concrete are the names that a model has in answers and traces; those of students, which change, end in "@".
type concrete map[string]bool

// concrete returns the names under which a model or task may answer.
func (p *plant) concrete(name string) concrete {
	found := concrete{}
	p.addConcrete(name, found)
	return found
}

func (p *plant) addConcrete(name string, found concrete) {
	if t, ok := p.config.Tasks[name]; ok {
		found[studentPrefix+name+"@"] = true
		p.addConcrete(t.Teacher.Lead(), found)
		return
	}
	m := p.config.Models[name]
	if m.Provider != "" {
		found[m.Provider+"/"+m.Name] = true
	}
	for _, ref := range m.Refs() {
		p.addConcrete(ref, found)
	}
}

func (c concrete) has(name string) bool {
	if i := strings.LastIndexByte(name, '@'); i >= 0 && strings.HasPrefix(name, studentPrefix) {
		name = name[:i+1]
	}
	return c[name]
}

// gave says whether an answer in a trace is one that a teacher gave, who answers under these names. That of several at once is more than what one of
// them says alone, whoever's words it has.
func (p *plant) gave(teacher string, c concrete, t *model.Trace) bool {
	if !c.has(t.Response.Model) {
		return false
	}
	for {
		of, ok := p.config.Tasks[teacher]
		if !ok {
			break
		}
		teacher = of.Teacher.Lead()
	}
	if p.config.Models[teacher].Ensemble == nil {
		return true
	}
	answers := 0
	for i := range t.Attempts {
		if a := &t.Attempts[i]; a.Error == "" && !a.Judging && c.has(a.Model) {
			answers++
		}
	}
	return answers > 1
}

func (c concrete) names() []string { return slices.Sorted(maps.Keys(c)) }

// forbiddenError refuses to learn from a model whose terms do not allow it.
type forbiddenError struct {
	model  string
	policy config.Distillation
}

func (e *forbiddenError) Error() string {
	text := fmt.Sprintf("model %q must not be distilled: the configuration says that its terms forbid it", e.model)
	if e.policy.Basis != "" {
		text += " (" + e.policy.Basis + ")"
	}
	return text
}

func (e *forbiddenError) Hint() string {
	return "choose another teacher; if the terms do allow it, say so under models." + e.model + ".distillation with basis and source"
}
