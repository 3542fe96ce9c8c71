// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package plant

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"retort/internal/suggest"
	"retort/model"
)

// Model returns a configured model or task by name. One that makes vectors alone, as one that is not there, is an error for who
// asked.
func (p *Plant) Model(name string) (model.Model, error) {
	if m, ok := p.models[name]; ok {
		if p.Config.Models[name].Embeds {
			return nil, &model.Error{Kind: model.Invalid, Op: "find model", Err: fmt.Errorf("%q makes vectors, not answers", name),
				Hint: "ask retort serve for its embeddings, or another model for answers"}
		}
		return m, nil
	}
	if d, ok := p.Desks[name]; ok {
		return d, nil
	}
	return nil, p.unknown(name)
}

// unknown is the error for a name that is neither a model nor a task.
func (p *Plant) unknown(name string) error {
	names := p.Names()
	hint := "the configuration has no models; add some under models:"
	if len(names) > 0 {
		hint = "there are: " + strings.Join(names, ", ")
	}
	return &model.Error{Kind: model.NotFound, Op: "find model", Err: fmt.Errorf("no model or task is named %q%s", name, suggest.Near(name, names)), Hint: hint}
}

// Names returns the names of all models, sorted, and then those of all tasks.
func (p *Plant) Names() []string {
	return append(slices.Sorted(maps.Keys(p.models)), slices.Sorted(maps.Keys(p.Desks))...)
}
