// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package cli

import (
	"cmp"
	"errors"
	"fmt"

	"retort/audit"
	"retort/dataset"
	"retort/eval"
	"retort/internal/app"
)

type auditCmd struct {
	jsonFlag
	Student  string   `arg:"" help:"The student's id, or the start of it."`
	Data     string   `placeholder:"FILE" help:"The examples that it learned from: a file, or a version of a dataset (default: its version, else its task's traces)."`
	Eval     string   `placeholder:"FILE" help:"Labelled texts to judge it by: a file, or a version of a dataset."`
	Input    string   `placeholder:"COL" help:"Column or field of the text."`
	Label    string   `placeholder:"COL" help:"Column or field of the answer."`
	Override string   `name:"override-terms" placeholder:"REASON" help:"Take responsibility for teachers whose terms forbid it; the reason is kept."`
	Ask      int      `placeholder:"N" help:"Put N pairs of texts with a swapped word, of each of five kinds, to the task's teacher, to hold the student against what it does; calls that cost need a --budget."`
	Budget   *float64 `placeholder:"USD" help:"What the teacher's answers may cost at most, in US dollars. It is never exceeded."`
	Seed     uint64   `default:"1" help:"Seed of what is drawn."`
	Again    bool     `help:"Audit again where there is an audit."`
	Strict   bool     `help:"Fail, with exit code 1, unless the verdict is pass."`
	anewFlag
}

func (c *auditCmd) Run(s *session) error {
	budget, err := dollarsGiven(c.Budget)
	switch {
	case err != nil:
		return err
	case c.Ask < 0:
		return fmt.Errorf("--ask %d: give how many pairs of texts to put to the teacher", c.Ask)
	case budget != nil && c.Ask == 0:
		return &hinted{errors.New("--budget without --ask pays for nothing"), "say how many pairs of texts to put to the teacher, such as --ask 100"}
	}
	var verdict eval.Ruling
	err = s.opened(func(a *app.App) error {
		return s.asRun(c.Anew, c.JSON && !s.Terminal, func(how app.Asked, bar *progress) error {
			return a.AuditRun(s.ctx, app.AuditOptions{Student: c.Student, Data: c.Data, Eval: c.Eval, Columns: dataset.Columns{Input: c.Input, Label: c.Label},
				Override: c.Override, Ask: c.Ask, Budget: budget, Seed: c.Seed, Again: c.Again}, how, func(report *audit.Report) error {
				bar.End()
				verdict = report.Verdict
				return c.print(s, report)
			})
		})
	})
	if err == nil && c.Strict && verdict != eval.Pass { // only now: the run itself is done, and its report was given
		return &hinted{fmt.Errorf("the verdict is %s, and --strict wants pass", verdict), "the report says which checks decided so"}
	}
	return err
}

func (c *auditCmd) print(s *session, r *audit.Report) error {
	if c.JSON {
		return s.json(r)
	}
	s.line("student", r.Student+" of task "+r.Task)
	s.line("audited", clock(r.Created))
	s.line("data", fmt.Sprintf("%d examples of %s", r.Training, r.Data))
	if r.Eval != "" {
		s.line("eval", fmt.Sprintf("%d texts of %s", r.Judging, r.Eval))
	}
	for _, n := range r.Notes {
		s.line("note", n)
	}
	for _, e := range r.Earlier {
		s.line("earlier", fmt.Sprintf("%s: %s, seed %d, data %s, eval %s, kept as %s", clock(e.Created), cmp.Or(string(e.Verdict), "cannot be read"), e.Seed,
			cmp.Or(e.Data, "none"), cmp.Or(e.Eval, "none"), e.File))
	}
	s.line("verdict", string(r.Verdict))
	for i := range r.Checks {
		check := &r.Checks[i]
		s.line(check.Name, string(check.Verdict)+": "+check.Says)
		for _, l := range check.Lines {
			fmt.Fprintf(s.Stdout, "%-12s - %s\n", "", printable(l))
		}
	}
	return nil
}
