// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"cmp"
	"context"
	"fmt"
	"maps"

	"retort/dataset"
	"retort/distill/label"
	"retort/internal/config"
	"retort/internal/origin"
	"retort/internal/plant"
	"retort/model"
	"retort/provider"
	"retort/task"
)

// teachers returns who is asked, in a plant of their own whose calls are paid from a budget.
func (w *labelling) teachers(ctx context.Context, names []string) ([]label.Teacher, *plant.Plant, error) {
	serving := w.app.plant.Load()
	for _, name := range names {
		if _, err := w.app.Model(name); err != nil {
			return nil, nil, fmt.Errorf("teacher: %w", err)
		}
		if origin.Reaches(serving.Config, name, w.task.Name) {
			return nil, nil, &ownTeacherError{name, w.task.Name}
		}
	}
	unknown, err := origin.Terms(serving.Config, names...)
	if err != nil {
		return nil, nil, err
	}
	for _, name := range unknown {
		w.notes = append(w.notes, origin.UnknownTerms(name))
	}
	p, err := meteredPlant(serving.Config)
	if err != nil {
		return nil, nil, err
	}
	if err := w.app.equip(ctx, p); err != nil {
		p.Close()
		return nil, nil, err
	}
	var out []label.Teacher
	for _, name := range names {
		m, err := p.Teacher(w.task, name)
		if err != nil {
			p.Close()
			return nil, nil, err
		}
		out = append(out, label.Teacher{Name: name, Identity: origin.Identity(p.Config, name), Model: w.app.asking(m, cmp.Or(w.purpose, model.Labelling), ""), Trace: newTrace, Batch: batch(p, name), Terms: origin.TermsOf(p.Config, name)})
	}
	return out, p, nil
}

// batch returns how a model is asked in batches; nil where it is made of others, or its upstream's dialect has none.
func batch(p *plant.Plant, name string) *label.Batch {
	b, ok := p.Batch(name)
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
func meteredPlant(cfg *config.Config) (*plant.Plant, error) {
	own, once := *cfg, 0
	own.Providers = maps.Clone(cfg.Providers)
	for name, provider := range own.Providers {
		provider.Retries, provider.Breaker.Off = &once, true
		own.Providers[name] = provider
	}
	return plant.New(&own, label.Meter)
}

// dearest returns the highest price of a token of the teachers.
func (w *labelling) dearest(p *plant.Plant, names []string) float64 {
	most := 0.0
	for _, name := range names {
		price := origin.Dearest(p.Config, name)
		most = max(most, price.Input+price.Output)
	}
	return most
}

// estimate returns about what asks cost that are not made yet, by the length of the first prompts.
func (w *labelling) estimate(p *plant.Plant, names []string, inputs []dataset.Example, asks int) model.Money {
	const sample, answer = 50, 30 // inputs looked at, and tokens of an answer
	var total float64
	n := min(sample, len(inputs))
	for _, name := range names {
		for i := range n {
			tokens := promptTokens(w.task, inputs[i].Text)
			total += origin.Dearest(p.Config, name).Cost(model.Usage{Input: tokens, Output: answer}).Dollars()
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
