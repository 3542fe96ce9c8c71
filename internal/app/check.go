// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"

	"retort/internal/config"
	"retort/internal/plant"
	"retort/internal/store"
)

// Summary says what a valid configuration holds.
type Summary struct {
	Listen    string       `json:"listen"`
	Data      string       `json:"data"`
	Providers int          `json:"providers"`
	Models    int          `json:"models"`
	Tasks     int          `json:"tasks"`
	Lacking   []plant.Lack `json:"lacking"` // blends and tasks that wait for something to be learned
}

// Check reads a configuration and builds all it describes, without serving it. Of its data folder, where there is one, it
// only reads which tunings and students are in use.
func Check(ctx context.Context, path string, getenv func(string) (string, bool)) (Summary, error) {
	cfg, err := load(path, Options{Getenv: getenv})
	if err != nil {
		return Summary{}, err
	}
	p, err := plant.New(cfg, nil)
	if err != nil {
		return Summary{}, err
	}
	defer p.Close()
	found, err := store.Peek(ctx, cfg.Data)
	if err != nil {
		return Summary{}, err
	}
	wear(p, found)
	s := summary(cfg)
	s.Lacking = p.Lacking()
	return s, nil
}

func summary(cfg *config.Config) Summary {
	return Summary{Listen: cfg.Listen, Data: cfg.Data, Providers: len(cfg.Providers), Models: len(cfg.Models), Tasks: len(cfg.Tasks)}
}
