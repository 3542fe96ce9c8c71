// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package cli

import (
	"cmp"
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/alecthomas/kong"
)

// version is what a packager calls a build: go build -ldflags "-X retort/internal/cli.version=1.2.3". Empty: the build says what it is.
var version string

// versionFlag makes --version do what the command version does.
type versionFlag bool

// BeforeReset runs when the flag is met, before a missing command is complained about.
func (versionFlag) BeforeReset(k *kong.Kong) error {
	fmt.Fprintln(k.Stdout, "retort", thisBuild())
	k.Exit(exitDone)
	return nil
}

type versionCmd struct{ jsonFlag }

func (c *versionCmd) Run(s *session) error {
	b := thisBuild()
	if c.JSON {
		return s.json(b)
	}
	fmt.Fprintln(s.Stdout, "retort", b)
	return nil
}

// unnamed is the version of a build that has none.
const unnamed = "devel"

// build is what is known of where a program comes from.
type build struct {
	Version  string `json:"version"`  // by the packager, else of the module; "devel": neither is known
	Revision string `json:"revision"` // of the checkout that it was built in; empty: in none, or go was told not to look
	Time     string `json:"time"`     // of that revision
	Modified bool   `json:"modified"` // the checkout had changes beside the revision
}

func thisBuild() *build {
	info, _ := debug.ReadBuildInfo()
	return newBuild(version, info)
}

// newBuild reads what a build says of itself; info may be nil.
func newBuild(named string, info *debug.BuildInfo) *build {
	b := &build{Version: named}
	if info != nil {
		for _, setting := range info.Settings {
			switch setting.Key {
			case "vcs.revision":
				b.Revision = setting.Value
			case "vcs.time":
				b.Time = setting.Value
			case "vcs.modified":
				b.Modified = setting.Value == "true"
			}
		}
		if v := info.Main.Version; v != "(devel)" {
			b.Version = cmp.Or(b.Version, v)
		}
	}
	b.Version = cmp.Or(b.Version, unnamed)
	return b
}

// String is the version and where it comes from. A version that go made up from the revision is left out, since that follows.
func (b *build) String() string {
	if b.Revision == "" {
		return b.Version
	}
	short := b.Revision[:min(12, len(b.Revision))]
	day, _, _ := strings.Cut(b.Time, "T")
	from := []string{short}
	if day != "" {
		from = append(from, day)
	}
	if b.Modified {
		from = append(from, "modified")
	}
	if b.Version == unnamed || strings.Contains(b.Version, short) {
		return strings.Join(from, ", ")
	}
	return fmt.Sprintf("%s (%s)", b.Version, strings.Join(from, ", "))
}
