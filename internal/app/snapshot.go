// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"retort/compose"
	"retort/dialect"
	"retort/internal/origin"
	"retort/internal/server"
	"retort/model"
)

// snapshot is what the server serves of a plant: every model and task, each recorded.
func (a *App) snapshot(p *plant, g *gateway) *server.Snapshot {
	recording := compose.Recording{}
	if !p.config.Capture.Content {
		recording.Content = func(*model.Request) bool { return false }
	}
	s := &server.Snapshot{Models: make(map[string]server.Model, len(p.models)+len(p.tasks)), Release: func() { g.retire(p) }}
	p.beginShadows(g.log, recording, a.audited)
	for name, m := range p.models {
		c := p.config.Models[name]
		served := server.Model{Counter: p.counter(name), Owner: c.Provider}
		served.Context, served.Can = origin.Known(p.config, name)
		if !c.Embeds {
			served.Model = compose.Record(m, g.log, recording)
		}
		if e := p.embedder(name); e != nil {
			served.Embedder = recordedEmbedder{e, g.log, recording}
		}
		s.Models[name] = served
	}
	for name, d := range p.tasks {
		s.Models[name] = server.Model{Model: compose.Record(d, g.log, recording), Can: []dialect.Ability{}}
	}
	return s
}
