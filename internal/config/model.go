// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package config

import "slices"

// Model is one named model: an upstream's, or one made of others. Exactly one of Provider and the blends
// and wrappers below it is set; Name, Price, Context, Abilities, Embeds and Distillation go with Provider.
type Model struct {
	Provider     string       `yaml:"provider" doc:"Provider that answers."`
	Name         string       `yaml:"name" doc:"The upstream's own name of the model; the model's name here when left out."`
	Price        Price        `yaml:"price" doc:"US dollars per million tokens; left out, calls cost nothing."`
	Context      int          `yaml:"context" doc:"Tokens that fit into the model, as clients are told; unknown when left out."`
	Abilities    []string     `yaml:"abilities" enum:"tools,vision,thinking" doc:"What the model can do beside answering text, as clients are told; all when left out."`
	Embeds       bool         `yaml:"embeds" doc:"The model makes vectors (embeddings), not answers."`
	Distillation Distillation `yaml:"distillation" doc:"Whether the terms allow learning from the answers; the provider's policy when left out."`

	Fallback []Alternative `yaml:"fallback" doc:"Models to ask in turn until one answers."`
	Balance  *Balance      `yaml:"balance" doc:"Spread requests over models that are as good as each other."`
	Hedge    *Hedge        `yaml:"hedge" doc:"Ask a second time when the answer is late to begin."`
	Split    *Split        `yaml:"split" doc:"Divide requests among models, to compare them."`
	Route    *Route        `yaml:"route" doc:"Decide who answers before anything is asked."`
	Ensemble *Ensemble     `yaml:"ensemble" doc:"Ask several models at once and make one answer of theirs."`
	Shadow   *Shadow       `yaml:"shadow" doc:"Send copies of requests to another model, to see how it would answer."`
	Cascade  *Cascade      `yaml:"cascade" doc:"A cheap model whose answers are checked, and a strong one for the rest."`
	Cache    *Cache        `yaml:"cache" doc:"Answer repeated requests from memory."`
	Limit    *Limit        `yaml:"limit" doc:"Bound the rate or the number of requests at a time."`
}

// Price is what an upstream charges, in US dollars per million tokens; it converts to a model.Price.
type Price struct {
	Input  float64 `yaml:"input" doc:"Tokens read."`
	Output float64 `yaml:"output" doc:"Tokens written."`
	Cached float64 `yaml:"cached" doc:"Tokens read from the prompt cache; as input when left out."`
	Write  float64 `yaml:"write" doc:"Tokens written to the prompt cache; as input when left out."`
}

// Cache keeps answers in memory.
type Cache struct {
	Of       string   `yaml:"of" required:"true" doc:"Model whose answers are kept."`
	TTL      Duration `yaml:"ttl" default:"1h" doc:"How long an answer is kept."`
	MaxBytes Size     `yaml:"max_bytes" default:"64MiB" doc:"Memory for all answers kept."`
}

// The scopes of a Limit.
const (
	ByKey    = "key"
	ByTenant = "tenant"
	ByAll    = "all"
)

// Limit bounds how a model is used; at least one of PerSecond and Concurrent is set.
type Limit struct {
	Of         string  `yaml:"of" required:"true" doc:"Model to protect."`
	PerSecond  float64 `yaml:"per_second" doc:"Requests a second in the long run."`
	Burst      int     `yaml:"burst" doc:"Requests at once above the rate; per_second rounded up when left out."`
	Concurrent int     `yaml:"concurrent" doc:"Requests running at a time."`
	By         string  `yaml:"by" enum:"key,tenant,all" default:"key" doc:"What is counted apart: each API key, each tenant, or all together."`
}

// Refs returns the names of the models and tasks that answer for a Model, in the order in which they are asked. One that
// judges or gets copies is not among them.
func (m Model) Refs() []string {
	var names []string
	for _, r := range m.refs() {
		if !r.silent && !slices.Contains(names, r.name) {
			names = append(names, r.name)
		}
	}
	return names
}

// Kind returns what a Model is: the key that it has of provider and the blends and wrappers.
func (m Model) Kind() string {
	if given := m.given(); len(given) > 0 {
		return given[0]
	}
	return ""
}

// ref is a mention of a model, with the path of the field within its owner.
type ref struct {
	field, name string
	silent      bool // clients never get its answers: it judges others, or gets copies of requests
}

// refs returns the models and tasks that a Model names, in the order they are asked.
func (m *Model) refs() []ref {
	refs := m.blendRefs()
	if m.Cascade != nil {
		refs = append(refs, m.Cascade.refs()...)
	}
	if m.Cache != nil {
		refs = append(refs, ref{field: "cache.of", name: m.Cache.Of})
	}
	if m.Limit != nil {
		refs = append(refs, ref{field: "limit.of", name: m.Limit.Of})
	}
	return refs
}
