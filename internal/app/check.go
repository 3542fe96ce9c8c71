// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"

	"retort/internal/config"
	"retort/internal/store"
)

// Summary says what a valid configuration holds.
type Summary struct {
	Listen    string    `json:"listen"`
	Data      string    `json:"data"`
	Providers int       `json:"providers"`
	Models    int       `json:"models"`
	Tasks     int       `json:"tasks"`
	Untuned   []Untuned `json:"untuned"` // blends that learn from outcomes and have not yet
}

// Untuned is a blend whose weights nothing was learned for.
type Untuned struct {
	Blend string `json:"blend"`
	Kind  string `json:"kind"`
	Why   string `json:"why"`
}

// Check reads a configuration and builds all it describes, without serving it. Of its data folder, where there is one, it
// only reads which tunings are in use.
func Check(ctx context.Context, path string, getenv func(string) (string, bool)) (Summary, error) {
	cfg, err := load(path, Options{Getenv: getenv})
	if err != nil {
		return Summary{}, err
	}
	p, err := newPlant(cfg)
	if err != nil {
		return Summary{}, err
	}
	defer p.close()
	s := summary(cfg)
	s.Untuned, err = p.lacking(ctx)
	return s, err
}

// lacking has the blends take up their tunings, and returns those that go without.
func (p *plant) lacking(ctx context.Context) ([]Untuned, error) {
	out := []Untuned{}
	if len(p.tunables) == 0 {
		return out, nil
	}
	rows, err := store.PeekTunings(ctx, p.config.Data)
	if err != nil {
		return nil, err
	}
	inUse := byBlend(rows)
	for _, name := range p.tunableNames() {
		blend := p.tunables[name]
		fitter, _ := blend.fitter()
		u := Untuned{Blend: name, Kind: fitter.Kind(), Why: "nothing was learned for it yet"}
		if row := inUse[name]; row != nil {
			err := p.tuneOne(blend, row)
			if err == nil {
				continue
			}
			u.Why = "tuning " + row.ID + " cannot be used: " + err.Error()
		} else if optional(blend) {
			continue
		}
		out = append(out, u)
	}
	return out, nil
}

func summary(cfg *config.Config) Summary {
	return Summary{Listen: cfg.Listen, Data: cfg.Data, Providers: len(cfg.Providers), Models: len(cfg.Models), Tasks: len(cfg.Tasks)}
}
