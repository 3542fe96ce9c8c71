// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"retort/dataset"
	"retort/distill"
	"retort/distill/label"
	"retort/internal/config"
	"retort/internal/origin"
	"retort/internal/plant"
	"retort/internal/store"
	"retort/model"
	"retort/task"
)

// Asking says how teachers are asked for labels.
type Asking struct {
	Teachers    []string      // models; empty: the task's
	Budget      *model.Money  // most that the labels may cost, with what earlier runs paid these teachers for them; nil: nothing, where calls cost
	Votes       int           // how often each teacher is asked about each input; 0: once
	Soft        bool          // ask for probabilities of labels
	Deadline    time.Duration // how long the labels may take; long ones let batches be used, at half the price
	Relabel     bool          // ask about inputs that have a label too; theirs tell how good the teachers are
	Retry       bool          // ask again where an earlier run got an answer that the task does not allow
	Pick        int           // label so many further inputs, chosen so that they teach most; 0: all
	Concurrency int           // inputs under way at a time; 0: 8
	MaxTokens   int           // most output tokens of a call; 0: package label's default
}

// given says whether somebody wants teachers asked.
func (a *Asking) given() bool { return len(a.Teachers) > 0 || a.Budget != nil || a.Pick > 0 }

// LabelOptions say what to label.
type LabelOptions struct {
	Asking
	Task string
	// Contract is the task where a file of its own has it; nil: the configuration does. One that the configuration has too must allow the
	// same answers there.
	Contract     *config.Task `json:"-"`
	ContractFile string       // where Contract was read from, for another process to do so again
	Data         string       // a file of inputs, with labels or without, or a version of a dataset
	Input        string       // its column of inputs; empty: found by name
	Label        string       // its column of labels
	// Out is a file to write the labelled rows to, and Dataset a dataset to make a version of them of; empty: none. They are LabelRun's.
	Out      string
	Dataset  string
	Progress func(stage string, done, total int) `json:"-"` // may be nil
}

// Labels are the labels of a file's inputs.
type Labels struct {
	label.Report
	Data     string           `json:"data"`           // the file's name
	Kept     int              `json:"kept,omitempty"` // inputs that had a label, and were not asked about
	Examples []label.Labelled `json:"-"`              // of all inputs with a label, in their order

	Version *dataset.Version `json:"version,omitempty"` // that KeepLabels made
	Written string           `json:"written,omitempty"` // the file that has the rows
	task    string
}

// Label has a file's inputs labelled by a task's teachers. What was answered is kept in the data folder, so that the same
// call goes on where one that was interrupted, or whose budget ended, stopped.
func (a *App) Label(ctx context.Context, o LabelOptions) (*Labels, error) {
	w, err := a.labeller(&o)
	if err != nil {
		return nil, err
	}
	set, _, err := a.readData(ctx, o.Data, dataset.Columns{Input: o.Input, Label: o.Label}, dataset.ReadInputs)
	if err != nil {
		return nil, err
	}
	out, err := w.file(ctx, set)
	if err != nil {
		return nil, err
	}
	out.Notes, out.task = slices.Concat(skipped(set), w.notes, out.Notes), o.Task
	return out, nil
}

// labeller returns who labels a file by a task of the configuration, or of a file of its own, whose teachers are the configured task's where it
// names none.
func (a *App) labeller(o *LabelOptions) (*labelling, error) {
	w := &labelling{app: a, asking: &o.Asking, progress: o.Progress}
	d, err := a.agreed(o.Task, o.Contract)
	if err != nil {
		return nil, err
	}
	if d != nil {
		w.task, w.configured = d.Task, d.Config.Teacher
	}
	if o.Contract != nil {
		if w.task, err = o.Contract.Contract(o.Task); err != nil {
			return nil, err
		}
		if len(o.Contract.Teacher) > 0 {
			w.configured = o.Contract.Teacher
		}
	}
	if w.task == nil {
		return nil, &unlabelledTaskError{o.Task}
	}
	return w, nil
}

// labelling is teachers at work on a task.
type labelling struct {
	app        *App
	task       *task.Task
	configured []string // the task's teachers
	asking     *Asking
	progress   func(string, int, int)
	purpose    model.Work // what the answers are for; empty: model.Labelling
	thrifty    bool       // who costs money is not asked without a budget, and that is all right
	notes      []string
}

// names returns who is asked.
func (w *labelling) names() []string {
	if len(w.asking.Teachers) > 0 {
		return w.asking.Teachers
	}
	return w.configured
}

// file labels the inputs of a file. Labels that it has stay, unless they are to be made anew.
func (w *labelling) file(ctx context.Context, set *dataset.Set) (*Labels, error) {
	open, kept, err := w.divide(set)
	if err != nil {
		return nil, err
	}
	if len(open) == 0 {
		return nil, &allLabelledError{set.Name}
	}
	ask := w.run
	if w.asking.Pick > 0 {
		ask = func(ctx context.Context, open []dataset.Example) (*label.Result, error) {
			return w.pick(ctx, open, kept)
		}
	}
	result, err := ask(ctx, open)
	if err != nil {
		return nil, err
	}
	out := &Labels{Report: result.Report, Data: set.Name, Kept: len(kept)}
	for i := range kept {
		out.Examples = append(out.Examples, label.Labelled{Example: kept[i]})
	}
	out.Examples = append(out.Examples, result.Examples...)
	slices.SortStableFunc(out.Examples, func(a, b label.Labelled) int { return a.Line - b.Line })
	return out, nil
}

// divide returns the inputs to ask about, and those that keep their label. Labels are read as those of a person: in any
// case and spacing.
func (w *labelling) divide(set *dataset.Set) (open, kept []dataset.Example, err error) {
	wrong, first := 0, ""
	others := map[string]int{} // labels that other teachers gave, by these
	for _, e := range set.Examples {
		if e.Source == "" && e.ID == "" {
			e.Source = set.Name
		}
		if e.Label == "" {
			open = append(open, e)
			continue
		}
		said, err := w.task.Read(e.Text, e.Label)
		if err != nil {
			if wrong++; wrong == 1 {
				first = fmt.Sprintf("%q (%s)", e.Label, e.Origin())
			}
			e.Label = ""
			open = append(open, e)
			continue
		}
		if e.Label = said; w.asking.Relabel && !e.Gold {
			open = append(open, e)
		} else {
			kept = append(kept, e)
			if !w.taughtBy(e.Teacher) {
				others[e.Teacher]++
			}
		}
	}
	for _, who := range slices.Sorted(maps.Keys(others)) {
		w.notes = append(w.notes, fmt.Sprintf("%d labels of %s are those of %s, which is not asked now, and were kept; --relabel has them made anew", others[who], set.Name, who))
	}
	if wrong > 0 {
		w.notes = append(w.notes, fmt.Sprintf("%d labels of %s are none of the task's and count as missing, the first %s", wrong, set.Name, first))
	}
	return open, kept, nil
}

// taughtBy says whether a label is a person's, or one that who is asked may have given.
func (w *labelling) taughtBy(who string) bool {
	c := w.app.plant.Load().Config
	for name := range strings.SplitSeq(who, ", ") {
		if name != "" && !slices.ContainsFunc(w.names(), func(teacher string) bool { return origin.NamesOf(c, teacher).Has(name) }) {
			return false
		}
	}
	return true
}

// run asks the teachers about inputs. What traces have of their answers is not asked for.
func (w *labelling) run(ctx context.Context, inputs []dataset.Example) (*label.Result, error) {
	names := w.names()
	if len(names) == 0 {
		return nil, &noTeacherError{w.task.Name}
	}
	teachers, p, err := w.teachers(ctx, names)
	if err != nil {
		return nil, err
	}
	defer p.Close()
	job := label.Job{Task: w.task, Inputs: inputs, Teachers: teachers, Votes: w.asking.Votes, Soft: w.asking.Soft, Budget: w.asking.Budget,
		MaxTokens: w.asking.MaxTokens, Concurrency: w.asking.Concurrency, Deadline: w.asking.Deadline, Retry: w.asking.Retry, Journal: w.journal()}
	if w.task.Object == nil {
		job.Voice = distill.Voice(w.task.Labels, w.progress)
	}
	if w.progress != nil {
		stage := "label by " + strings.Join(names, ", ")
		job.Progress = func(p label.Progress) { w.progress(stage, p.Done, p.Total) }
	}
	w.noteBatches(teachers)
	if job.Earlier, err = w.traced(ctx, p, names); err != nil {
		return nil, err
	}
	uncounted := origin.Unpriced(p.Config, names...)
	if uncounted != "" && !(w.thrifty && job.Budget == nil) {
		return nil, &unpricedError{uncounted}
	}
	if job.Budget == nil && (uncounted != "" || w.dearest(p, names) > 0) {
		nothing := model.Money(0)
		job.Budget, job.Offline = &nothing, w.thrifty
	}
	result, err := label.Run(ctx, job)
	if err == nil && w.asking.Budget == nil && result.Report.BudgetEnded {
		return nil, &noBudgetError{missing: result.Report.Missing, estimate: w.estimate(p, names, inputs, result.Report.Missing)}
	}
	return result, err
}

// noteBatches says where a deadline does not have the effect that people want of it.
func (w *labelling) noteBatches(teachers []label.Teacher) {
	if w.asking.Deadline <= 0 {
		return
	}
	if w.asking.Deadline < label.LeastDeadline {
		w.notes = append(w.notes, fmt.Sprintf("a deadline below %s leaves no time for batches: teachers are asked directly", label.LeastDeadline))
		return
	}
	for _, t := range teachers {
		if t.Batch == nil {
			w.notes = append(w.notes, fmt.Sprintf("teacher %s has no batches and is asked directly, at the full price", t.Name))
		}
	}
}

// journal is the file that keeps the answers of a task's teachers.
func (w *labelling) journal() string {
	name := unsafeInNames.ReplaceAllString(w.task.Name, "_")
	return filepath.Join(w.app.plant.Load().Config.Data, "labels", name+"-"+label.Contract(w.task)[:16]+".jsonl")
}

// unsafeInNames is what file systems may take for something else.
var unsafeInNames = regexp.MustCompile(`[^A-Za-z0-9_-]`)

// traced returns what teachers answered to the task in traces. Where two of them may have the same name in answers, nobody
// knows whose an answer is.
func (w *labelling) traced(ctx context.Context, p *plant.Plant, names []string) ([]label.Answer, error) {
	if err := w.app.flush(ctx); err != nil {
		return nil, err
	}
	var who []origin.Names
	for _, name := range names {
		who = append(who, origin.NamesOf(p.Config, name))
	}
	chosen := store.Filter{Tenant: model.DefaultTenant, Model: w.task.Name, Status: store.Answered, Content: true}
	var out []label.Answer
	for trace, err := range w.app.store.Traces(ctx, chosen) {
		if trace == nil {
			return nil, err
		}
		if err != nil || trace.Response == nil || asked(trace, w.task.Name) {
			continue
		}
		at := -1
		for i, c := range who {
			if origin.Gave(p.Config, names[i], c, trace) {
				if at >= 0 {
					at = len(who)
					break
				}
				at = i
			}
		}
		if at < 0 || at == len(who) {
			continue
		}
		if input, err := traceInput(trace); err == nil {
			out = append(out, label.Answer{Teacher: names[at], Text: input, Said: trace.Response.Text(), Model: trace.Response.Model, Trace: trace.ID})
		}
	}
	return out, nil
}
