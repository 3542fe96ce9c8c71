// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"retort/eval"
	"retort/internal/app"
)

type evalCmd struct {
	jsonFlag
	Models      []string `arg:"" name:"model" help:"Models, tasks, or ids of students; several are compared with each other."`
	Data        string   `required:"" placeholder:"FILE" help:"CSV, TSV, JSONL or Parquet file of inputs with the answers wanted, or a version of a dataset (NAME@VERSION); with --judge of inputs alone."`
	Input       string   `placeholder:"COL" help:"Column or field of the input."`
	Label       string   `placeholder:"COL" help:"Column or field of the answer wanted."`
	Limit       int      `placeholder:"N" help:"Only the first N examples."`
	Concurrency int      `default:"8" help:"Requests under way at once."`
	Parts       bool     `help:"Compare a blend with the models that it is made of."`
	Judge       string   `placeholder:"MODEL" help:"Compare by which of two answers this model prefers, asked in both orders; no labels are needed."`
	Rubric      string   `placeholder:"TEXT" help:"What makes an answer good, in words for the judge."`
	Report      string   `type:"path" placeholder:"FILE" help:"Write the comparison of several models as an HTML page."`
	Confusions  int      `default:"5" help:"How many confusions to print."`
}

func (c *evalCmd) Run(s *session) error {
	a, err := s.open(true)
	if err != nil {
		return err
	}
	defer a.Close()
	if len(c.Models) > 1 || c.Parts || c.Judge != "" || c.Rubric != "" {
		return c.contrast(s, a)
	}
	if c.Report != "" {
		return &hinted{errors.New("--report shows how models compare, and there is one"), "name several models, or one blend with --parts"}
	}
	bar := s.progress(c.JSON && !s.Terminal)
	options := c.options(bar)
	options.Model = c.Models[0]
	result, err := a.Evaluate(s.ctx, options)
	bar.End()
	if err != nil {
		return s.resumable(err)
	}
	if c.JSON {
		return s.json(result)
	}
	c.print(s, result)
	return nil
}

func (c *evalCmd) options(bar *progress) app.EvalOptions {
	return app.EvalOptions{Data: c.Data, Input: c.Input, Label: c.Label, Limit: c.Limit, Concurrency: c.Concurrency, Judge: c.Judge, Rubric: c.Rubric,
		Progress: func(model string, p eval.Progress) { bar.Step("ask "+model, p.Done, p.Total) }}
}

// resumable says of work that was interrupted how to go on.
func (s *session) resumable(err error) error {
	if s.ctx.Err() != nil {
		return &hinted{err, "the same command goes on where this one stopped"}
	}
	return err
}

func (c *evalCmd) print(s *session, r *app.Evaluation) {
	line := func(name, format string, args ...any) {
		fmt.Fprintf(s.Stdout, "%-12s %s\n", name, fmt.Sprintf(format, args...))
	}
	m := r.Metrics
	line("model", "%s on %s", r.Model, r.Data)
	line("answered", "%d of %d", r.Answered, r.Items)
	for _, kind := range slices.Sorted(maps.Keys(r.Errors)) {
		line("failed", "%d: %s", r.Errors[kind], kind)
	}
	if r.Message != "" {
		line("", "first: %s", clip(printable(r.Message), 200))
	}
	line("accuracy", "%s  [%s – %s]", percent(m.Accuracy.Value), percent(m.Accuracy.Lower), percent(m.Accuracy.Upper))
	line("macro-F1", "%.3f  [%.3f – %.3f]", m.MacroF1.Value, m.MacroF1.Lower, m.MacroF1.Upper)
	for i := range m.Fields {
		line("field", "%s: %s", printable(m.Fields[i].Name), fieldWords(&m.Fields[i]))
	}
	for i := range r.Relied {
		line("student", "%s: %s", printable(r.Relied[i].Name), relied(&r.Relied[i]))
	}
	if m.Calibration != nil {
		line("calibration", "Brier %.3f, ECE %.3f over %d scored answers", m.Calibration.Brier.Value, m.Calibration.ECE.Value, m.Calibration.Items)
	}
	for _, name := range slices.Sorted(maps.Keys(r.AnsweredBy)) {
		line("answers by", "%s: %d (%s)", name, r.AnsweredBy[name], percent(float64(r.AnsweredBy[name])/float64(max(r.Answered, 1))))
	}
	for _, warning := range r.Warnings {
		line("note", "%s", printable(warning))
	}
	line("cost", "$%s for %d + %d tokens", r.Cost, r.Usage.Input, r.Usage.Output)
	line("latency", "p50 %s  p99 %s", duration(r.Latency.P50), duration(r.Latency.P99))
	for i, confusion := range m.Confusions {
		if i == c.Confusions {
			break
		}
		if confusion.Predicted == "" {
			line("unanswered", "%d × %s", confusion.Count, printable(confusion.Gold))
			continue
		}
		line("confused", "%d × %s taken for %s", confusion.Count, printable(confusion.Gold), printable(confusion.Predicted))
	}
}
