// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"strconv"
	"strings"

	"retort/internal/app"
)

type modelsCmd struct {
	jsonFlag
	Capabilities bool `help:"Show what becomes of each feature in each dialect instead."`
}

func (c *modelsCmd) Run(s *session) error {
	if c.Capabilities {
		return c.capabilities(s)
	}
	models, err := app.Models(s.config, s.Getenv)
	if err != nil {
		return err
	}
	if c.JSON {
		return s.json(models)
	}
	if len(models) == 0 {
		fmt.Fprintln(s.Stderr, "no models; add some to the section models: of the configuration")
		return nil
	}
	var rows [][]string
	for i := range models {
		rows = append(rows, modelRow(&models[i]))
	}
	return s.table(columns("MODEL", "KIND", "PROVIDER", "NAME THERE", "DIALECT", ">INPUT", ">OUTPUT", ">CONTEXT", "MADE OF"), rows)
}

func modelRow(m *app.ModelInfo) []string {
	kind := m.Kind
	if m.Embeds {
		kind = "embeddings"
	}
	row := []string{m.Name, kind, m.Provider, m.Upstream, m.Dialect, "", "", "", strings.Join(m.Of, ", ")}
	if m.Price != nil {
		row[5], row[6] = fmt.Sprintf("$%.2f", m.Price.Input), fmt.Sprintf("$%.2f", m.Price.Output)
	}
	if m.Context > 0 {
		row[7] = strconv.Itoa(m.Context)
	}
	return row
}

// capabilities prints the table of dialects and features.
func (c *modelsCmd) capabilities(s *session) error {
	names, table := app.Capabilities()
	if c.JSON {
		return s.json(map[string]any{"dialects": names, "features": table})
	}
	header := []string{"FEATURE"}
	for _, name := range names {
		header = append(header, strings.ToUpper(name))
	}
	var rows [][]string
	for _, answers := range []bool{false, true} {
		if answers {
			rows = append(rows, make([]string, len(header)+1))
		}
		for _, f := range table {
			if f.Answer != answers {
				continue
			}
			row := []string{f.Feature}
			for _, name := range names {
				row = append(row, f.Levels[name])
			}
			rows = append(rows, append(row, f.Doc))
		}
	}
	return s.table(columns(append(header, "")...), rows)
}
