// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package plant

import (
	"fmt"
	"math"

	"retort/compose"
	"retort/internal/config"
	"retort/model"
	"retort/provider"
	"retort/task"
)

func (p *Plant) ensemble(name string, c *config.Ensemble) (model.Model, error) {
	panel, err := p.panel(c)
	if err != nil {
		return nil, err
	}
	switch {
	case c.Vote != nil:
		return p.vote(name, c.Vote, panel, task.Vote), nil
	case c.BestOf != nil:
		return p.bestOf(name, c.BestOf, panel)
	}
	aggregator, err := p.part(c.Fuse.Aggregator)
	if err != nil {
		return nil, err
	}
	return compose.Fuse(compose.Fusing{Panel: panel, Aggregator: aggregator, Layers: c.Fuse.Layers, Enough: c.Fuse.Enough}), nil
}

// panel returns who an ensemble asks together.
func (p *Plant) panel(c *config.Ensemble) (compose.Panel, error) {
	panel := compose.Panel{Samples: c.Samples, Temperature: c.Temperature, Concurrent: c.Concurrent, Deadline: c.Deadline,
		Quorum: c.Quorum, MaxCost: model.Money(math.Round(c.MaxCost * float64(model.Dollar))), Estimate: provider.EstimateTokens, Price: p.bill}
	for _, name := range c.Of() {
		m, err := p.part(name)
		if err != nil {
			return compose.Panel{}, err
		}
		panel.Members = append(panel.Members, compose.Panelist{Model: m, Name: name})
	}
	return panel, nil
}

func (p *Plant) vote(name string, c *config.Vote, panel compose.Panel, read func(*model.Request, *model.Response) (string, bool)) model.Model {
	voting := compose.Voting{Panel: panel, Read: read}
	if c.Weights == nil {
		voting.Teller = p.electorate(name, panel)
	}
	for i, weight := range c.Weights {
		panel.Members[i].Weight = weight
	}
	return compose.Vote(voting)
}

// Teacher returns the model that answers a task before it has a champion. Where that is a vote each of its members
// answers the task, repairs its answer and is read by itself, and the labels are voted on; else one that does not know
// structured output, say, would be lost to it.
func (p *Plant) Teacher(t *task.Task, name string) (model.Model, error) {
	m, err := p.part(name)
	if err != nil {
		return nil, fmt.Errorf("teacher: %w", err)
	}
	c := p.Config.Models[name].Ensemble
	if c == nil || c.Vote == nil {
		return t.Teacher(m), nil
	}
	panel, err := p.panel(c)
	if err != nil {
		return nil, fmt.Errorf("teacher: %w", err)
	}
	for i := range panel.Members {
		panel.Members[i].Model = t.Teacher(panel.Members[i].Model)
	}
	label := func(_ *model.Request, r *model.Response) (string, bool) { return t.Parse(r.Text()) }
	return t.Front(p.vote(name, c.Vote, panel, label)), nil
}
