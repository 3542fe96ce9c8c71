// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"strings"
	"time"

	"retort/eval/certify"
	"retort/internal/app"
	"retort/task/discover"
)

type tasksCmd struct {
	List     tasksListCmd     `cmd:"" help:"List the tasks of the configuration: who answers them, and what that saves."`
	Show     tasksShowCmd     `cmd:"" help:"Show who answers a task, what it took, and what it saved against its teacher alone."`
	Turn     tasksTurnCmd     `cmd:"" help:"Turn the wheel of a task now: train a student on all that was gathered, judge it, and promote it if the gate lets it through."`
	Pause    tasksPauseCmd    `cmd:"" help:"Stop the wheel of a task; who answers stays."`
	Resume   tasksResumeCmd   `cmd:"" help:"Let the wheel of a task go on that was stopped; else put the champion back that its audits took out."`
	Discover tasksDiscoverCmd `cmd:"" help:"Find tasks in recorded traffic, and what students of them would be worth."`
}

type tasksDiscoverCmd struct {
	jsonFlag
	Since      moment  `placeholder:"24h" help:"Only calls of this long ago or later, such as 24h, or of this date, such as 2026-01-31."`
	Until      moment  `placeholder:"1h" help:"Only calls of before this long ago, or before this date."`
	Tenant     string  `placeholder:"TENANT" help:"Calls of this tenant."`
	Limit      int     `default:"50000" placeholder:"N" help:"Look at the latest N calls (default 50000)."`
	Least      int     `default:"50" placeholder:"N" help:"Calls that a task has at least (default 50)."`
	Agreement  float64 `placeholder:"0.95" help:"Share of a student's answers that must agree with the recorded ones (default 0.95)."`
	Confidence float64 `placeholder:"0.95" help:"Confidence with which that must be shown (default 0.95)."`
	Examples   string  `placeholder:"FOLDER" help:"Write the inputs and answers of each task to a file in this folder, for retort distill --data."`
	Write      bool    `help:"Add what was found to the configuration, as drafts."`
}

func (c *tasksDiscoverCmd) Run(s *session) error {
	return s.opened(func(a *app.App) error {
		o := app.DiscoverOptions{Since: c.Since.Time, Until: c.Until.Time, Tenant: c.Tenant, Limit: c.Limit, Least: c.Least,
			Goal: certify.Goal{Agreement: c.Agreement, Confidence: c.Confidence}}
		bar := s.progress(false)
		o.Progress = bar.Step
		found, err := a.Discover(s.ctx, o)
		bar.End()
		if err != nil {
			return err
		}
		if c.Examples != "" {
			if err := app.WriteExamples(c.Examples, found.Proposals); err != nil {
				return err
			}
		}
		if c.Write {
			if err := app.WriteTasks(s.config, found.Proposals, s.Getenv); err != nil {
				return err
			}
		}
		if c.JSON {
			return s.json(found)
		}
		return s.discovered(found, c.Write)
	})
}

// discovered prints what traffic holds.
func (s *session) discovered(d *app.Discovered, written bool) error {
	s.line("calls", fmt.Sprintf("%d in %s; %d in the tasks below, %d in other groups, %d in none", d.Calls, daysText(d.Days), callsOf(d.Proposals), callsOf(d.Others), d.Loose))
	if d.Configured+d.Unread > 0 {
		s.line("left out", fmt.Sprintf("%d to tasks of the configuration, %d without captured text or with more than text", d.Configured, d.Unread))
	}
	if d.Older > 0 {
		s.line("older", fmt.Sprintf("%d calls more than fit into memory; --since and --until choose others", d.Older))
	}
	if len(d.Proposals) > 0 {
		fmt.Fprintln(s.Stdout)
		var rows [][]string
		for _, p := range d.Proposals {
			rows = append(rows, []string{p.Name, fmt.Sprint(p.Calls), p.Model, contractText(&p.Contract), fmt.Sprintf("$%.2f", p.Cost.Dollars()), percent(p.Coverage), certifiedText(p), fmt.Sprintf("$%.2f", p.Saved.Dollars()), savesText(p)})
		}
		if err := s.table(columns("TASK", ">CALLS", "MODEL", "ANSWERS", ">COST", ">A STUDENT ANSWERS", ">CERTIFIED", ">SAVES", ">A MONTH"), rows); err != nil {
			return err
		}
		for _, p := range d.Proposals {
			fmt.Fprintf(s.Stdout, "\n%s\n", p.Name)
			for _, m := range p.Template {
				s.line("  "+m.Role, clip(strings.Join(strings.Fields(m.Text), " "), 160))
			}
			if len(p.Further) > 0 {
				s.line("  further", fmt.Sprintf("%d more templates, by other words for the same", len(p.Further)))
			}
			s.line("  words", strings.Join(p.Words, ", "))
			s.line("  labels", clip(strings.Join(p.Contract.Labels, ", "), 160))
			s.line("  fields", clip(fieldsText(p.Contract.Fields), 160))
			if p.Contract.Outside > 0 {
				s.line("  outside", fmt.Sprintf("%d answers are none of these", p.Contract.Outside))
			}
			s.line("  silent", p.Why)
			s.line("  examples", p.File)
		}
	}
	for i, p := range d.Others {
		if i == 0 {
			fmt.Fprintln(s.Stdout, "\nnot distilled:")
		}
		fmt.Fprintf(s.Stdout, "  %d calls: %s\n    %s\n", p.Calls, printable(p.Why), printable(clip(describedText(p), 140)))
	}
	switch {
	case written && d.Proposals[0].File != "":
		fmt.Fprintf(s.Stdout, "\nadded to %s as drafts; go on with: %s distill %s --data %s%s\n", s.config, program(), d.Proposals[0].Name, d.Proposals[0].File, s.configFlag())
	case written:
		fmt.Fprintf(s.Stdout, "\nadded to %s as drafts; --examples FOLDER writes what to distil them from\n", s.config)
	case len(d.Proposals) > 0:
		fmt.Fprintf(s.Stdout, "\nadd them to %s as drafts, with examples to distil from: %s tasks discover --write --examples FOLDER%s\n", s.config, program(), s.configFlag())
	default:
		fmt.Fprintln(s.Stderr, "no task was found that a student could learn")
	}
	return nil
}

func callsOf(proposals []*app.Proposal) int {
	n := 0
	for _, p := range proposals {
		n += p.Calls
	}
	return n
}

func daysText(days float64) string {
	switch span := time.Duration(days * float64(24*time.Hour)); {
	case span < time.Minute:
		return "less than a minute"
	case days < 2:
		return span.Round(time.Minute).String()
	}
	return fmt.Sprintf("%.0f days", days)
}

func contractText(c *discover.Contract) string {
	if c.Kind == discover.Labels {
		return fmt.Sprintf("%d labels", len(c.Labels))
	}
	return fmt.Sprintf("objects of %d fields", len(c.Fields))
}

func fieldsText(fields []discover.Field) string {
	var words []string
	for _, f := range fields {
		text := f.Name + " (" + f.Type
		if f.Labels != nil {
			text = fmt.Sprintf("%s (one of %d", f.Name, len(f.Labels))
		}
		if f.List {
			text += ", a list"
		}
		words = append(words, text+")")
	}
	return strings.Join(words, ", ")
}

func certifiedText(p *app.Proposal) string {
	if p.Status == certify.Silent || p.Status == "" {
		return "–"
	}
	return "≥ " + percent(p.Certified)
}

func savesText(p *app.Proposal) string {
	switch {
	case p.Saves > 0:
		return fmt.Sprintf("$%.2f", p.Saves.Dollars())
	case p.Cost == 0:
		return "no price known"
	}
	return "–"
}

// describedText is a proposal in one line.
func describedText(p *app.Proposal) string {
	if p.Found == discover.ByMeaning {
		return "no template, words such as " + strings.Join(p.Words, ", ")
	}
	return templateText(p.Template)
}

func templateText(messages []discover.Message) string {
	var parts []string
	for _, m := range messages {
		parts = append(parts, m.Role+": "+strings.Join(strings.Fields(m.Text), " "))
	}
	return strings.Join(parts, " | ")
}
