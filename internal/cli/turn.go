// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"time"

	"retort/flow"
	"retort/internal/app"
	"retort/internal/store"
	"retort/wheel"
)

type tasksTurnCmd struct {
	jsonFlag
	Task     string `arg:"" help:"The task's name."`
	Trigger  string `hidden:"" enum:"person,labels,drift,schedule,unfinished" default:"person"`
	Attached bool   `hidden:""` // to a serving process: leave the processor to it, and end when standard input does
}

func (c *tasksTurnCmd) Run(s *session) error {
	if c.Attached {
		var detach context.CancelFunc
		s.ctx, detach = s.attached()
		defer detach()
	}
	return s.opened(func(a *app.App) error {
		var id string
		bar := s.progress(c.JSON && !s.Terminal)
		turn, err := a.TurnRun(s.ctx, c.Task, wheel.Trigger(c.Trigger), bar.Step, func(run flow.Run, earlier bool) {
			if id = run.ID; earlier {
				fmt.Fprintf(s.Stderr, "note: run %s, begun %s, was interrupted and goes on\n", run.ID, clock(run.Created))
			}
		})
		bar.End()
		if err != nil {
			return interrupted(s, err, id)
		}
		if c.JSON {
			return s.json(turn)
		}
		s.line("turn", turnText(turn))
		s.line("trigger", turn.Why)
		s.line("says", turn.Says)
		return nil
	})
}

// attached returns the context of a worker: it ends when standard input does. The worker takes half of the processors at most.
func (s *session) attached() (context.Context, context.CancelFunc) {
	runtime.GOMAXPROCS(max(1, runtime.NumCPU()/2))
	ctx, cancel := context.WithCancel(s.ctx)
	go func() {
		_, _ = io.Copy(io.Discard, s.Stdin) // however it ends
		cancel()
	}()
	return ctx, cancel
}

// worker returns how this program is run for turns; nil where that cannot be found out.
func (s *session) worker() func(args ...string) *exec.Cmd {
	self, err := os.Executable()
	if err != nil {
		fmt.Fprintln(s.Stderr, "note: tasks do not turn by themselves: this program's file is not known:", err)
		return nil
	}
	return func(args ...string) *exec.Cmd {
		return exec.Command(self, append([]string{"-c", s.config}, args...)...)
	}
}

type tasksPauseCmd struct {
	jsonFlag
	Task string `arg:"" help:"The task's name."`
}

func (c *tasksPauseCmd) Run(s *session) error {
	return s.opened(func(a *app.App) error {
		changed, err := a.Pause(s.ctx, c.Task)
		if err != nil {
			return err
		}
		if c.JSON {
			return s.json(map[string]any{"task": c.Task, "paused": true, "changed": changed})
		}
		s.line("paused", fmt.Sprintf("task %s does not turn until: %s tasks resume %s%s", c.Task, program(), c.Task, s.configFlag()))
		return nil
	})
}

// unpaused tells that a wheel goes on.
func (s *session) unpaused(task string, inJSON bool, err error) error {
	switch {
	case err != nil:
		return err
	case inJSON:
		return s.json(map[string]any{"task": task, "paused": false})
	}
	s.line("resumed", fmt.Sprintf("task %s turns by itself again; who answers stays", task))
	return nil
}

// wheel prints how a wheel stands; nil: there is none.
func (s *session) wheel(w *app.WheelState) {
	if w == nil {
		return
	}
	switch {
	case w.Paused != nil:
		s.line("wheel", "paused since "+clock(*w.Paused))
	case w.Due != "":
		s.line("wheel", "due, by "+string(w.Due)+": a serving process turns it")
	default:
		text := fmt.Sprintf("next turn at %d answers of the teacher, of which there are %d", w.Next, w.Labels)
		if w.At != nil {
			text += ", or at " + clock(*w.At) + " if there are new ones"
		}
		s.line("wheel", text)
	}
	for i := range w.Turns {
		s.line("turn", turnText(&w.Turns[i]))
		s.line("  says", w.Turns[i].Says)
	}
}

// turnText is a turn in a line.
func turnText(t *store.Turn) string {
	outcome := string(t.Outcome)
	if t.Ended == nil {
		outcome = "under way"
	} else {
		outcome += " after " + duration(t.Ended.Sub(t.Begun).Round(time.Millisecond))
	}
	return fmt.Sprintf("%s, begun %s by %s with %d answers: %s", t.ID, clock(t.Begun), t.Why, t.Labels, outcome)
}
