// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"retort/compose"
	"retort/eval/judge"
	"retort/internal/store"
	"retort/model"
	"retort/provider"
	"retort/tune"
)

// ranked is a best_of that chooses by what was learned. Until something was, its models are asked in order until one answers:
// asking them all would cost more and choose nothing.
type ranked struct {
	name    string
	panel   compose.Panel
	inOrder model.Model
	now     atomic.Pointer[rankedBy] // nil: not tuned
}

// rankedBy is a tuning that was taken up.
type rankedBy struct {
	id    string
	model model.Model
}

func (p *plant) ranked(name string, panel compose.Panel) model.Model {
	r := &ranked{name: name, panel: panel}
	among := make([]compose.Alternative, len(panel.Members))
	for i, m := range panel.Members {
		among[i] = compose.Alternative{Model: m.Model, Name: m.Name, Context: p.holds(m.Name)}
	}
	r.inOrder = compose.FallbackAmong(among, provider.EstimateTokens)
	p.tunables[name] = r
	return r
}

// Generate answers with the answer that the ranker prefers.
func (r *ranked) Generate(ctx context.Context, req *model.Request, emit func(model.Part) error) (*model.Response, error) {
	if by := r.now.Load(); by != nil {
		return by.model.Generate(ctx, req, emit)
	}
	return r.inOrder.Generate(ctx, req, emit)
}

func (r *ranked) members() []string {
	names := make([]string, len(r.panel.Members))
	for i, m := range r.panel.Members {
		names[i] = m.Name
	}
	return names
}

// take takes up a ranker. The member that was best over all goes first, since the first wins among answers alike.
func (r *ranked) take(row *store.Tuning, file []byte) error {
	if row == nil {
		r.now.Store(nil)
		return nil
	}
	if row.Kind != tune.KindBestOf {
		return fmt.Errorf("it is for a %s, and %s is a best_of that ranks by what it learned", row.Kind, r.name)
	}
	ranker, err := judge.DecodeRanker(file)
	if err != nil {
		return err
	}
	panel := r.panel
	panel.Members = slices.Clone(r.panel.Members)
	for _, m := range panel.Members {
		if !slices.Contains(ranker.Models, m.Name) {
			return fmt.Errorf("it does not know %s, only %s; tune it anew", m.Name, strings.Join(ranker.Models, ", "))
		}
	}
	slices.SortStableFunc(panel.Members, func(a, b compose.Panelist) int {
		switch ranker.First {
		case b.Name:
			return 1
		case a.Name:
			return -1
		}
		return 0
	})
	r.now.Store(&rankedBy{row.ID, compose.BestOf(compose.Choosing{Panel: panel, Comparer: ranker, Named: true})})
	return nil
}

func (r *ranked) tuned() string {
	if by := r.now.Load(); by != nil {
		return by.id
	}
	return ""
}

// fitter returns what trains the ranker.
func (r *ranked) fitter() (tune.Fitter, []string) { return tune.BestOf{}, r.members() }
