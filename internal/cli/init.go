// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"net/http"
	"strings"

	"retort/internal/discover"
)

type initCmd struct {
	Force bool `help:"Replace a configuration file that is there already."`
}

func (c *initCmd) Run(s *session) error {
	if err := discover.Free(s.config, c.Force); err != nil {
		return err
	}
	fmt.Fprintln(s.Stderr, "looking for API keys in the environment and for servers on this machine …")
	found := discover.Find(s.ctx, s.Getenv, http.DefaultClient)
	found.Check(s.ctx, s.Getenv, s.tell)
	if err := found.Write(s.config, c.Force, s.Getenv); err != nil {
		return err
	}
	s.written(found)
	return nil
}

// tell says what came of asking a server.
func (s *session) tell(server *discover.Server) {
	if server.Works() {
		fmt.Fprintf(s.Stdout, "%s answers: %s in %s\n", server.Title, printable(server.Model), duration(server.Took))
		return
	}
	fmt.Fprintf(s.Stdout, "%s: %s\n", server.Title, strings.ReplaceAll(printableLines(server.Trouble()), "\n", "\n  "))
}

// written says what else was found, and how to go on with the file that was made of it.
func (s *session) written(found *discover.Findings) {
	for _, half := range found.Halves {
		fmt.Fprintln(s.Stdout, printable(half))
	}
	if len(found.Servers) == 0 {
		fmt.Fprintln(s.Stdout, "nothing was found; the file says what to fill in")
	}
	if found.Works() {
		fmt.Fprintf(s.Stdout, "%[1]s is written; go on with:\n  %[2]s check -c %[1]s\n  %[2]s serve -c %[1]s\n", relative(s.config), program())
		return
	}
	fmt.Fprintf(s.Stdout, "%[1]s is written, and nothing in it answers yet: fill it in, then go on with:\n  %[2]s check -c %[1]s\n", relative(s.config), program())
}
