// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"retort/flow"
	"retort/internal/app"
)

type runsCmd struct {
	List   runsListCmd   `cmd:"" help:"List runs, latest first."`
	Show   runsShowCmd   `cmd:"" help:"Show a run and its steps."`
	Cancel runsCancelCmd `cmd:"" help:"End a run, whichever process works on it; what its steps did is kept."`
	Resume runsResumeCmd `cmd:"" help:"Go on with a run that was interrupted, was cancelled or failed."`
}

type runsListCmd struct {
	jsonFlag
}

func (c *runsListCmd) Run(s *session) error {
	return s.opened(func(a *app.App) error {
		runs, err := a.Runs(s.ctx)
		if err != nil {
			return err
		}
		if c.JSON {
			return s.json(append([]flow.Run{}, runs...))
		}
		if len(runs) == 0 {
			fmt.Fprintln(s.Stderr, "no runs yet; retort distill makes one")
			return nil
		}
		var rows [][]string
		for i := range runs {
			r := &runs[i]
			rows = append(rows, []string{r.ID, string(r.State), r.Title, clock(r.Created), clock(r.Updated)})
		}
		return s.table(columns("ID", "STATE", "WORK", "BEGUN", "CHANGED"), rows)
	})
}

type runsShowCmd struct {
	jsonFlag
	ID string `arg:"" help:"The run's id, or the start of it."`
}

func (c *runsShowCmd) Run(s *session) error {
	return s.opened(func(a *app.App) error {
		run, err := a.Run(s.ctx, c.ID)
		if err != nil {
			return err
		}
		if c.JSON {
			return s.json(run)
		}
		c.print(s, run)
		if err := c.steps(s, run); err != nil {
			return err
		}
		if run.State == flow.Interrupted || run.State == flow.Cancelled {
			fmt.Fprintf(s.Stdout, "\ngo on with:  %s runs resume %s%s\n", program(), run.ID, s.configFlag())
		}
		return nil
	})
}

func (c *runsShowCmd) print(s *session, run *app.Run) {
	state := string(run.State)
	if run.Process > 0 {
		state = fmt.Sprintf("%s in process %d", state, run.Process)
	}
	s.line("run", run.ID+", "+state)
	s.line("work", run.Title)
	s.line("begun", clock(run.Created))
	if !run.Ended.IsZero() {
		s.line("ended", clock(run.Ended))
	}
	s.line("error", run.Error)
	s.line("forked from", run.From)
}

// steps prints the journal; steps of one name that follow each other are one line.
func (c *runsShowCmd) steps(s *session, run *app.Run) error {
	var rows [][]string
	for i := 0; i < len(run.Steps); {
		first, n, took, failed := &run.Steps[i], 0, time.Duration(0), ""
		for ; i < len(run.Steps) && run.Steps[i].Name == first.Name; i++ {
			took += run.Steps[i].Ended.Sub(run.Steps[i].Started)
			if failed == "" {
				failed = run.Steps[i].Error
			}
			n++
		}
		number := fmt.Sprint(first.Step)
		if n > 1 {
			number = fmt.Sprintf("%d–%d", first.Step, first.Step+n-1)
		}
		rows = append(rows, []string{number, first.Name, duration(took), clip(failed, 80)})
	}
	if len(rows) == 0 {
		s.line("steps", "none has ended yet")
		return nil
	}
	fmt.Fprintln(s.Stdout)
	return s.table(columns(">STEP", "NAME", ">TOOK", "ERROR"), rows)
}

type runsCancelCmd struct {
	jsonFlag
	ID string `arg:"" help:"The run's id, or the start of it."`
}

func (c *runsCancelCmd) Run(s *session) error {
	return s.opened(func(a *app.App) error {
		run, err := a.CancelRun(s.ctx, c.ID)
		if err != nil {
			return err
		}
		if c.JSON {
			return s.json(run)
		}
		fmt.Fprintf(s.Stdout, "%s is cancelled; a process that works on it stops within about a second\n", run.ID)
		return nil
	})
}

type runsResumeCmd struct {
	jsonFlag
	ID   string `arg:"" help:"The run's id, or the start of it."`
	From string `placeholder:"STEP" help:"Do the work again from this step on, by its name or number, as a new run that takes over the results of the steps before; the run may be done."`
}

func (c *runsResumeCmd) Run(s *session) error {
	return s.opened(func(a *app.App) error {
		var id string
		bar := s.progress(c.JSON && !s.Terminal)
		start := time.Now()
		result, err := a.ResumeRun(s.ctx, c.ID, c.From, bar.Step, func(run flow.Run) {
			id = run.ID
			if c.From != "" {
				fmt.Fprintf(s.Stderr, "run %s does again what run %s did from step %s on\n", run.ID, run.From, c.From)
			}
		})
		bar.End()
		if err != nil {
			return interrupted(s, err, id)
		}
		if c.JSON {
			return s.json(result.Report)
		}
		d := &distillCmd{Task: result.Task.Name}
		d.print(s, result, time.Since(start))
		d.next(s, a, result)
		return nil
	})
}

// interrupted says how to go on with a run that this process has to leave.
func interrupted(s *session, err error, id string) error {
	if id == "" || s.ctx.Err() == nil || !errors.Is(err, context.Canceled) {
		return err
	}
	return &hinted{err, fmt.Sprintf("what was done is kept; go on with the same command, or: %s runs resume %s%s", program(), id, s.configFlag())}
}
