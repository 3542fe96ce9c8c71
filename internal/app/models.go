// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"cmp"
	"maps"
	"slices"

	"retort/dialect"
	"retort/dialect/all"
	"retort/internal/config"
	"retort/model"
)

// ModelInfo says what a configuration says of a model or task.
type ModelInfo struct {
	Name     string       `json:"name"`               // by which clients call it
	Kind     string       `json:"kind"`               // "upstream", "task", or the key of what it is made of, such as "fallback"
	Provider string       `json:"provider,omitempty"` // of an upstream
	Upstream string       `json:"upstream,omitempty"` // the upstream's own name of it
	Dialect  string       `json:"dialect,omitempty"`  // the upstream's
	Price    *model.Price `json:"price,omitempty"`    // US dollars per million tokens; nil: none is given
	Context  int          `json:"context,omitempty"`  // tokens that fit in
	Embeds   bool         `json:"embeds,omitempty"`   // it makes vectors, not answers
	Of       []string     `json:"of,omitempty"`       // the models that it is made of
}

// Models returns what the configuration at path says of its models and tasks, sorted by name.
func Models(path string, getenv func(string) (string, bool)) ([]ModelInfo, error) {
	cfg, err := load(path, Options{Getenv: getenv})
	if err != nil {
		return nil, err
	}
	out := make([]ModelInfo, 0, len(cfg.Models)+len(cfg.Tasks))
	for name, m := range cfg.Models {
		out = append(out, modelInfo(cfg, name, m))
	}
	for name, t := range cfg.Tasks {
		out = append(out, ModelInfo{Name: name, Kind: "task", Of: t.Teacher})
	}
	slices.SortFunc(out, func(a, b ModelInfo) int { return cmp.Compare(a.Name, b.Name) })
	return out, nil
}

func modelInfo(cfg *config.Config, name string, m config.Model) ModelInfo {
	info := ModelInfo{Name: name, Provider: m.Provider, Context: m.Context, Embeds: m.Embeds, Of: m.Refs()}
	if info.Kind = m.Kind(); m.Provider != "" {
		info.Kind, info.Upstream, info.Dialect = "upstream", cmp.Or(m.Name, name), cfg.Providers[m.Provider].Dialect
		if price := model.Price(m.Price); price != (model.Price{}) {
			info.Price = &price
		}
	}
	return info
}

// Capability says what becomes of a feature in each dialect.
type Capability struct {
	Feature string            `json:"feature"`
	Doc     string            `json:"doc"`
	Answer  bool              `json:"answer"` // it is one of answers, not of requests
	Levels  map[string]string `json:"levels"` // by dialect: "native", "mapped" or "dropped"
}

// Capabilities returns the names of the dialects and what becomes of each feature in them.
func Capabilities() (names []string, table []Capability) {
	known := all.All()
	for _, d := range known {
		names = append(names, d.Name)
	}
	for _, f := range dialect.Features() {
		levels := map[string]string{}
		for _, d := range known {
			levels[d.Name] = d.Table[f.Feature].String()
		}
		table = append(table, Capability{string(f.Feature), f.Doc, f.Answer, levels})
	}
	return names, table
}

// Tasks returns the names of the configured tasks, sorted.
func (a *App) Tasks() []string { return slices.Sorted(maps.Keys(a.plant.Load().Desks)) }
