// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"strings"
	"time"

	"retort/eval/anytime"
	"retort/internal/app"
)

type experimentsCmd struct {
	List  experimentsListCmd  `cmd:"" help:"List the splits of the configuration with their verdicts."`
	Show  experimentsShowCmd  `cmd:"" help:"Show how the arms of one split do."`
	Reset experimentsResetCmd `cmd:"" help:"Divide the requests of a split again, and begin its experiment anew."`
}

type experimentsListCmd struct{ jsonFlag }

func (c *experimentsListCmd) Run(s *session) error {
	return s.opened(func(a *app.App) error {
		all, err := a.Experiments(s.ctx)
		if err != nil {
			return err
		}
		if c.JSON {
			return s.json(all)
		}
		if len(all) == 0 {
			fmt.Fprintln(s.Stderr, "the configuration has no splits; docs/blends.md says how to write one")
			return nil
		}
		var rows [][]string
		for _, e := range all {
			requests, judged := 0, 0
			for i := range e.Arms {
				requests += e.Arms[i].Requests
				judged += e.Arms[i].Judged
			}
			verdict := e.Verdict
			if e.Settled != nil {
				verdict = "settled: " + e.Settled.Arm + " answers all requests"
			}
			rows = append(rows, []string{e.Split, e.By, fmt.Sprint(len(e.Arms)), fmt.Sprint(requests), fmt.Sprint(judged), verdict})
		}
		return s.table(columns("SPLIT", "BY", ">ARMS", ">REQUESTS", ">JUDGED UNITS", "VERDICT"), rows)
	})
}

type experimentsShowCmd struct {
	jsonFlag
	Split string `arg:"" help:"The split's name."`
}

func (c *experimentsShowCmd) Run(s *session) error {
	return s.opened(func(a *app.App) error {
		e, err := a.Experiment(s.ctx, c.Split)
		if err != nil {
			return err
		}
		if c.JSON {
			return s.json(e)
		}
		return c.print(s, e)
	})
}

func (c *experimentsShowCmd) print(s *session, e *app.Experiment) error {
	s.line("verdict", e.Verdict)
	if d := e.Settled; d != nil {
		s.line("settled", fmt.Sprintf("%s answers all requests since %s; undo with: retort experiments reset %s", d.Arm, clock(d.Created), e.Split))
	}
	s.line("split", fmt.Sprintf("%s, by %s; outcome: %s", e.Split, e.By, e.Outcome))
	if e.Since != nil {
		s.line("since", clock(*e.Since))
	}
	s.line("intervals", fmt.Sprintf("hold together with %s, at every moment; margin %v", percent(e.Confidence), e.Margin))
	s.line("open", openText(e))
	fmt.Fprintln(s.Stdout)
	var rows [][]string
	for i := range e.Arms {
		a := &e.Arms[i]
		rows = append(rows, []string{a.Name, percent(e.Shares[a.Name]), fmt.Sprint(a.Requests), fmt.Sprint(a.Failed), fmt.Sprint(a.Units),
			fmt.Sprint(a.Judged), fmt.Sprint(a.Pending), between(a.Outcome, "%.3f"), between(a.Cost, "%.6f"), duration(a.P50), duration(a.P99)})
	}
	if err := s.table(columns("ARM", ">SHARE", ">REQUESTS", ">FAILED", ">UNITS", ">JUDGED", ">OPEN", "OUTCOME", "USD A REQUEST", ">P50", ">P99"), rows); err != nil {
		return err
	}
	fmt.Fprintln(s.Stdout)
	rows = nil
	for _, p := range e.Pairs {
		rows = append(rows, []string{p.B + " − " + p.A, between(p.Outcome, "%+.3f"), between(p.Failures, "%+.3f"), between(p.Cost, "%+.6f")})
	}
	return s.table(columns("DIFFERENCE", "OUTCOME", "FAILED", "USD A REQUEST"), rows)
}

// openText says when the units that are still open close; empty: none is open.
func openText(e *app.Experiment) string {
	units := 0
	var first, last time.Time
	for i := range e.Arms {
		if a := &e.Arms[i]; a.Pending > 0 {
			units += a.Pending
			if first.IsZero() || a.Closing[0].Before(first) {
				first = a.Closing[0]
			}
			if a.Closing[1].After(last) {
				last = a.Closing[1]
			}
		}
	}
	window := fmt.Sprintf("%v after its first outcome", e.Window)
	switch units {
	case 0:
		return ""
	case 1:
		return fmt.Sprintf("1 unit, until %s: a unit counts %s", clock(last), window)
	}
	return fmt.Sprintf("%d units; the first counts from %s on, the last from %s: a unit counts %s", units, clock(first), clock(last), window)
}

// between prints a figure with its interval.
func between(i *anytime.Interval, format string) string {
	if i == nil {
		return "–"
	}
	return fmt.Sprintf(strings.ReplaceAll("F [F, F]", "F", format), i.Value, i.Lower, i.Upper)
}

type experimentsResetCmd struct {
	jsonFlag
	Split string `arg:"" help:"The split's name."`
}

func (c *experimentsResetCmd) Run(s *session) error {
	return s.opened(func(a *app.App) error {
		if err := a.ResetExperiment(s.ctx, c.Split); err != nil {
			return err
		}
		if c.JSON {
			return s.json(map[string]any{"split": c.Split, "settled": nil})
		}
		fmt.Fprintf(s.Stdout, "%s divides requests and begins anew; a serving retort takes it up within a second\n", c.Split)
		return nil
	})
}
