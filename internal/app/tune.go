// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"retort/eval"
	"retort/internal/config"
	"retort/internal/plant"
	"retort/internal/store"
	"retort/internal/suggest"
	"retort/model"
	"retort/provider"
	"retort/task"
	"retort/tune"
)

// TuneOptions say what to tune, and on what: Data or the traces.
type TuneOptions struct {
	Blend       string
	Data        string // a file of outcomes, or of labelled requests that the models are then asked; empty: the traces
	Task        string // by whose contract the models are asked; empty: they are asked plainly
	DryRun      bool   // only report
	Limit       int    // how many records at most; 0: all
	Concurrency int    // requests under way at once; 0: 8
	Seed        uint64
	Budget      *model.Money // what the verdicts of a judge may cost at most; nil: none is asked
	Use         bool         // put it in use though a part does as well for less

	Progress func(stage string, done, total int) // may be nil
}

// Tune fits a blend on outcomes, keeps the tuning and puts it in use where that is worthwhile (tune.Report). A serving process takes it up by itself. Asking models that was interrupted goes on where it stopped when
// Tune is called again with the same data; while another process asks them about it, it is refused.
func (a *App) Tune(ctx context.Context, o TuneOptions) (*tune.Report, error) {
	if o.Progress == nil {
		o.Progress = func(string, int, int) {}
	}
	p := a.plant.Load()
	blend, ok := p.Tunables[o.Blend]
	if !ok {
		return nil, notTunable(p, o.Blend)
	}
	fitter, parts := blend.Fitter()
	job := &tune.Job{Blend: o.Blend, Models: parts, Seed: o.Seed, Progress: o.Progress}
	journals := &journals{app: a}
	defer journals.release()
	release, err := a.hire(ctx, job, blend, &o, journals)
	if err != nil {
		return nil, err
	}
	defer release()
	notes, err := a.gatherOutcomes(ctx, p, job, &o, besideOf(fitter), journals)
	if err != nil {
		return nil, err
	}
	artefact, report, err := fitter.Fit(ctx, job)
	if err != nil {
		return nil, err
	}
	report.Warnings = append(report.Warnings, notes...)
	if o.DryRun {
		return report, nil
	}
	if now := blend.Tuned(); now != "" && !report.Reached {
		report.Warnings = append(report.Warnings, fmt.Sprintf("the target is not reached, so tuning %s stays in use; to go without it: retort tunings drop %s", now, o.Blend))
		return report, nil
	}
	if report.Kind == tune.KindCascade && !report.Reached {
		report.Warnings = append(report.Warnings, "a tuning that certifies nothing is not kept")
		return report, nil
	}
	if err := a.keepTuning(ctx, report, artefact); err != nil {
		return nil, err
	}
	_ = journals.forget() // one that stays costs some space, and is right
	if !report.Worthwhile() && !o.Use {
		why, now := report.Outdone+" alone does as well for no more", blend.Meanwhile()
		if report.Kind == tune.KindVote {
			why = "votes that count alike do better"
		}
		if tuned := blend.Tuned(); tuned != "" {
			now = "tuning " + tuned + " stays in use"
		}
		report.Warnings = append(report.Warnings, fmt.Sprintf("it was not put in use, since %s; %s. To use it all the same: retort tunings use %s", why, now, report.Tuning))
		return report, nil
	}
	_, err = a.UseTuning(ctx, report.Tuning)
	report.InUse = err == nil
	return report, err
}

// besideOf returns models of which outcomes are read where there are some, but that are not asked for them.
func besideOf(fitter tune.Fitter) []string {
	if c, ok := fitter.(tune.Cascade); ok {
		return []string{c.Strong}
	}
	return nil
}

// gatherOutcomes finds the records of a job.
func (a *App) gatherOutcomes(ctx context.Context, p *plant.Plant, job *tune.Job, o *TuneOptions, beside []string, journals *journals) (notes []string, err error) {
	known := append(slices.Clone(job.Models), beside...)
	if o.Data == "" {
		return a.tracedOutcomes(ctx, p, job, known, o.Progress)
	}
	ignored := map[string]int{}
	if job.Records, err = tune.ReadFile(o.Data, known, ignored); err != nil {
		return nil, err
	}
	if notes, err = strangersIn(p.Config, job, o.Data, ignored); err != nil {
		return nil, err
	}
	if o.Limit > 0 {
		job.Records = job.Records[:min(o.Limit, len(job.Records))]
	}
	for _, name := range job.Models {
		if err := a.askPart(ctx, job, name, o, journals); err != nil {
			return nil, err
		}
	}
	for _, name := range known {
		if note := price(p.Config, job, name); note != "" {
			notes = append(notes, note)
		}
	}
	empty := 0
	for i := range job.Records {
		if len(job.Records[i].Outcomes) == 0 {
			empty++
		}
	}
	if empty > 0 {
		notes = append(notes, fmt.Sprintf("%d of %d records have neither an outcome of a model nor a label, and teach nothing", empty, len(job.Records)))
	}
	return notes, nil
}

// strangers says which models' outcomes are not of the blend. One that is no model at all, and looks like a part of which there is
// no outcome, is misspelt.
func strangersIn(c *config.Config, job *tune.Job, file string, ignored map[string]int) ([]string, error) {
	var notes []string
	for _, name := range slices.Sorted(maps.Keys(ignored)) {
		var missing []string
		for _, part := range job.Models {
			if !slices.ContainsFunc(job.Records, func(r tune.Record) bool { _, has := r.Outcomes[part]; return has }) {
				missing = append(missing, part)
			}
		}
		_, isModel := c.Models[name]
		_, isTask := c.Tasks[name]
		if meant := suggest.Near(name, missing); meant != "" && !isModel && !isTask {
			return nil, &misspeltError{fmt.Sprintf("%s: %d outcomes are of %q, which is no part of %s%s", file, ignored[name], name, job.Blend, meant), job.Models}
		}
		meant := ""
		if !isModel && !isTask {
			meant = suggest.Near(name, job.Models)
		}
		notes = append(notes, fmt.Sprintf("%d outcomes of %q were ignored: it is no part of %s%s", ignored[name], name, job.Blend, meant))
	}
	if len(notes) > 5 {
		notes = append(notes[:5], fmt.Sprintf("so were those of %d other models", len(notes)-5))
	}
	return notes, nil
}

// misspeltError says that a name in a file is likely another's.
type misspeltError struct {
	text  string
	parts []string
}

func (e *misspeltError) Error() string { return e.text }
func (e *misspeltError) Hint() string  { return "its parts are " + strings.Join(e.parts, ", ") }

// askPart puts the labelled records without an outcome of a model to it.
func (a *App) askPart(ctx context.Context, job *tune.Job, name string, o *TuneOptions, journals *journals) error {
	var cases []eval.Case
	var places []int
	for i := range job.Records {
		r := &job.Records[i]
		if _, known := r.Outcomes[name]; !known && r.Label != "" {
			cases = append(cases, eval.Case{Input: strconv.Itoa(i), Gold: r.Label})
			places = append(places, i)
		}
	}
	if len(cases) == 0 {
		return nil
	}
	m, contract, err := a.part(name, o.Task)
	if err != nil {
		return err
	}
	journal, err := journals.open("tune "+name+" "+o.Task, o.Data, name)
	if err != nil {
		return err
	}
	run := eval.RunOptions{Name: name, Concurrency: o.Concurrency, Journal: journal, Measure: eval.MeasureOptions{Resamples: 1},
		Request: func(c eval.Case) *model.Request {
			i, _ := strconv.Atoi(c.Input) // made above
			return model.NewRequest(name, job.Records[i].Content)
		},
		Progress: func(p eval.Progress) { o.Progress("ask "+name, p.Done, p.Total) }}
	if contract != nil {
		run.Parse = func(r *model.Response) (string, bool) { return contract.Parse(r.Text()) }
	}
	report, err := eval.Run(ctx, a.asking(m, model.Tuning, name), cases, run)
	if err != nil {
		return err
	}
	for k := range report.Outcomes {
		out := &report.Outcomes[k]
		quality := 0.0
		if out.Error == "" && out.Predicted == cases[k].Gold {
			quality = 1
		}
		job.Records[places[k]].Outcomes[name] = tune.Outcome{Quality: quality, Cost: out.Cost.Dollars(), Answer: out.Predicted}
	}
	return nil
}

// part returns a part of a blend as it is asked, by the contract of a task if one is named.
func (a *App) part(name, taskName string) (model.Model, *task.Task, error) {
	m, err := a.Model(name)
	if err != nil || taskName == "" {
		return m, nil, err
	}
	d, ok := a.plant.Load().Desks[taskName]
	if !ok {
		return nil, nil, &unknownTaskError{taskName}
	}
	return d.Task.Teacher(m), d.Task, nil
}

// price fills in the cost of a model's outcomes where none is known, by its price and about how many tokens there are, and says
// so.
func price(c *config.Config, job *tune.Job, name string) string {
	price := model.Price(c.Models[name].Price)
	for i := range job.Records {
		if out, ok := job.Records[i].Outcomes[name]; ok && out.Cost > 0 {
			return ""
		}
	}
	if price == (model.Price{}) {
		return ""
	}
	for i := range job.Records {
		r := &job.Records[i]
		if out, ok := r.Outcomes[name]; ok {
			usage := model.Usage{Input: provider.EstimateTokens(r.Content)}
			if out.Answer != "" {
				usage.Output = provider.EstimateTokens(model.Prompt(out.Answer))
			}
			out.Cost = price.Cost(usage).Dollars()
			r.Outcomes[name] = out
		}
	}
	return fmt.Sprintf("the data do not say what %s cost; its price and an estimate of the tokens were taken", name)
}

// keepTuning stores a tuning.
func (a *App) keepTuning(ctx context.Context, report *tune.Report, artefact []byte) error {
	id := strings.ToLower(rand.Text()[:10])
	data := a.plant.Load().Config.Data
	path := filepath.Join("tunings", id+"."+report.Kind)
	if err := os.MkdirAll(filepath.Join(data, "tunings"), 0o700); err != nil {
		return fmt.Errorf("make the folder of tunings: %w", err)
	}
	file := filepath.Join(data, path)
	if err := os.WriteFile(file, artefact, 0o600); err != nil {
		return fmt.Errorf("write the tuning: %w", err)
	}
	report.Tuning = id
	card, err := json.Marshal(report)
	if err != nil {
		return errors.Join(fmt.Errorf("write the tuning's card: %w", err), os.Remove(file))
	}
	_, err = a.store.AddTuning(ctx, store.Tuning{ID: id, Tenant: model.DefaultTenant, Blend: report.Blend, Kind: report.Kind,
		Path: filepath.ToSlash(path), Bytes: int64(len(artefact)), Card: card})
	if err != nil {
		return errors.Join(err, os.Remove(file))
	}
	return nil
}
