// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package cli

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"retort/dataset"
	"retort/distill/label"
	"retort/internal/app"
	"retort/model"
)

// askFlags are the flags of commands that have teachers label.
type askFlags struct {
	Teachers    []string      `name:"teacher" placeholder:"MODEL" help:"Have this model label the inputs; several are weighed by how reliable each is at each label. Default: the task's teachers."`
	Budget      *float64      `placeholder:"USD" help:"What the labels may cost at most, in US dollars, with what earlier runs paid the same teachers for the same inputs; a server of one's own at another address, and another model, is another teacher. It is never exceeded."`
	Votes       int           `default:"1" placeholder:"K" help:"Ask each teacher K times about each input; the shares become soft labels."`
	Soft        bool          `help:"Ask for the probabilities of labels, where an upstream gives them."`
	Deadline    time.Duration `placeholder:"24h" help:"How long the labels may take; from an hour on they come through batches, at half the price, where the upstream has them."`
	Relabel     bool          `help:"Label rows that have a label too; theirs then tell how good the teachers are."`
	Retry       bool          `help:"Ask again where an earlier run got an answer that the task does not allow."`
	Pick        int           `placeholder:"N" help:"Label only N further inputs, chosen so that they teach most. About half are a random sample, which certifies."`
	Concurrency int           `default:"8" help:"Inputs under way at once."`
	MaxTokens   int           `placeholder:"N" help:"Most tokens of an answer, thoughts included (default 1024, for objects 4096)."`
}

// dollarsGiven returns the amount of --budget; nil: none was given.
func dollarsGiven(usd *float64) (*model.Money, error) {
	if usd == nil {
		return nil, nil
	}
	if !(*usd >= 0 && *usd <= 1e6) {
		return nil, &hinted{fmt.Errorf("--budget: %v is not from 0 to 1,000,000", *usd), "write US dollars, such as --budget 5"}
	}
	return new(model.Money(math.Round(*usd * float64(model.Dollar)))), nil
}

func (f *askFlags) asking() (app.Asking, error) {
	a := app.Asking{Teachers: f.Teachers, Votes: f.Votes, Soft: f.Soft, Deadline: f.Deadline, Relabel: f.Relabel, Retry: f.Retry, Pick: f.Pick,
		Concurrency: f.Concurrency, MaxTokens: f.MaxTokens}
	var err error
	if a.Budget, err = dollarsGiven(f.Budget); err != nil {
		return a, err
	}
	if f.Pick < 0 {
		return a, &hinted{fmt.Errorf("--pick: %d is below 0", f.Pick), "write how many inputs are to be labelled, such as --pick 1000"}
	}
	if f.Votes < 1 {
		return a, &hinted{fmt.Errorf("--votes: %d is below 1", f.Votes), "1 asks each teacher once about each input"}
	}
	return a, nil
}

type labelCmd struct {
	jsonFlag
	Task    string `arg:"" optional:"" help:"Name of the task whose labels are wanted; with --task, that of its file where none is given."`
	File    string `name:"task" type:"existingfile" placeholder:"FILE" help:"Take the task from this YAML or JSON file and not from the configuration: its fields, of which only output must be there, or a bare JSON Schema."`
	Data    string `required:"" placeholder:"FILE" help:"CSV, TSV, JSONL or Parquet file of inputs, or a version of a dataset (NAME@VERSION); rows that have a label keep it."`
	Input   string `placeholder:"COL" help:"Column or field of the input."`
	Label   string `placeholder:"COL" help:"Column or field of labels that are there already."`
	Out     string `type:"path" placeholder:"FILE" help:"Write the labelled rows here: .jsonl with soft labels and who said what, or .csv."`
	Dataset string `placeholder:"NAME" help:"Make a version of this dataset of the labelled rows."`
	askFlags
	anewFlag
}

func (c *labelCmd) Run(s *session) error {
	contract, err := contractFrom(&c.Task, c.File, "retort label TASK --data FILE, or retort label --task FILE --data FILE")
	if err != nil {
		return err
	}
	asking, err := c.asking()
	if err != nil {
		return err
	}
	if err := app.CheckLabelFile(c.Out); err != nil {
		return err
	}
	if c.Pick > 0 && strings.HasSuffix(strings.ToLower(c.Out), ".csv") {
		return &hinted{errors.New("--pick: a CSV file does not tell which labels were picked, and must not certify"), "write to a .jsonl file"}
	}
	if c.Dataset != "" {
		if err := dataset.CheckName(c.Dataset); err != nil { // before anything is paid for
			return fmt.Errorf("--dataset: %w", err)
		}
	}
	a, err := app.Open(s.ctx, s.config, app.Options{Getenv: s.Getenv})
	if err != nil {
		return err
	}
	defer a.Close()
	return s.asRun(c.Anew, c.JSON && !s.Terminal, func(how app.Asked, bar *progress) error {
		start := time.Now()
		return a.LabelRun(s.ctx, app.LabelOptions{Asking: asking, Task: c.Task, Contract: contract, ContractFile: c.File, Data: c.Data, Input: c.Input, Label: c.Label,
			Out: c.Out, Dataset: c.Dataset}, how, func(labels *app.Labels) error {
			bar.End()
			return c.print(s, labels, time.Since(start))
		})
	})
}

func (c *labelCmd) print(s *session, labels *app.Labels, took time.Duration) error {
	if c.JSON {
		return s.json(labels)
	}
	for _, l := range labelSummary(&labels.Report) {
		fmt.Fprintf(s.Stdout, "%-22s %s\n", l[0], printable(l[1]))
	}
	if labels.Kept > 0 {
		fmt.Fprintf(s.Stdout, "%-22s %d rows kept the label that they had\n", "", labels.Kept)
	}
	for _, note := range labels.Notes {
		fmt.Fprintf(s.Stdout, "%-22s %s\n", "note", printable(note))
	}
	fmt.Fprintf(s.Stdout, "%-22s %s\n", "took", duration(took))
	if labels.Written != "" {
		fmt.Fprintf(s.Stdout, "%-22s %s\n", "written", relative(labels.Written))
	}
	if labels.Version != nil {
		fmt.Fprintf(s.Stdout, "%-22s %s, %d examples\n", "dataset", labels.Version.Ref(), labels.Version.Examples)
	}
	switch {
	case labels.BudgetEnded:
		fmt.Fprintln(s.Stdout, "\nthe budget ended; the same command with a larger --budget goes on where it stopped")
	case labels.Written == "" && labels.Version == nil:
		fmt.Fprintln(s.Stdout, "\nthe labels are kept; the same command with --out FILE writes them, and asks nobody again")
	}
	return nil
}

// labelSummary returns what labelling did as pairs of name and text, for people.
func labelSummary(r *label.Report) [][2]string {
	lines := [][2]string{{"labelled", fmt.Sprintf("%d of %d inputs", r.Labelled, r.Inputs)}}
	if r.Missing > 0 {
		lines[0][1] += fmt.Sprintf(" (%d of %d answers are missing)", r.Missing, r.Asks)
	}
	cost := "$" + r.Cost.String()
	if r.Budget != nil {
		cost += " of $" + r.Budget.String()
	}
	if r.CostBefore > 0 {
		cost += fmt.Sprintf("; $%s by earlier runs", r.CostBefore)
	}
	if r.CostUnsure > 0 {
		cost += fmt.Sprintf("; $%s of it for calls without an answer, which may not be billed", r.CostUnsure)
	}
	lines = append(lines, [2]string{"labels cost", cost})
	for i := range r.Teachers {
		lines = append(lines, [2]string{"teacher", teacherWords(&r.Teachers[i])})
		if text := reliabilityWords(&r.Teachers[i]); text != "" {
			lines = append(lines, [2]string{"", text})
		}
	}
	for _, a := range r.Agreement {
		if a.Both > 0 {
			lines = append(lines, [2]string{"teachers agree", fmt.Sprintf("%s and %s on %s of %d inputs (kappa %.2f)", a.Teachers[0], a.Teachers[1],
				percent(float64(a.Same)/float64(a.Both)), a.Both, a.Kappa)})
		}
	}
	return lines
}

func teacherWords(t *label.TeacherReport) string {
	parts := []string{fmt.Sprintf("%d answers", t.Answers)}
	add := func(n int, format string) {
		if n > 0 {
			parts = append(parts, fmt.Sprintf(format, n))
		}
	}
	add(t.Reused, "%d kept from earlier runs")
	add(t.Traced, "%d from traces")
	add(t.Batched, "%d through batches")
	add(t.Calls, "%d calls")
	add(t.Refused, "%d of them refused for the rate and made again")
	add(t.Outside, "%d answers that the task does not allow, not used")
	for _, kind := range slices.Sorted(maps.Keys(t.Failed)) {
		parts = append(parts, fmt.Sprintf("%d inputs failed: %s", t.Failed[kind], kind))
	}
	add(t.Soft, "%d with probabilities")
	parts = append(parts, "$"+t.Cost.String())
	if t.Passed > 0 {
		parts = append(parts, fmt.Sprintf("%d answers to these inputs, for $%s, are not used: earlier runs had them from another model, or another address, of this name", t.Passed, t.PassedCost))
	}
	if t.Terms != "" {
		parts = append(parts, "learning from it: "+t.Terms)
	}
	return t.Name + ": " + strings.Join(parts, "; ")
}

// reliabilityWords says how good a teacher seems to be, and where it is weakest and strongest.
func reliabilityWords(t *label.TeacherReport) string {
	var parts []string
	if t.Known > 0 {
		parts = append(parts, fmt.Sprintf("right on %d of %d known labels", t.Right, t.Known))
	}
	if t.Repeated > 0 {
		parts = append(parts, fmt.Sprintf("said the same again to %d of %d", t.Repeats, t.Repeated))
	}
	if t.Reliability != nil {
		parts = append(parts, fmt.Sprintf("reliability about %s", percent(*t.Reliability)))
		classes := slices.Clone(t.Classes)
		slices.SortStableFunc(classes, func(a, b label.ClassScore) int { return cmp.Compare(b.Reliability, a.Reliability) })
		const shown = 3
		if len(classes) > 2*shown {
			parts = append(parts, "best at "+classWords(classes[:shown]), "worst at "+classWords(classes[len(classes)-shown:]))
		} else {
			parts = append(parts, classWords(classes))
		}
	}
	return strings.Join(parts, "; ")
}

func classWords(classes []label.ClassScore) string {
	words := make([]string, len(classes))
	for i, c := range classes {
		words[i] = fmt.Sprintf("%s %s", c.Label, percent(c.Reliability))
	}
	return strings.Join(words, ", ")
}
