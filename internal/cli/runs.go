// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"retort/audit"
	"retort/flow"
	"retort/internal/app"
)

type runsCmd struct {
	List   runsListCmd   `cmd:"" help:"List runs, latest first."`
	Show   runsShowCmd   `cmd:"" help:"Show a run and its steps."`
	Cancel runsCancelCmd `cmd:"" help:"End a run, whichever process works on it; what its steps did is kept."`
	Resume runsResumeCmd `cmd:"" help:"Go on with a run that was interrupted, was cancelled or failed."`
	Remove runsRemoveCmd `cmd:"" help:"Take runs that nobody works on off the list; what they made stays."`
}

type runsListCmd struct {
	jsonFlag
	State string `enum:",running,interrupted,done,failed,cancelled" default:"" placeholder:"STATE" help:"Only runs that are so: running, interrupted, done, failed or cancelled."`
	Kind  string `enum:",${run_kinds}" default:"" placeholder:"KIND" help:"Only runs of this kind, one of ${run_kinds}."`
}

func (c *runsListCmd) Run(s *session) error {
	return s.opened(func(a *app.App) error {
		all, err := a.Runs(s.ctx)
		if err != nil {
			return err
		}
		runs := slices.DeleteFunc(slices.Clone(all), func(r flow.Run) bool {
			return c.State != "" && string(r.State) != c.State || c.Kind != "" && r.Kind != c.Kind
		})
		if c.JSON {
			return s.json(append([]flow.Run{}, runs...))
		}
		if len(runs) == 0 && len(all) > 0 {
			fmt.Fprintf(s.Stderr, "none of %s is so\n", counted(len(all), "run"))
			return nil
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
		s.line("under way", underwayWords(run))
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

// underwayWords says what a run does, or did when its process ended.
func underwayWords(run *app.Run) string {
	now := run.Underway
	if now == nil {
		return ""
	}
	text := now.Step
	if now.Stage != "" && now.Stage != now.Step {
		text += ", " + now.Stage
	}
	if now.Total > 0 {
		text += fmt.Sprintf(", %d of %d", min(now.Done, now.Total), now.Total)
	}
	if run.State == flow.Running {
		return text + ", for " + duration(time.Since(now.Started))
	}
	return text + ", when it stopped"
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

type runsRemoveCmd struct {
	jsonFlag
	ID    []string `arg:"" optional:"" help:"The runs' ids, or the starts of them."`
	State string   `enum:",interrupted,done,failed,cancelled" default:"" placeholder:"STATE" help:"All runs that are so: interrupted, done, failed or cancelled."`
}

func (c *runsRemoveCmd) Run(s *session) error {
	if (len(c.ID) == 0) == (c.State == "") {
		return &hinted{errors.New("which runs are to be removed?"), "name them, or say --state failed; retort runs list shows them"}
	}
	return s.opened(func(a *app.App) error {
		ids := c.ID
		if c.State != "" {
			runs, err := a.Runs(s.ctx)
			if err != nil {
				return err
			}
			for i := range runs {
				if string(runs[i].State) == c.State {
					ids = append(ids, runs[i].ID)
				}
			}
		}
		removed := []flow.Run{}
		for _, id := range ids {
			run, err := a.RemoveRun(s.ctx, id)
			if err != nil {
				return err
			}
			removed = append(removed, *run)
		}
		if c.JSON {
			return s.json(removed)
		}
		fmt.Fprintf(s.Stdout, "%s removed; what they made stays\n", counted(len(removed), "run"))
		return nil
	})
}

type runsResumeCmd struct {
	jsonFlag
	ID   string `arg:"" help:"The run's id, or the start of it."`
	From string `placeholder:"STEP" help:"Do the work again from this step on, by its name or number, as a new run that takes over the results of the steps before; the run may be done."`

	Attached bool `hidden:""` // to a serving process: leave the processor to it, and end when standard input does
}

func (c *runsResumeCmd) Run(s *session) error {
	if c.Attached {
		var detach context.CancelFunc
		s.ctx, detach = s.attached()
		defer detach()
	}
	return s.opened(func(a *app.App) error {
		return s.asRun(false, c.JSON && !s.Terminal, func(how app.Asked, bar *progress) error {
			begun := how.Begun
			how.Begun = func(run flow.Run, _ bool) {
				begun(run, false)
				if c.From != "" {
					fmt.Fprintf(s.Stderr, "run %s does again what run %s did from step %s on\n", run.ID, run.From, c.From)
				}
			}
			start := time.Now()
			return a.ResumeRun(s.ctx, c.ID, c.From, how, func(made any) error {
				bar.End()
				return s.printMade(a, made, c.JSON, time.Since(start))
			})
		})
	})
}

// printMade prints what a run made.
func (s *session) printMade(a *app.App, made any, asJSON bool, took time.Duration) error {
	switch made := made.(type) {
	case *app.Distilled:
		if asJSON {
			return s.json(made.Report)
		}
		d := &distillCmd{Task: made.Task.Name}
		d.print(s, made, took)
		d.next(s, a, made)
		return nil
	case *app.Labels:
		return (&labelCmd{jsonFlag: jsonFlag{asJSON}}).print(s, made, took)
	case *app.MadeVersion:
		return s.madeVersion(made, nil, asJSON)
	case *audit.Report:
		return (&auditCmd{jsonFlag: jsonFlag{asJSON}}).print(s, made)
	}
	return fmt.Errorf("a run made a %T", made)
}
