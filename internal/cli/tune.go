// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package cli

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"strconv"

	"retort/internal/app"
	"retort/tune"
)

type tuneCmd struct {
	jsonFlag
	Blend       string   `arg:"" help:"The blend, such as a route that learns."`
	Data        string   `type:"existingfile" placeholder:"FILE" help:"Outcomes of its models, or labelled requests to ask them (.jsonl or .csv)."`
	From        string   `enum:",traces" default:"" placeholder:"traces" help:"traces: learn from feedback on what was answered."`
	Task        string   `placeholder:"TASK" help:"Ask the models by this task's contract."`
	Limit       int      `placeholder:"N" help:"Only the first N records of the file."`
	Concurrency int      `default:"8" help:"Requests under way at once."`
	Seed        uint64   `help:"Of folds and intervals."`
	Budget      *float64 `placeholder:"USD" help:"Find the prompt of the blend's judge, for at most so many US dollars of its verdicts. It is never exceeded."`
	Use         bool     `help:"Put the tuning in use though something does as well for less."`
	DryRun      bool     `help:"Only report what it would be worth."`
}

func (c *tuneCmd) Run(s *session) error {
	if (c.Data == "") == (c.From == "") {
		return &hinted{errors.New("say what to learn from"), "one of --data FILE and --from traces"}
	}
	budget, err := dollarsGiven(c.Budget)
	if err != nil {
		return err
	}
	return s.opened(func(a *app.App) error {
		bar := s.progress(c.JSON && !s.Terminal)
		report, err := a.Tune(s.ctx, app.TuneOptions{Blend: c.Blend, Data: c.Data, Task: c.Task, DryRun: c.DryRun, Limit: c.Limit,
			Concurrency: c.Concurrency, Seed: c.Seed, Budget: budget, Use: c.Use, Progress: bar.Step})
		bar.End()
		if err != nil {
			if c.Data != "" {
				return s.resumable(err)
			}
			return err
		}
		if c.JSON {
			return s.json(report)
		}
		return s.tuned(report)
	})
}

// tuned prints what a tuning is worth.
func (s *session) tuned(r *tune.Report) error {
	s.line("blend", r.Blend+", a "+r.Kind)
	if r.Tuning != "" {
		s.line("tuning", r.Tuning)
	}
	s.line("learned from", fmt.Sprintf("%d requests, %d with an outcome of every model", r.Records, r.Complete))
	target := r.Target
	switch {
	case !r.Reached && r.Kind == tune.KindCascade:
		target += "; NOT REACHED"
	case !r.Reached:
		target += "; NOT REACHED, this comes nearest"
	case r.HeldOut != nil && r.HeldOut.Missed:
		target += "; MISSED on requests that it had not learned from"
	}
	s.line("target", target)
	if r.Lambda > 0 {
		s.line("lambda", strconv.FormatFloat(r.Lambda, 'f', max(0, 3-int(math.Floor(math.Log10(r.Lambda)))), 64)+" of quality for a US dollar")
	}
	if r.Margin > 0 {
		s.line("margin", fmt.Sprintf("another model must be expected to be better than the strongest by more than %.4g", r.Margin))
	}
	s.line("it weighs", r.Learned)
	if err := s.planeOf(r); err != nil {
		return err
	}
	if err := s.promptsOf(r); err != nil {
		return err
	}
	s.line("verdict", r.Verdict)
	if r.More > 0 {
		more := fmt.Sprintf("about %d more requests with an outcome of every model would tell, if the difference is what it seems", r.More)
		if r.Kind == tune.KindCascade {
			more = fmt.Sprintf("about %d more answers of which it is known whether they are good would likely do", r.More)
		}
		s.line("", more)
	}
	if r.Outdone != "" {
		s.line("outdone", printable(outdone(r)))
	}
	for _, w := range r.Warnings {
		s.line("note", printable(w))
	}
	if r.InUse {
		fmt.Fprintf(s.Stdout, "\n%s is in use; a serving retort takes it up within a second\n", r.Tuning)
	}
	return nil
}

// outdone says which part makes a blend not worth having, and why.
func outdone(r *tune.Report) string {
	if h := r.HeldOut; h.Verdict.Best == r.Outdone && h.Places[0].DominatedBy == "" {
		return fmt.Sprintf("%s asks several models, and is not shown to be better than %s alone", r.Blend, r.Outdone)
	}
	return fmt.Sprintf("%s alone is as good as %s, or better, and costs no more", r.Outdone, r.Blend)
}

// promptsOf prints the prompts of a judge that were tried.
func (s *session) promptsOf(r *tune.Report) error {
	if len(r.Prompts) == 0 {
		return nil
	}
	s.line("spent", fmt.Sprintf("$%s on verdicts", r.Spent))
	var rows [][]string
	for _, p := range r.Prompts {
		chosen := ""
		if p.Chosen {
			chosen = "chosen"
		}
		rows = append(rows, []string{printable(clip(cmp.Or(p.Rubric, "(general)"), 60)), fmt.Sprint(p.Examples), fmt.Sprint(p.Trials), percent(p.Agreed), chosen})
	}
	fmt.Fprintln(s.Stdout)
	defer fmt.Fprintln(s.Stdout)
	return s.table(columns("RUBRIC", ">EXAMPLES", ">TRIALS", ">AGREED", ""), rows)
}

// planeOf prints the blend and its parts by quality and cost.
func (s *session) planeOf(r *tune.Report) error {
	var rows [][]string
	if h := r.HeldOut; h != nil {
		for i, p := range h.Places {
			note := ""
			switch {
			case p.DominatedBy != "":
				note = "dominated by " + p.DominatedBy
			case p.Hull:
				note = "on the frontier"
			}
			share := ""
			if i > 0 {
				share = percent(h.Shares[p.Name])
			}
			rows = append(rows, []string{p.Name, percent(p.Quality), dollars(p.Cost), share, note})
		}
		if h.Untuned != nil {
			rows = append(rows, []string{"(each vote counts 1)", percent(*h.Untuned), dollars(h.Cost.Value), "", "without a tuning"})
		}
		rows = append(rows, []string{"(the best each time)", percent(h.Oracle), "", "", "not attainable"})
		which := "that it has not learned from"
		if r.Kind == tune.KindCascade {
			which = "that certified it"
		}
		fmt.Fprintf(s.Stdout, "\non %d requests %s:\n", r.Complete, which)
		defer fmt.Fprintln(s.Stdout)
		return s.table(columns("MODEL", ">QUALITY", ">COST", ">ASKED", ""), rows)
	}
	for _, k := range r.Models {
		rows = append(rows, []string{k.Model, fmt.Sprint(k.Outcomes), percent(k.Quality), dollars(k.Cost)})
	}
	fmt.Fprintln(s.Stdout)
	defer fmt.Fprintln(s.Stdout)
	return s.table(columns("MODEL", ">OUTCOMES", ">QUALITY", ">COST"), rows)
}

func dollars(x float64) string { return fmt.Sprintf("$%.6f", x) }
