// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"

	"retort/internal/config"
	"retort/internal/plant"
	"retort/internal/store"
	"retort/model"
)

// heeders returns those of the named blends that learn from feedback.
func heeders(p *plant.Plant, names []string) map[string]plant.Heeder {
	found := map[string]plant.Heeder{}
	for _, name := range names {
		if h, ok := p.Tunables[name].(plant.Heeder); ok {
			found[name] = h
		}
	}
	return found
}

// recalled is how much feedback a blend learns from when it begins anew.
const recalled = 2000

// recall has the named blends of a plant, which have forgotten all, learn from the latest feedback in the store, the earliest
// first. What cannot be read is left out: it is one opinion of many.
func (a *App) recall(ctx context.Context, p *plant.Plant, names []string) {
	among := heeders(p, names)
	if len(among) == 0 {
		return
	}
	rows, err := a.store.LatestFeedback(ctx, model.DefaultTenant, recalled)
	if err != nil {
		a.log.Error("feedback cannot be read; routes begin without what it taught", "error", err)
		return
	}
	for i := len(rows) - 1; i >= 0 && ctx.Err() == nil; i-- {
		a.heed(ctx, among, &rows[i], nil)
	}
}

// heed has those of the blends that are behind an answer learn from what was said of it, instead of what had been said
// before, if anything.
func (a *App) heed(ctx context.Context, among map[string]plant.Heeder, said, before *store.Rated) {
	trace, err := a.store.Trace(ctx, model.DefaultTenant, said.Trace)
	if err != nil || trace.Response == nil {
		return
	}
	content, err := TraceContent(trace)
	if err != nil {
		content = nil // what was asked is not known
	}
	heard := map[string]bool{}
	for _, pick := range trace.Picks {
		blend, ok := among[pick.Blend]
		if !ok || heard[pick.Blend] {
			continue
		}
		heard[pick.Blend] = true
		text, scale := trace.Response.Text(), blend.Scale()
		var earlier *float64
		if before != nil {
			earlier = new(rewardOf(before, text, scale))
		}
		blend.Heed(trace, content, rewardOf(said, text, scale), earlier)
	}
}

// rewardOf returns how good an answer was by what was said of it, from 0 to 1: an answer that was corrected to something else is
// useless.
func rewardOf(said *store.Rated, answer string, scale *config.Ratings) float64 {
	if said.Correction != nil {
		if *said.Correction == answer {
			return 1
		}
		return 0
	}
	return scale.Reward(*said.Rating)
}

// heedNow has the blends that serve learn from feedback that was just kept.
func (a *App) heedNow(ctx context.Context, given *store.Feedback) {
	p := a.plant.Load()
	among := heeders(p, tunables(p))
	if len(among) == 0 || given.Rating == nil && given.Correction == nil {
		return
	}
	rows, err := a.store.Feedback(ctx, model.DefaultTenant, given.Trace)
	if err != nil {
		return // a restart recalls it
	}
	var said []*store.Rated // the last one was just kept
	for _, f := range rows {
		if f.Rating != nil || f.Correction != nil {
			said = append(said, &store.Rated{Trace: f.Trace, Rating: f.Rating, Correction: f.Correction})
		}
	}
	switch n := len(said); {
	case n == 1:
		a.heed(ctx, among, said[0], nil)
	case n > 1:
		a.heed(ctx, among, said[n-1], said[n-2])
	}
}
