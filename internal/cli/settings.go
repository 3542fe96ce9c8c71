// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"

	"retort/internal/config"
)

type settingsCmd struct {
	Print  settingsPrintCmd  `cmd:"" help:"Print the configuration with all defaults; secrets stay references."`
	Schema settingsSchemaCmd `cmd:"" help:"Print the JSON Schema of the configuration, for editors."`
}

type settingsPrintCmd struct{}

func (c *settingsPrintCmd) Run(s *session) error {
	cfg, err := config.Load(s.config)
	if err != nil {
		return err
	}
	text, err := cfg.Canonical()
	if err != nil {
		return err
	}
	_, err = s.Stdout.Write(text)
	return err
}

type settingsSchemaCmd struct{}

func (c *settingsSchemaCmd) Run(s *session) error {
	_, err := fmt.Fprintf(s.Stdout, "%s\n", config.Schema())
	return err
}
