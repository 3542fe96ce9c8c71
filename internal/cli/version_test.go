// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package cli

import (
	"runtime/debug"
	"testing"
)

func TestVersionOfBuilds(t *testing.T) {
	const revision = "f2a7549fc5dc81a3ae15c831f89ede95091821be"
	info := func(version string, settings ...string) *debug.BuildInfo {
		i := &debug.BuildInfo{Main: debug.Module{Version: version}}
		for n := 0; n < len(settings); n += 2 {
			i.Settings = append(i.Settings, debug.BuildSetting{Key: settings[n], Value: settings[n+1]})
		}
		return i
	}
	checkout := []string{"vcs", "git", "vcs.revision", revision, "vcs.time", "2026-11-30T02:22:56Z", "vcs.modified", "false"}
	modified := append(append([]string{}, checkout[:7]...), "true")
	for name, c := range map[string]struct {
		named string
		info  *debug.BuildInfo
		want  string
	}{
		"nothing is known":       {"", nil, "devel"},
		"go run":                 {"", info("(devel)"), "devel"},
		"go install of a module": {"", info("v1.2.3"), "v1.2.3"},
		"a checkout":             {"", info("v0.0.0-20261130022256-f2a7549fc5dc", checkout...), "f2a7549fc5dc, 2026-11-30"},
		"a changed checkout":     {"", info("v0.0.0-20261130022256-f2a7549fc5dc+dirty", modified...), "f2a7549fc5dc, 2026-11-30, modified"},
		"no version of a module": {"", info("(devel)", checkout...), "f2a7549fc5dc, 2026-11-30"},
		"a checkout of a tag":    {"", info("v1.2.3", checkout...), "v1.2.3 (f2a7549fc5dc, 2026-11-30)"},
		"a packager":             {"1.2.3-4", info("(devel)"), "1.2.3-4"},
		"one in a checkout":      {"1.2.3-4", info("v0.0.0-20261130022256-f2a7549fc5dc", modified...), "1.2.3-4 (f2a7549fc5dc, 2026-11-30, modified)"},
		"another that is short":  {"", info("(devel)", "vcs.revision", "12"), "12"},
	} {
		if got := newBuild(c.named, c.info).String(); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}
