// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/alecthomas/kong"

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

// versionFlag makes --version do what the command version does.
type versionFlag bool

// BeforeReset runs when the flag is met, before a missing command is complained about.
func (versionFlag) BeforeReset(k *kong.Kong) error {
	version, _ := buildVersion()
	fmt.Fprintln(k.Stdout, "retort", version)
	k.Exit(exitDone)
	return nil
}

type versionCmd struct{ jsonFlag }

func (c *versionCmd) Run(s *session) error {
	version, revision := buildVersion()
	if c.JSON {
		return s.json(map[string]string{"version": version, "revision": revision})
	}
	fmt.Fprintln(s.Stdout, strings.TrimSpace("retort "+version+" "+revision))
	return nil
}

// buildVersion is what the build says of itself.
func buildVersion() (version, revision string) {
	version = "devel"
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return version, ""
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		version = v
	}
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" {
			revision = setting.Value
		}
	}
	return version, revision
}
