// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"

	"retort/flow"
	"retort/internal/app"
	"retort/internal/store"
	"retort/internal/yield"
	"retort/wheel"
)

type tasksTurnCmd struct {
	jsonFlag
	Task     string `arg:"" help:"The task's name."`
	Trigger  string `hidden:"" enum:"person,labels,drift,novelty,schedule,unfinished" default:"person"`
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
		if turn == nil && err != nil {
			return interrupted(s, err, id)
		}
		if c.JSON {
			return errors.Join(s.json(turn), err)
		}
		s.line("turn", turnText(turn))
		s.line("trigger", turn.Why)
		s.line("says", turn.Says)
		return err
	})
}

// attached returns the context of a worker: it ends when standard input does. The worker takes half of the processors at most.
func (s *session) attached() (context.Context, context.CancelFunc) {
	yield.Half()
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
	case w.Due == app.Unfinished:
		s.line("wheel", "a turn is under way, or waits for a serving process to go on with it: "+program()+" runs show "+w.Turns[0].ID+s.configFlag())
	case w.Due != "":
		s.line("wheel", "due, by "+string(w.Due)+": a serving process turns it")
	case w.Serving != nil && w.Serving.Canary != "":
		s.line("wheel", "no turn begins while there is a canary")
	default:
		text := fmt.Sprintf("next turn at %d answers of the teacher, of which there are %d", w.Next, w.Labels)
		if w.At != nil {
			text += ", or at " + clock(*w.At) + " if there are new ones"
		}
		s.line("wheel", text)
	}
	s.watched(w.Serving)
	for i := range w.Turns {
		s.line("turn", turnText(&w.Turns[i]))
		s.line("  says", w.Turns[i].Says)
	}
}

// watched prints how a wheel stands where it serves; nil: it never did.
func (s *session) watched(r *app.WheelReport) {
	if r == nil {
		return
	}
	if r.Canary != "" {
		s.line("canary", fmt.Sprintf("%s answers %s of the requests; it becomes the champion once enough of its answers agree", r.Canary, percent(r.Share)))
	}
	if r.Challenger != "" {
		s.line("challenger", r.Challenger+" answers nothing; it is compared with the champion on what is asked")
	}
	if len(r.Out) > 0 {
		s.line("left out", strings.Join(r.Out, ", ")+": these answers no longer agree with the teacher, who gives them")
	}
	if len(r.Suspicious) > 0 {
		s.line("in doubt", strings.Join(r.Suspicious, ", ")+": these answers are audited one and all")
	}
	if r.Champion != "" || r.Canary != "" {
		s.line("evidence", fmt.Sprintf("answers %s, input %s, teacher %s, each of what an alarm takes; %s of the requests are drawn to be audited",
			small(r.Evidence.Service), small(r.Evidence.Input), small(r.Evidence.Teacher), percent(r.Audits)))
	}
	for i := range r.Events[:min(len(r.Events), 5)] {
		e := &r.Events[i]
		about := e.Student
		if e.Class != "" {
			about = fmt.Sprintf("%s, %q", about, e.Class)
		}
		text := fmt.Sprintf("%s %s: %s", clock(e.At), eventText(e.Kind), e.Says)
		if about != "" {
			text = fmt.Sprintf("%s %s, %s: %s", clock(e.At), eventText(e.Kind), about, e.Says)
		}
		s.line("event", text)
	}
}

// small is a share of an alarm's evidence, which may be tiny.
func small(x float64) string {
	if x < 0.001 {
		return "< 0.1 %"
	}
	return percent(x)
}

// eventText is a kind of event in words.
func eventText(k wheel.Kind) string {
	if k == wheel.RolledBack { // to whatever student, an earlier or a later one
		return "made champion"
	}
	return strings.ReplaceAll(string(k), "_", " ")
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
