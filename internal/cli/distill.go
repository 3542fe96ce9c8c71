// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"retort/dataset/refine"
	"retort/distill"
	"retort/eval"
	"retort/eval/certify"
	"retort/internal/app"
	"retort/internal/config"
)

type distillCmd struct {
	jsonFlag
	Task       string   `arg:"" optional:"" help:"Name of the task; with --task, that of its file where none is given."`
	File       string   `name:"task" type:"existingfile" placeholder:"FILE" help:"Take the task from this YAML or JSON file and not from the configuration: its fields, of which only output must be there, or a bare JSON Schema."`
	Data       string   `placeholder:"FILE" help:"Learn from this CSV, TSV, JSONL or Parquet file, or from this version of a dataset (NAME@VERSION), instead of traces; its labels are the teacher's answers, and where it has none the task's teachers label it (--budget)."`
	Input      string   `placeholder:"COL" help:"Column or field of the input."`
	Label      string   `placeholder:"COL" help:"Column or field of the label."`
	Eval       string   `placeholder:"FILE" help:"Measure, and certify, on this file or version of a dataset; it is never trained on."`
	Agreement  *float64 `placeholder:"0.95" help:"Agreement with the teacher wanted among the answers."`
	Confidence *float64 `placeholder:"0.95" help:"Confidence wanted of that."`
	Method     string   `enum:",cross-fitted,strict" default:"" placeholder:"cross-fitted" help:"How the threshold is found: cross-fitted uses all labels and is provisional until unseen labels certify it; strict keeps a fifth from training and is certified at once."`
	Effort     string   `enum:",standard,high" default:"" placeholder:"standard" help:"standard trains in seconds; high may take minutes for accuracy."`
	Seed       uint64   `default:"1" help:"Seed of everything random."`
	Refine     string   `default:"default" placeholder:"STEPS" help:"Refining steps before training: default, none, or steps with commas between; -STEP leaves one out, STEP=list only lists what it finds. Steps: corrections, contradictions, duplicates, leakage, near, language, length, errors, balance, private."`
	Outside    string   `name:"out-of-scope" type:"existingfile" placeholder:"FILE" help:"Texts that are none of the task, at least 20, in a file as for --data whose labels do not count: the student learns to leave such to the teacher."`
	Alarms     float64  `name:"false-alarms" placeholder:"0.05" help:"Share of the task's own texts that the student may leave to the teacher as unlike its examples, whatever their score, so that it answers fewer that are none of the task. Without it, or out-of-scope texts, none is left for that alone."`
	Reask      int      `default:"100" placeholder:"N" help:"Ask the teacher again about N inputs to learn how consistent it is (default 100); 0 asks none. Each costs what an answer does. From traces only."`
	askFlags
	anewFlag
	Promote bool   `help:"Make the student the champion at once."`
	Report  string `type:"path" placeholder:"FILE" help:"Write the report page (HTML) here."`
}

func (c *distillCmd) Run(s *session) error {
	contract, err := c.contract()
	if err != nil {
		return err
	}
	goal, err := c.goal()
	if err != nil {
		return err
	}
	a, err := s.open(c.Data != "")
	if err != nil {
		return err
	}
	defer a.Close()
	if err := c.confirm(s, a); err != nil {
		return err
	}
	plan, err := refine.ParsePlan(c.Refine)
	if err == nil {
		err = distill.CheckPlan(plan)
	}
	if err != nil {
		return err
	}
	asking, err := c.asking()
	if err != nil {
		return err
	}
	return s.asRun(c.Anew, c.JSON && !s.Terminal, func(how app.Asked, bar *progress) error {
		start := time.Now()
		return a.DistillRun(s.ctx, app.DistillOptions{
			Task: c.Task, Contract: contract, ContractFile: c.File, Data: c.Data, Input: c.Input, Label: c.Label, Eval: c.Eval, OutOfScope: c.Outside, FalseAlarms: c.Alarms,
			Goal:   goal,
			Method: certify.Method(c.Method), Effort: c.Effort, Seed: c.Seed, Reask: c.Reask, Refine: plan, Asking: asking,
		}, how, func(result *app.Distilled) error {
			bar.End()
			return c.made(s, a, result, time.Since(start))
		})
	})
}

// made prints a student, and does with it what is wanted.
func (c *distillCmd) made(s *session, a *app.App, result *app.Distilled, took time.Duration) (err error) {
	if c.Report != "" {
		if err := a.WriteReport(c.Report, result); err != nil {
			return err
		}
	}
	if c.JSON {
		err = s.json(result.Report)
	} else {
		c.print(s, result, took)
	}
	if err == nil && c.Promote {
		_, err = a.Promote(s.ctx, result.ID)
	}
	if err == nil && !c.JSON {
		c.next(s, a, result)
	}
	return err
}

// goal returns what is wanted of the student; 0 is what the task says.
func (c *distillCmd) goal() (certify.Goal, error) {
	var g certify.Goal
	for _, of := range []struct {
		flag  string
		given *float64
		value *float64
	}{{"--agreement", c.Agreement, &g.Agreement}, {"--confidence", c.Confidence, &g.Confidence}} {
		if of.given == nil {
			continue
		}
		if *of.given <= 0 || *of.given >= 1 {
			return g, fmt.Errorf("%s is %v: give a number between 0 and 1, both excluded, such as 0.95", of.flag, *of.given)
		}
		*of.value = *of.given
	}
	return g, nil
}

// contract reads the task where a file has it, and says what it is called.
func (c *distillCmd) contract() (*config.Task, error) {
	return contractFrom(&c.Task, c.File, "retort distill TASK, or retort distill --task FILE --data FILE")
}

// contractFrom reads a task where a file has it, which names it where it has no name. usage says how to name one.
func contractFrom(name *string, file, usage string) (*config.Task, error) {
	if file == "" {
		if *name == "" {
			return nil, &hinted{errors.New("no task is named"), usage}
		}
		return nil, nil
	}
	if *name == "" {
		*name = strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
	}
	return config.LoadTask(relative(file), *name)
}

// confirm asks whether a name that is none of the configured tasks is meant as a new one; where nobody can be asked it
// says so and goes on.
func (c *distillCmd) confirm(s *session, a *app.App) error {
	tasks := a.Tasks()
	if c.Data == "" || c.File != "" || len(tasks) == 0 || a.HasTask(c.Task) {
		return nil
	}
	known := fmt.Sprintf("the configuration has no task %q; it has: %s", printable(c.Task), printable(strings.Join(tasks, ", ")))
	if !s.Asks {
		fmt.Fprintf(s.Stderr, "note: %s; this makes a student for a new task\n", known)
		return nil
	}
	fmt.Fprintf(s.Stderr, "%s\nmake a student for a new task of that name? [y/N] ", known)
	answer, err := bufio.NewReader(io.LimitReader(s.Stdin, 100)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read the answer: %w", err)
	}
	if answer = strings.ToLower(strings.TrimSpace(answer)); answer == "y" || answer == "yes" {
		return nil
	}
	return &hinted{errors.New("nothing was distilled"), "name one of: " + strings.Join(tasks, ", ")}
}

func (c *distillCmd) print(s *session, result *app.Distilled, took time.Duration) {
	line := func(name, text string) { fmt.Fprintf(s.Stdout, "%-22s %s\n", name, printable(text)) }
	for _, l := range summary(&result.Report, took) {
		line(l[0], l[1])
	}
	if result.Report.Labelling != nil {
		for _, l := range labelSummary(result.Report.Labelling) {
			line(l[0], l[1])
		}
	}
	for i := range result.Report.Refined {
		if found := refine.Findings(&result.Report.Refined[i]); len(found) > 0 {
			line("refined", result.Report.Refined[i].Step+": "+strings.Join(found, "; "))
		}
	}
	for _, w := range result.Report.Warnings {
		line("note", w)
	}
	if c.Report != "" {
		line("report", relative(c.Report))
	}
	fmt.Fprintln(s.Stdout)
}

// next says how to go on.
func (c *distillCmd) next(s *session, a *app.App, result *app.Distilled) {
	switch {
	case c.Promote:
		fmt.Fprintf(s.Stdout, "%s is now the champion of %s\n", result.ID, printable(c.Task))
	case result.Report.Threshold == nil:
		fmt.Fprintln(s.Stdout, "the student is silent, so there is nothing to promote: collect more labels and distil again, or ask for less with --agreement")
	default:
		fmt.Fprintf(s.Stdout, "promote it:  %s students promote %s%s\n", program(), result.ID, s.configFlag())
		if a.Turns(c.Task) {
			fmt.Fprintf(s.Stdout, "%s has a wheel, which promotes students of its own once they are shown to be good enough; this one answers only where you promote it, and then all at once\n", printable(c.Task))
		}
	}
	if !a.HasTask(c.Task) {
		fmt.Fprintf(s.Stdout, "%s is not in the configuration yet; to serve it, add it there with a teacher:\n\n%s", printable(c.Task), printableLines(result.TaskYAML()))
	}
}

// summary returns a distillation's figures as pairs of name and text, for people.
func summary(r *distill.Report, took time.Duration) [][2]string {
	learned := fmt.Sprintf("%d examples, %d labels", r.TrainExamples, r.Labels)
	if n := len(r.Metrics.Fields); n > 0 {
		learned = fmt.Sprintf("%d examples, %d fields", r.TrainExamples, n)
	}
	if n := r.Cleaned.Duplicates; n > 0 {
		learned += fmt.Sprintf(" (%d duplicates merged)", n)
	}
	lines := [][2]string{
		{"student", r.Student},
		{"learned from", learned},
		{"measured on", fmt.Sprintf("%d examples: %s", r.EvalExamples, r.EvaluatedOn)},
		{"accuracy", fmt.Sprintf("%s [%s – %s], macro-F1 %.3f", percent(r.Accuracy), percent(r.Metrics.Accuracy.Lower), percent(r.Metrics.Accuracy.Upper), r.MacroF1)},
	}
	for i := range r.Metrics.Fields {
		f := &r.Metrics.Fields[i]
		lines = append(lines, [2]string{"field " + f.Name, fieldWords(f) + "; " + relied(&r.Fields[i])})
	}
	if n := len(r.Fields); slices.ContainsFunc(r.Fields, func(f distill.Field) bool { return f.Threshold != nil }) {
		lines = append(lines, [2]string{"fields", fmt.Sprintf("what is %s of values holds for all %d fields at once with confidence %s, whatever the rest of the answer is",
			statuses(r.Fields), n, percent(r.Confidence))})
	}
	if r.Threshold != nil {
		lines = append(lines,
			[2]string{"answers", answers(r)},
			[2]string{"agrees with teacher", fmt.Sprintf("%s of those answers (wanted %s)", percent(r.Agreement), percent(r.Target))})
	}
	if n := r.Novelty; n != nil && (n.Acts || n.Off != "") {
		lines = append(lines, [2]string{"unlike the examples", n.String()})
	}
	if r.Consistency != nil {
		lines = append(lines, [2]string{"consistency", consistency(r.Consistency, r.Reasked)})
	}
	lines = append(lines, [2]string{"guarantee", strings.TrimSpace(r.Certificate.String())})
	return append(lines, [2]string{"size, speed", fmt.Sprintf("%s; trained in %s; the command took %s; one answer %.0f µs (p99 %.0f µs)",
		bytesText(r.StudentBytes), duration(time.Duration(r.TrainSeconds*float64(time.Second))), duration(took), r.PredictP50us, r.PredictP99us)})
}

// answers says how much a student answers, and why it leaves the rest.
func answers(r *distill.Report) string {
	if r.NovelShare+r.UnsureShare == 0 {
		return percent(r.Coverage) + " of them"
	}
	return percent(r.Coverage) + " of them; the rest is the teacher's: " + percent(r.NovelShare) + " since they are unlike the examples, " + percent(r.UnsureShare) + " since it is unsure"
}

// relied says which values of a field may be relied on.
func relied(f *distill.Field) string {
	if f.Threshold == nil {
		if n := f.Certificate.MoreLabels; n > 0 {
			return fmt.Sprintf("silent: about %d more values would do", n)
		}
		return "silent"
	}
	return fmt.Sprintf("%s: %s of %d values given have a score of %.3f or more, of which %s agree",
		f.Certificate.Status, percent(f.Coverage), f.Given, *f.Threshold, percent(f.Agreement))
}

// statuses names what is promised of fields.
func statuses(fields []distill.Field) string {
	has := func(s certify.Status) bool {
		return slices.ContainsFunc(fields, func(f distill.Field) bool { return f.Certificate.Status == s })
	}
	switch {
	case has(certify.Certified) && has(certify.Provisional):
		return "certified and provisional"
	case has(certify.Certified):
		return "certified"
	}
	return "provisional"
}

// fieldWords says how well one field of objects is predicted.
func fieldWords(f *eval.Field) string {
	return fmt.Sprintf("%s right, F1 %.3f of %d values", percent(f.Accuracy.Value), f.F1, f.Support)
}

// consistency says how often the teacher repeated itself, and what it took to know.
func consistency(c *certify.Consistency, again *distill.Reasked) string {
	text := fmt.Sprintf("the teacher repeated itself on %d of %d inputs", c.Same, c.Asked)
	if again == nil {
		return text + " that came more than once"
	}
	return text + fmt.Sprintf("; %d calls, $%s", again.Calls, again.Cost)
}
