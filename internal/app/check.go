// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import "retort/internal/config"

// Summary says what a valid configuration holds.
type Summary struct {
	Listen    string `json:"listen"`
	Data      string `json:"data"`
	Providers int    `json:"providers"`
	Models    int    `json:"models"`
	Tasks     int    `json:"tasks"`
}

// Check reads a configuration and builds all it describes, without serving it or opening its data folder.
func Check(path string, getenv func(string) (string, bool)) (Summary, error) {
	cfg, err := load(path, Options{Getenv: getenv})
	if err != nil {
		return Summary{}, err
	}
	p, err := newPlant(cfg)
	if err != nil {
		return Summary{}, err
	}
	p.close()
	return summary(cfg), nil
}

func summary(cfg *config.Config) Summary {
	return Summary{Listen: cfg.Listen, Data: cfg.Data, Providers: len(cfg.Providers), Models: len(cfg.Models), Tasks: len(cfg.Tasks)}
}
