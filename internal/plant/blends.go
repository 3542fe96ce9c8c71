// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package plant

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"retort/compose"
	"retort/internal/config"
	"retort/model"
	"retort/provider"
)

// blend returns the model that a configuration makes of others, or nil when it is of another kind.
func (p *Plant) blend(name string, c *config.Model) (model.Model, error) {
	switch {
	case len(c.Fallback) > 0:
		return p.fallback(c.Fallback)
	case c.Balance != nil:
		return p.balance(c.Balance)
	case c.Hedge != nil:
		return p.hedge(c.Hedge)
	case c.Split != nil:
		return p.split(name, c.Split)
	case c.Route != nil:
		return p.route(name, c.Route)
	case c.Ensemble != nil:
		return p.ensemble(name, c.Ensemble)
	case c.Shadow != nil:
		return p.shadow(name, c.Shadow)
	}
	return nil, nil
}

func (p *Plant) fallback(list []config.Alternative) (model.Model, error) {
	among := make([]compose.Alternative, len(list))
	for i, a := range list {
		m, err := p.part(a.Model)
		if err != nil {
			return nil, err
		}
		among[i] = compose.Alternative{Model: m, Name: a.Model, Context: p.holds(a.Model)}
		for _, name := range a.On {
			if kind, ok := config.KindOf(name); ok {
				among[i].On = append(among[i].On, kind)
			}
		}
	}
	return compose.FallbackAmong(among, provider.EstimateTokens), nil
}

func (p *Plant) balance(c *config.Balance) (model.Model, error) {
	members := make([]compose.Member, len(c.Among))
	for i, member := range c.Among {
		m, err := p.part(member.Model)
		if err != nil {
			return nil, err
		}
		members[i] = compose.Member{Model: m, Name: member.Model, Concurrent: member.Concurrent, Rate: member.PerSecond, Burst: member.Burst}
		if c.Weights != nil {
			members[i].Weight = c.Weights[i]
		}
	}
	return compose.Balance(members, compose.Balancing{By: compose.Measure(c.By), Sticky: compose.Unit(c.Sticky), CoolDown: c.CoolDown}), nil
}

func (p *Plant) hedge(c *config.Hedge) (model.Model, error) {
	first, err := p.part(c.Model)
	if err != nil {
		return nil, err
	}
	second, err := p.part(cmp.Or(c.With, c.Model))
	if err != nil {
		return nil, err
	}
	after, quantile, err := c.Late()
	if err != nil {
		return nil, fmt.Errorf("hedge.after: %w", err)
	}
	return compose.Hedge(first, compose.Hedging{With: second, After: after, Quantile: quantile, AtMost: c.AtMost,
		Estimate: provider.EstimateTokens, Price: p.bill}), nil
}

// bill returns what an upstream's model, by its name in answers and traces, charges for a usage; 0 where no price is given.
func (p *Plant) bill(name string, usage model.Usage) model.Money { return p.prices[name].Cost(usage) }

// addPrices notes what upstreams charge, by the names of their models in answers and traces. Of several prices for one
// model that of the first name counts.
func (p *Plant) addPrices() {
	for _, name := range slices.Sorted(maps.Keys(p.Config.Models)) {
		c := p.Config.Models[name]
		concrete := c.Provider + "/" + cmp.Or(c.Name, name)
		if _, known := p.prices[concrete]; c.Provider != "" && !known {
			p.prices[concrete] = model.Price(c.Price)
		}
	}
}

func (p *Plant) split(name string, c *config.Split) (model.Model, error) {
	arms := make([]compose.Arm, 0, len(c.Arms))
	for _, arm := range slices.Sorted(maps.Keys(c.Arms)) {
		m, err := p.part(arm)
		if err != nil {
			return nil, err
		}
		arms = append(arms, compose.Arm{Model: m, Weight: c.Arms[arm], Name: arm})
	}
	p.Splits[name] = compose.Split(arms, compose.Splitting{Name: name, By: compose.Unit(c.By), Salt: cmp.Or(c.Salt, name)})
	return p.Splits[name], nil
}

// holds returns how many tokens a model can hold, or one of those that may answer for it; 0: unknown. A task asks its
// teacher something else than it was asked.
func (p *Plant) holds(name string) int {
	c, ok := p.Config.Models[name]
	if !ok {
		return 0
	}
	if c.Provider != "" {
		return c.Context
	}
	most := 0
	for _, ref := range c.Refs() {
		context := p.holds(ref)
		if context == 0 {
			return 0
		}
		most = max(most, context)
	}
	return most
}
