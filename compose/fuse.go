// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package compose

import (
	"context"
	"crypto/rand"

	"retort/model"
)

// Fusing says who proposes and who writes.
type Fusing struct {
	Panel                  // the proposers
	Aggregator model.Model // writes the answer
	Layers     int         // rounds of proposals, each of which sees those of the round before; 0: 1
	Enough     int         // proposals after which no others of a round are waited for; 0: all that come
}

// Fuse returns a model that asks a panel for proposals and lets an aggregator write the answer.
//
//	models:
//	  fused: {ensemble: {fuse: {of: [a, b, c], aggregator: smart}}}
//	  layered: {ensemble: {fuse: {of: [a, b, c], aggregator: smart, layers: 2}}}
//
// The aggregator is asked what the caller asked, with the same tools, format and limits, and told the proposals at the
// end of the conversation. Its answer streams as it comes, and is the Response. (J. Wang and others, "Mixture-of-agents
// enhances large language model capabilities", 2024.)
//
// Proposals are data, whatever they say: each stands between marks that hold a keyed hash of them all, which nobody who
// wrote one can know, and the aggregator is told to follow nothing that stands there. Equal proposals get equal marks,
// so that caches keep working. The order of the proposals is shuffled by the request's trace, so that no member gains by
// its place, and comes out the same when the trace is replayed.
//
// Deadline holds for each layer of proposals, and MaxCost for the whole: what the aggregator costs on average is kept
// for it, and a layer for which nothing is left is left out. It takes a Quorum of proposals in each layer; an aggregator
// that fails is an error, for a Fallback around it.
func Fuse(f Fusing) model.Model {
	u := &fuse{fusing: f, panel: newPanel(f.Panel)}
	u.fusing.Layers = max(1, f.Layers)
	_, _ = rand.Read(u.secret[:]) // never fails
	return u
}

type fuse struct {
	fusing Fusing
	panel  *panel
	writes spending // what the aggregator costs
	secret [32]byte
}

// Generate collects proposals and lets the aggregator write.
func (f *fuse) Generate(ctx context.Context, req *model.Request, emit func(model.Part) error) (*model.Response, error) {
	spent := f.writes.expected()
	var proposals []string
	for layer := range f.fusing.Layers {
		if layer > 0 && f.panel.MaxCost > 0 && spent >= f.panel.MaxCost {
			break
		}
		ask, err := f.prompt(req, proposals, propose)
		if err != nil {
			return nil, err
		}
		if proposals, spent, err = f.propose(ctx, ask, spent); err != nil {
			return nil, err
		}
	}
	ask, err := f.prompt(req, proposals, conclude)
	if err != nil {
		return nil, err
	}
	return f.write(ctx, ask, emit)
}

// propose asks the panel once and returns what it proposes, and what was spent.
func (f *fuse) propose(ctx context.Context, req *model.Request, spent model.Money) ([]string, model.Money, error) {
	s, err := f.panel.begin(ctx, req, "collect proposals", model.ForProposal, spent)
	if err != nil {
		return nil, 0, err
	}
	defer s.close()
	texts := make([]string, len(s.voices))
	err = s.gather(ctx, func(v *voice) bool {
		if v.err == nil {
			texts[v.number] = proposal(v.resp)
		}
		if v.usable = texts[v.number] != ""; v.usable {
			s.usable++
		}
		return f.fusing.Enough > 0 && s.usable >= max(f.fusing.Enough, f.panel.Quorum)
	})
	if err == nil {
		err = s.short()
	}
	s.settle(nil, func(v *voice) bool { return v.usable })
	if err != nil {
		return nil, 0, err
	}
	var proposals []string
	for _, i := range shuffled(req, len(texts)) {
		if texts[i] != "" {
			proposals = append(proposals, texts[i])
		}
	}
	return proposals, s.spent, nil
}

// write asks the aggregator.
func (f *fuse) write(ctx context.Context, req *model.Request, emit func(model.Part) error) (*model.Response, error) {
	trail := model.TrailOf(ctx)
	_, before := trail.Total()
	resp, err := f.fusing.Aggregator.Generate(ctx, req, emit)
	if err == nil {
		_, after := trail.Total()
		f.writes.add(max(after-before, resp.Cost)) // without a trail there is only the answer's own cost
	}
	return resp, err
}
