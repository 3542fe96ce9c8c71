// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package plant

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync/atomic"

	"retort/compose"
	"retort/dialect"
	"retort/internal/config"
	"retort/internal/origin"
	"retort/model"
	"retort/provider"
	"retort/router"
	"retort/router/live"
	"retort/tune"
)

// learned is a route that chooses by what was learned about its models.
type learned struct {
	name    string
	by      *config.Route
	credit  *origin.Credit
	decider *live.Decider
	stays   *live.Stays // nil: conversations do not matter
	can     [][]dialect.Ability

	strongest string // answers while nothing is learned

	chosen            []atomic.Int64 // by place
	explored, remains atomic.Int64
}

// conversations is how many of them a route remembers, at some hundred bytes each.
const conversations = 50_000

// routeByLearning returns a route among models that are asked by what was learned about them.
func (p *Plant) routeByLearning(name string, c *config.Route) (model.Model, error) {
	r := &learned{name: name, by: c, credit: origin.CreditOf(p.Config, name, c.Among), chosen: make([]atomic.Int64, len(c.Among))}
	how := live.Options{Models: c.Among, Explore: c.Exploration()}
	among := make([]compose.Alternative, len(c.Among))
	for i, of := range c.Among {
		m, err := p.part(of)
		if err != nil {
			return nil, err
		}
		among[i] = compose.Alternative{Model: m, Name: of, Context: p.holds(of)}
		_, can := origin.Known(p.Config, of)
		r.can = append(r.can, can)
		how.Prices = append(how.Prices, model.Price(p.Config.Models[of].Price))
	}
	how.Strongest = p.strongest(c)
	r.strongest = c.Among[how.Strongest]
	r.decider = live.New(how)
	if c.Sticky != config.StickyNone {
		stays, err := live.NewStays(conversations)
		if err != nil {
			return nil, err
		}
		r.stays = stays
	}
	p.Tunables[name] = r
	return compose.Route(among, r, compose.Routing{Name: name, Estimate: provider.EstimateTokens}), nil
}

// strongest returns the place of the model that answers while nothing is known: the one that the configuration names, else
// the dearest, the last of several.
func (p *Plant) strongest(c *config.Route) int {
	if c.Strongest != "" {
		return slices.Index(c.Among, c.Strongest)
	}
	at, most := 0, -1.0
	for i, name := range c.Among {
		if price := p.dearest(name); price >= most {
			at, most = i, price
		}
	}
	return at
}

// dearest returns the highest price of a token that a model, or one of its parts, asks.
func (p *Plant) dearest(name string) float64 {
	c := p.Config.Models[name]
	most := c.Price.Input + c.Price.Output
	for _, part := range c.Refs() {
		most = max(most, p.dearest(part))
	}
	if t, ok := p.Config.Tasks[name]; ok {
		most = max(most, p.dearest(t.Teacher.Lead()))
	}
	return most
}

// Choose decides who answers.
func (r *learned) Choose(_ context.Context, req *model.Request) (compose.Choice, error) {
	content, err := req.Content()
	if err != nil {
		return compose.Choice{}, err
	}
	q := live.Question{Query: router.QueryOf(content)}
	q.Unfit = r.unfit(&q.Query)
	var talk uint64
	said := false
	if r.stays != nil {
		if talk, said, err = compose.UnitConversation.Hash(r.name+"\x00"+req.Tenant, req); err != nil {
			return compose.Choice{}, err
		}
		if said && q.Query.Turns > 1 {
			q.Stay = r.stays.Of(talk)
		}
	}
	d := r.decider.Decide(&q)
	r.count(&d)
	choice := compose.Choice{Order: d.Order, Why: r.why(&d)}
	if said {
		choice.Answered = func(place int, resp *model.Response) { r.stays.Note(talk, place, resp.Usage) }
	}
	return choice, nil
}

func (r *learned) count(d *live.Decision) {
	r.chosen[d.Order[0]].Add(1)
	if d.Explored {
		r.explored.Add(1)
	}
	if d.Stayed {
		r.remains.Add(1)
	}
}

// unfit says which models cannot do what a request asks, as far as the configuration says what they can; nil: all can.
func (r *learned) unfit(q *router.Query) []bool {
	if q.Images == 0 && q.Tools == 0 {
		return nil
	}
	var out []bool
	for i, can := range r.can {
		lacks := can != nil && (q.Images > 0 && !slices.Contains(can, dialect.CanSee) || q.Tools > 0 && !slices.Contains(can, dialect.CanTools))
		if lacks && out == nil {
			out = make([]bool, len(r.can))
		}
		if lacks {
			out[i] = true
		}
	}
	return out
}

// why says what was expected of each model.
func (r *learned) why(d *live.Decision) string {
	if d.Estimates == nil {
		switch {
		case d.Explored:
			return "not tuned yet; drawn to learn"
		case d.Stayed:
			return "not tuned yet; the conversation stays"
		}
		return "not tuned yet"
	}
	var room [160]byte
	b := append(room[:0], "expected "...)
	for i, place := range d.Order {
		if i > 0 {
			b = append(b, ", "...)
		}
		e := d.Estimates[place]
		b = append(append(b, r.by.Among[place]...), ' ')
		b = strconv.AppendFloat(b, e.Quality, 'f', 2, 64)
		b = model.AppendDollars(append(b, " for $"...), e.Cost)
	}
	switch {
	case d.Explored:
		b = append(b, "; drawn to learn"...)
	case d.Stayed:
		b = append(b, "; the conversation stays"...)
	case d.Kept > 0:
		b = append(b, "; the others are not better by "...)
		b = strconv.AppendFloat(b, d.Kept, 'g', 2, 64)
	}
	return string(b)
}

// Take takes up a tuning.
func (r *learned) Take(t *Tuning) error {
	if t == nil {
		return r.decider.Tune(nil)
	}
	if t.Kind != tune.KindRoute {
		return fmt.Errorf("it is for a %s, and %s is a route", t.Kind, r.name)
	}
	made, err := tune.DecodeRoute(bytes.NewReader(t.File))
	if err != nil {
		return err
	}
	return r.decider.Tune(&live.Tuning{ID: t.ID, Router: made.Router, Policy: made.Policy})
}

// Tuned returns the id of the tuning that was taken up.
func (r *learned) Tuned() string { return r.decider.Tuned() }

// Fitter returns what fits a router to the route's target.
func (r *learned) Fitter() (tune.Fitter, []string) {
	want := router.Target{Quality: float64(r.by.Quality), Cost: r.by.Cost}
	if r.by.Quality == config.BestQuality {
		want = router.Target{Best: true}
	}
	return tune.Route{Target: want}, r.by.Among
}

// Heed learns from what was said of an answer that a trace holds, if one of the models gave it: reward from 0 to 1. before is
// the reward that was said of it earlier and no longer counts; nil: nothing was.
func (r *learned) Heed(trace *model.Trace, content *model.Content, reward float64, before *float64) {
	place := r.credit.Of(trace)
	if place < 0 {
		return
	}
	expected, domain := router.Estimate{Quality: -1}, -1 // not known
	if content != nil {
		q := router.QueryOf(content)
		if all, of := r.decider.Estimate(&q); all != nil {
			expected, domain = all[place], of
		}
	}
	if before != nil {
		r.decider.Revise(place, domain, expected, *before, reward)
		return
	}
	r.decider.Learn(place, domain, expected, reward)
}

// Scale returns how ratings are read.
func (r *learned) Scale() *config.Ratings { return r.by.Ratings }

// Learned returns what feedback taught.
func (r *learned) Learned() []live.Learned { return r.decider.Learned() }

// Meanwhile says who is asked while nothing is learned.
func (r *learned) Meanwhile() string {
	if r.by.Exploration() > 0 {
		return r.strongest + " answers all but what is drawn to explore"
	}
	return r.strongest + " answers all"
}
