// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"net/http"

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
	found.Check(s.ctx, s.Getenv, func(server *discover.Server) {
		if server.Works() {
			fmt.Fprintf(s.Stdout, "%s answers: %s in %s\n", server.Title, printable(server.Model), duration(server.Took))
			return
		}
		fmt.Fprintf(s.Stdout, "%s does not: %s\n", server.Title, printable(server.Err.Error()))
	})
	if err := found.Write(s.config, c.Force, s.Getenv); err != nil {
		return err
	}
	if len(found.Servers) == 0 {
		fmt.Fprintln(s.Stdout, "nothing was found; the file says what to fill in")
	}
	fmt.Fprintf(s.Stdout, "%[1]s is written; go on with:\n  %[2]s check -c %[1]s\n  %[2]s serve -c %[1]s\n", relative(s.config), program())
	return nil
}
