// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"

	"retort/compose"
	"retort/dialect"
	"retort/internal/origin"
	"retort/internal/plant"
	"retort/internal/server"
	"retort/model"
)

// snapshot is what the server serves of a plant: every model and task, each recorded.
func (a *App) snapshot(p *plant.Plant, g *gateway) *server.Snapshot {
	recording := compose.Recording{}
	if !p.Config.Capture.Content {
		recording.Content = func(*model.Request) bool { return false }
	}
	s := &server.Snapshot{Models: make(map[string]server.Model, len(p.Config.Models)+len(p.Desks)), Release: func() { g.retire(p) }}
	p.Begin(g.log, recording, a.audited)
	for name, c := range p.Config.Models {
		served := server.Model{Counter: p.Counter(name), Owner: c.Provider}
		served.Context, served.Can = origin.Known(p.Config, name)
		if m, err := p.Model(name); err == nil { // else it makes vectors alone
			served.Model = compose.Record(m, g.log, recording)
		}
		if e := p.Embedder(name); e != nil {
			served.Embedder = recordedEmbedder{e, g.log, recording}
		}
		s.Models[name] = served
	}
	for name, d := range p.Desks {
		s.Models[name] = server.Model{Model: compose.Record(d, g.log, recording), Can: []dialect.Ability{}}
	}
	return s
}

// recordedEmbedder records what an embedder is asked, as models are recorded. The vectors are not kept: they can be had
// again, and a trace has no place for them.
type recordedEmbedder struct {
	of       model.Embedder
	recorder compose.Recorder
	how      compose.Recording
}

// Embed asks the embedder and records what came of it.
func (r recordedEmbedder) Embed(ctx context.Context, req *model.EmbedRequest) (*model.Embeddings, error) {
	var out *model.Embeddings
	ask := model.Func(func(ctx context.Context, _ *model.Request, _ func(model.Part) error) (*model.Response, error) {
		e, err := r.of.Embed(ctx, req)
		if err != nil {
			return nil, err
		}
		out = e
		return &model.Response{Model: e.Model, Usage: e.Usage, Cost: e.Cost}, nil
	})
	asked := &model.Request{Model: req.Model, Strict: req.Strict, Tenant: req.Tenant, Key: req.Key, Trace: req.Trace, Wire: req.Wire}
	if _, err := compose.Record(ask, r.recorder, r.how).Generate(ctx, asked, model.Discard); err != nil {
		return nil, err
	}
	return out, nil
}
