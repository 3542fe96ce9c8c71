// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package cli

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"retort/internal/app"
	"retort/internal/savings"
)

// taskSpan is what list and show count.
type taskSpan struct {
	Since  moment `placeholder:"720h" help:"Only requests of this long ago or later, such as 24h, or of this date, such as 2026-01-31."`
	Until  moment `placeholder:"1h" help:"Only requests of before this long ago, or before this date."`
	Tenant string `placeholder:"TENANT" help:"Requests of this tenant."`
}

func (c *taskSpan) options() app.SavingsOptions {
	return app.SavingsOptions{Tenant: c.Tenant, Since: c.Since.Time, Until: c.Until.Time}
}

type tasksListCmd struct {
	jsonFlag
	taskSpan
}

func (c *tasksListCmd) Run(s *session) error {
	return s.opened(func(a *app.App) error {
		all, err := a.TaskSavings(s.ctx, c.options())
		if err != nil {
			return err
		}
		if c.JSON {
			return s.json(all)
		}
		if len(all) == 0 {
			fmt.Fprintln(s.Stderr, "the configuration has no tasks; docs/tasks.md says how to write one")
			return nil
		}
		var rows [][]string
		for _, t := range all {
			rows = append(rows, []string{t.Task, strings.Join(t.Teacher, ", "), servingWord(&t.Serving) + canaryWord(&t.Serving) + pausedWord(t.Wheel), fmt.Sprint(t.Requests),
				shareText(t, app.ByStudent), shareText(t, app.ByTeacher), usd(t.Cost.Dollars()), netText(t), soonerText(t)})
		}
		return s.table(columns("TASK", "TEACHER", "STUDENT", ">REQUESTS", ">BY STUDENT", ">BY TEACHER", ">COST", ">SAVED, NET", ">SOONER"), rows)
	})
}

type tasksShowCmd struct {
	jsonFlag
	taskSpan
	Task string `arg:"" help:"The task's name."`
}

func (c *tasksShowCmd) Run(s *session) error {
	return s.opened(func(a *app.App) error {
		t, err := a.OneTaskSavings(s.ctx, c.Task, c.options())
		if err != nil {
			return err
		}
		if c.JSON {
			return s.json(t)
		}
		return s.task(t)
	})
}

type tasksResumeCmd struct {
	jsonFlag
	Task  string `arg:"" help:"The task's name."`
	Force bool   `help:"Put back a champion that was taken out also where a canary answers in its place."`
}

func (c *tasksResumeCmd) Run(s *session) error {
	return s.opened(func(a *app.App) error {
		if paused, err := a.Unpause(s.ctx, c.Task); err != nil || paused {
			return s.unpaused(c.Task, c.JSON, err)
		}
		id, err := a.Resume(s.ctx, c.Task, c.Force)
		if err != nil {
			return err
		}
		if c.JSON {
			return s.json(map[string]string{"task": c.Task, "student": id})
		}
		s.line("resumed", fmt.Sprintf("student %s answers task %s again; audits watch it anew", id, c.Task))
		return nil
	})
}

// task prints what a task took and saved.
func (s *session) task(t *app.TaskSavings) error {
	s.line("task", t.Task)
	s.line("teacher", strings.Join(t.Teacher, ", "))
	s.line("student", servingText(&t.Serving))
	if v := &t.Serving; v.Canary != "" && v.CanaryShare == nil { // else the wheel tells of it
		s.line("canary", v.Canary+" answers nothing before a gateway serves")
	}
	if v := &t.Serving; v.Agreement > 0 {
		s.line("promised", fmt.Sprintf("%s: at least %s of its answers agree with the teacher; it was to answer %s of requests", v.Status, percent(v.Agreement), percent(v.Coverage)))
	}
	if t.Audits != nil {
		s.line("audits", auditsText(t.Audits)+" of all students")
		if now := t.Audits.Champion; now != nil {
			s.line("", auditsText(now)+" of the champion, which count now")
		}
	}
	if t.Wheel != nil {
		s.line("not audited", droppedText(t.Wheel.Serving))
	}
	s.line("labels", fmt.Sprintf("%d asked for, %d of the teacher's served answers, %d corrected by people", t.Labels.Asked, t.Labels.Served, t.Labels.Corrected))
	s.line("students", fmt.Sprintf("%d made in %.1f s of training", t.Students, t.Training))
	s.line("requests", fmt.Sprintf("%d, of which %d failed; %s", t.Requests, t.Failed, usd(t.Cost.Dollars())))
	s.wheel(t.Wheel)
	s.line("saved", savedText(t))
	if saved := t.Saved; saved != nil {
		s.line("net", fmt.Sprintf("%s, with all that Retort asked for the task counted", between95(saved.Net, usd)))
		s.line("sooner", fmt.Sprintf("%s of waiting spared", between95(saved.Seconds, secondsText)))
		s.line("known from", fmt.Sprintf("%d requests: %s", saved.Known, saved.Basis))
	}
	for _, note := range t.Notes {
		s.line("note", note)
	}
	if len(t.Answers) > 0 {
		fmt.Fprintln(s.Stdout)
		var rows [][]string
		for _, by := range t.Answers {
			rows = append(rows, []string{by.By, by.Model, fmt.Sprint(by.Requests), percent(float64(by.Requests) / float64(t.Requests)), usd(by.Cost.Dollars()), duration(by.Mean)})
		}
		if err := s.table(columns("ANSWERED BY", "MODEL", ">REQUESTS", ">SHARE", ">COST", ">MEAN"), rows); err != nil {
			return err
		}
	}
	if err := s.outcomes(t.Outcomes); err != nil {
		return err
	}
	if len(t.Spending) == 0 {
		return nil
	}
	fmt.Fprintln(s.Stdout)
	var rows [][]string
	for _, w := range t.Spending {
		rows = append(rows, []string{string(w.Purpose), fmt.Sprint(w.Requests), fmt.Sprint(w.Failed), usd(w.Cost.Dollars())})
	}
	return s.table(columns("ASKED FOR", ">REQUESTS", ">FAILED", ">COST"), rows)
}

// droppedText says how many audits a serving process had to leave out; empty: none.
func droppedText(r *app.WheelReport) string {
	if r == nil || r.Dropped.Concurrent+r.Dropped.PerDay == 0 {
		return ""
	}
	return fmt.Sprintf("%d answers that were to be: %d while audit.concurrent audits were under way, %d for audit.per_day, since the gateway took up its configuration",
		r.Dropped.Concurrent+r.Dropped.PerDay, r.Dropped.Concurrent, r.Dropped.PerDay)
}

// auditsText says how many audits agreed.
func auditsText(a *app.Audits) string {
	return fmt.Sprintf("%d of %d answers agreed with the teacher: %s,", a.Agreed, a.Compared, between95(a.Agreement, percent))
}

// outcomes prints how answers did by the client's measures.
func (s *session) outcomes(all []app.Measured) error {
	if len(all) == 0 {
		return nil
	}
	fmt.Fprintln(s.Stdout)
	var rows [][]string
	for _, m := range all {
		rows = append(rows, []string{m.Measure, m.By, m.Model, fmt.Sprint(m.Answers), fmt.Sprintf("%.4g", m.Mean)})
	}
	return s.table(columns("OUTCOME", "ANSWERED BY", "MODEL", ">ANSWERS", ">MEAN"), rows)
}

func servingText(v *app.Serving) string {
	switch {
	case v.Student == "":
		return "none"
	case v.Silent != "":
		return v.Student + ", silent: " + v.Silent
	}
	return v.Student + ", " + v.Status
}

// servingWord is servingText without the reason, which show gives.
func servingWord(v *app.Serving) string {
	switch {
	case v.Silent != "" && v.Out:
		return v.Student + ", taken out"
	case v.Silent != "":
		return v.Student + ", silent"
	}
	return servingText(v)
}

// canaryWord says that a canary answers too; empty where there is none.
func canaryWord(v *app.Serving) string {
	switch {
	case v.Canary == "":
		return ""
	case v.CanaryShare == nil:
		return "; canary " + v.Canary
	}
	return fmt.Sprintf("; canary %s at %s", v.Canary, percent(*v.CanaryShare))
}

// pausedWord says that a wheel is paused; empty where it is not, or there is none.
func pausedWord(w *app.WheelState) string {
	if w == nil || w.Paused == nil {
		return ""
	}
	return "; wheel paused"
}

// shareText says which share of the answered requests somebody answered.
func shareText(t *app.TaskSavings, by string) string {
	n := 0
	for _, a := range t.Answers {
		if a.By == by {
			n += a.Requests
		}
	}
	if t.Requests == t.Failed {
		return "–"
	}
	return percent(float64(n) / float64(t.Requests-t.Failed))
}

func savedText(t *app.TaskSavings) string {
	if t.Saved == nil {
		return "not known yet"
	}
	return between95(t.Saved.Spared, usd) + " against the teacher alone"
}

func netText(t *app.TaskSavings) string {
	if t.Saved == nil {
		return "–"
	}
	return usd(t.Saved.Net.Value)
}

func soonerText(t *app.TaskSavings) string {
	if t.Saved == nil {
		return "–"
	}
	return secondsText(t.Saved.Seconds.Value)
}

func between95(e savings.Estimate, text func(float64) string) string {
	return cmp.Or(map[bool]string{true: text(e.Value)}[e.Low == e.High], fmt.Sprintf("%s (95 %%: %s to %s)", text(e.Value), text(e.Low), text(e.High)))
}

// usd prints an amount of US dollars with what it needs of decimals.
func usd(x float64) string {
	sign := ""
	if x < 0 {
		sign, x = "−", -x
	}
	switch {
	case x == 0:
		return "$0"
	case x < 1:
		return fmt.Sprintf("%s$%.4f", sign, x)
	}
	return fmt.Sprintf("%s$%.2f", sign, x)
}

func secondsText(x float64) string {
	sign := ""
	if x < 0 {
		sign, x = "−", -x
	}
	return sign + duration(time.Duration(x*float64(time.Second)))
}
