// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"slices"

	"retort/compose"
	"retort/dialect"
	"retort/internal/config"
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
	for _, d := range p.tasks {
		d.told = a.audited
	}
	p.beginShadows(g.log, recording)
	for name, m := range p.models {
		c := p.config.Models[name]
		served := server.Model{Counter: p.counter(name), Owner: c.Provider}
		served.Context, served.Can = known(p.config, name)
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

// known returns how many tokens fit into a model and what it can do, as far as the configuration says so: 0 and nil where
// it does not. What is made of several is as good as the least of them; tasks take text and answer with text.
func known(c *config.Config, name string) (context int, can []dialect.Ability) {
	if _, ok := c.Tasks[name]; ok {
		return 0, []dialect.Ability{}
	}
	m := c.Models[name]
	refs := m.Refs()
	if len(refs) == 0 {
		if m.Abilities == nil {
			return m.Context, nil
		}
		can = make([]dialect.Ability, len(m.Abilities))
		for i, a := range m.Abilities {
			can[i] = dialect.Ability(a)
		}
		return m.Context, can
	}
	context, can = known(c, refs[0])
	for _, ref := range refs[1:] {
		more, able := known(c, ref)
		context = min(context, more) // one that is not known makes the whole unknown
		switch {
		case can == nil:
			can = able
		case able != nil:
			can = slices.DeleteFunc(can, func(a dialect.Ability) bool { return !slices.Contains(able, a) })
		}
	}
	return context, can
}
