// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"

	"retort/flow"
	"retort/internal/app"
)

// anewFlag is embedded by commands that are runs.
type anewFlag struct {
	Anew bool `help:"Begin anew where an earlier run of the same command was interrupted."`
}

// asRun does a command as a run, whose progress it shows. do hands on how, and ends the bar before it prints.
func (s *session) asRun(anew, quiet bool, do func(how app.Asked, bar *progress) error) error {
	bar := s.progress(quiet)
	var id string
	err := do(app.Asked{Anew: anew, Progress: bar.Step, Begun: func(run flow.Run, earlier bool) {
		id = run.ID
		switch {
		case !earlier:
		case run.State == flow.Done:
			fmt.Fprintf(s.Stderr, "note: run %s of this command, begun %s, was killed after its work; this is what it made; --anew begins anew\n", id, clock(run.Created))
		default:
			fmt.Fprintf(s.Stderr, "note: run %s of this command, begun %s, was interrupted and goes on; --anew begins anew\n", id, clock(run.Created))
		}
	}}, bar)
	bar.End()
	return interrupted(s, err, id)
}

// interrupted says how to go on with a run that this process has to leave.
func interrupted(s *session, err error, id string) error {
	if err == nil || id == "" || s.ctx.Err() == nil || !errors.Is(err, context.Canceled) {
		return err
	}
	return &hinted{err, fmt.Sprintf("what was done is kept; go on with the same command, or: %s runs resume %s%s", program(), id, s.configFlag())}
}
