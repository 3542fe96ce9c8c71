// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"retort/dataset"
	"retort/distill/label"
	"retort/internal/config"
	"retort/model"
	"retort/provider"
	"retort/task"
)

// teachers returns who is asked, in a plant of their own whose calls are paid from a budget.
func (w *labelling) teachers(ctx context.Context, names []string) ([]label.Teacher, *plant, error) {
	serving := w.app.plant.Load()
	for _, name := range names {
		if _, err := w.app.Model(name); err != nil {
			return nil, nil, fmt.Errorf("teacher: %w", err)
		}
		if serving.reaches(name, w.task.Name) {
			return nil, nil, &ownTeacherError{name, w.task.Name}
		}
	}
	unknown, err := serving.terms(names...)
	if err != nil {
		return nil, nil, err
	}
	for _, name := range unknown {
		w.notes = append(w.notes, unknownTerms(name))
	}
	p, err := meteredPlant(serving.config)
	if err != nil {
		return nil, nil, err
	}
	if err := w.app.equip(ctx, p); err != nil {
		p.close()
		return nil, nil, err
	}
	var out []label.Teacher
	for _, name := range names {
		m, err := p.teacher(w.task, name)
		if err != nil {
			p.close()
			return nil, nil, err
		}
		out = append(out, label.Teacher{Name: name, Identity: p.identity(name), Model: w.app.asking(m, cmp.Or(w.purpose, model.Labelling), ""), Trace: newTrace, Batch: p.batch(name), Terms: p.termsOf(name)})
	}
	return out, p, nil
}

// batch returns how a model is asked in batches; nil where it is made of others, or its upstream's dialect has none.
func (p *plant) batch(name string) *label.Batch {
	c, ok := p.config.Models[name]
	upstream := p.providers[c.Provider]
	if !ok || upstream == nil {
		return nil
	}
	b, ok := upstream.Batch(provider.Spec{Name: cmp.Or(c.Name, name), Price: model.Price(c.Price)})
	if !ok {
		return nil
	}
	submit := func(ctx context.Context, items []label.BatchItem) (string, error) {
		requests := make([]provider.BatchRequest, len(items))
		for i, item := range items {
			requests[i] = provider.BatchRequest{ID: item.Key, Request: item.Request}
		}
		return b.Submit(ctx, requests)
	}
	return &label.Batch{Submit: submit, Ended: b.Ended, Results: b.Results, Read: b.Read, Cancel: b.Cancel, Most: provider.MostBatched}
}

// meteredPlant builds a configuration anew for labelling: each upstream's model is paid from the budget of who asks, and
// called once for each call, since who labels does the waiting and trying again.
func meteredPlant(cfg *config.Config) (*plant, error) {
	own, once := *cfg, 0
	own.Providers = maps.Clone(cfg.Providers)
	for name, provider := range own.Providers {
		provider.Retries, provider.Breaker.Off = &once, true
		own.Providers[name] = provider
	}
	return buildPlant(&own, label.Meter)
}

// dearestPrice returns the highest price among the upstreams' models behind a name.
func (p *plant) dearestPrice(name string) model.Price {
	var most model.Price
	for _, leaf := range p.leaves(name, nil) {
		if price := model.Price(p.config.Models[leaf].Price); price.Input+price.Output > most.Input+most.Output {
			most = price
		}
	}
	return most
}

// unpriced returns an upstream's model behind teachers that has no price and is asked over the internet, so that nobody knows
// what it costs; empty: there is none.
func (p *plant) unpriced(names []string) string {
	for _, name := range names {
		for _, leaf := range p.leaves(name, nil) {
			m := p.config.Models[leaf]
			if m.Price == (config.Price{}) && !nearby(p.config.Providers[m.Provider].BaseURL) {
				return leaf
			}
		}
	}
	return ""
}

// nearby says whether an address is of this machine or a private network, where calls cost nothing; a recording has none.
func nearby(address string) bool {
	u, err := url.Parse(address)
	if err != nil || address == "" {
		return true
	}
	host := u.Hostname()
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.IsLoopback() || ip.IsPrivate() || ip.IsLinkLocalUnicast()
	}
	return !strings.Contains(host, ".") || strings.HasSuffix(host, ".local") || strings.HasSuffix(host, ".internal") || strings.HasSuffix(host, ".localhost")
}

// identity names what stands behind a teacher, so that another model behind its name is another teacher. So is what a server of one's own at another
// address or another recording says, as their models' names say little; vendors' names mean the same whichever address leads to them.
func (p *plant) identity(name string) string {
	named := map[string]any{}
	p.describe(name, named)
	for _, key := range slices.Collect(maps.Keys(named)) {
		m, ok := named[key].(config.Model)
		if !ok {
			continue
		}
		m.Distillation, m.Context, m.Abilities = config.Distillation{}, 0, nil // which change no answer
		named[key] = m
		if from, ok := p.config.Providers[m.Provider]; ok && nearby(from.BaseURL) {
			named["provider "+m.Provider] = []string{from.Dialect, from.BaseURL, from.File}
		}
	}
	return name + "@" + label.Hash(named)
}

// termsOf says what the configuration says about learning from a teacher.
func (p *plant) termsOf(name string) string {
	said := ""
	for _, leaf := range p.leaves(name, nil) {
		status := p.policy(leaf).Status
		if _, recorded := p.tapes[p.config.Models[leaf].Provider]; recorded && status != config.DistillAllowed {
			status = "recorded"
		}
		if status == "" {
			status = config.DistillUnknown
		}
		if said == "" || status == config.DistillUnknown {
			said = status
		}
	}
	return said
}

// reaches says whether a model is made of another one or is it.
func (p *plant) reaches(name, wanted string) bool {
	if name == wanted {
		return true
	}
	refs := p.config.Models[name].Refs()
	if t, ok := p.config.Tasks[name]; ok {
		refs = t.Teacher
	}
	return slices.ContainsFunc(refs, func(ref string) bool { return p.reaches(ref, wanted) })
}

// dearest returns the highest price of a token of the teachers.
func (w *labelling) dearest(p *plant, names []string) float64 {
	most := 0.0
	for _, name := range names {
		price := p.dearestPrice(name)
		most = max(most, price.Input+price.Output)
	}
	return most
}

// estimate returns about what asks cost that are not made yet, by the length of the first prompts.
func (w *labelling) estimate(p *plant, names []string, inputs []dataset.Example, asks int) model.Money {
	const sample, answer = 50, 30 // inputs looked at, and tokens of an answer
	var total float64
	n := min(sample, len(inputs))
	for _, name := range names {
		for i := range n {
			tokens := promptTokens(w.task, inputs[i].Text)
			total += p.dearestPrice(name).Cost(model.Usage{Input: tokens, Output: answer}).Dollars()
		}
	}
	return model.Money(total / float64(n*len(names)) * float64(asks) * float64(model.Dollar))
}

// promptTokens returns about how many tokens a teacher is asked with.
func promptTokens(t *task.Task, text string) int {
	tokens := 0
	probe := t.Teacher(model.Func(func(_ context.Context, req *model.Request, _ func(model.Part) error) (*model.Response, error) {
		if content, err := req.Content(); err == nil {
			tokens = provider.EstimateTokens(content)
		}
		return nil, context.Canceled
	}))
	_, _ = probe.Generate(context.Background(), model.NewRequest(t.Name, model.Prompt(text)), model.Discard) // only what it asks counts
	return tokens
}
