// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"slices"
	"time"

	"retort/eval"
	"retort/internal/report"
	"retort/model"
)

// Contrast is what an evaluation of several models on the same examples found.
type Contrast struct {
	Data     string   `json:"data"` // the file's name
	Items    int      `json:"items"`
	Warnings []string `json:"warnings,omitempty"`
	// Judged has what a judge prefers; null where answers are held against labels. With it the quality of a model is the share of
	// the others that it beats on an item, ties a half, and there are no Pairs but Judged's.
	Judged *Judged `json:"judged,omitempty"`
	*eval.Comparison
	Evaluations []*Evaluation `json:"evaluations"` // of each model, in the order of Models
}

// Contrast evaluates several models on the same examples and compares them. With parts there is one model, a blend; it
// is compared with the models that it is made of. With a judge it is by what that prefers of each two models' answers. What was
// interrupted goes on where it stopped, as in Evaluate.
func (a *App) Contrast(ctx context.Context, names []string, parts bool, o EvalOptions) (*Contrast, error) {
	blend := ""
	if parts {
		of, err := a.partsOf(names)
		if err != nil {
			return nil, err
		}
		blend, names = names[0], append(slices.Clone(names), of...)
	}
	if err := a.distinct(ctx, names); err != nil {
		return nil, err
	}
	if err := a.unbiased(names, &o); err != nil {
		return nil, err
	}
	r, err := a.examine(ctx, o)
	if err != nil {
		return nil, err
	}
	defer r.journals.release()
	out := &Contrast{Data: r.set.Name, Items: len(r.examples)}
	var all []eval.Series
	for _, name := range names {
		e, err := r.evaluate(ctx, name)
		if err != nil {
			return nil, err
		}
		out.add(e)
		all = append(all, e.Series())
	}
	var tournament *eval.Tournament
	if o.Judge != "" {
		if tournament, err = r.meet(ctx, names, out); err != nil {
			return nil, err
		}
		if all, err = judgedSeries(tournament, all, out); err != nil {
			return nil, err
		}
	}
	if !slices.ContainsFunc(out.Evaluations, func(e *Evaluation) bool { return e.Cost != 0 }) {
		for i := range all {
			all[i].Cost = nil
		}
		out.Warnings = append(out.Warnings, "no costs are known: give the models prices to see the frontier")
	}
	if out.Comparison, err = eval.Contrast(all, blend, eval.CompareOptions{Seed: o.Seed}); err != nil {
		return nil, err
	}
	out.sort()
	if tournament != nil {
		if err := out.duels(tournament, o.Seed); err != nil {
			return nil, err
		}
	}
	return out, r.journals.forget()
}

// add takes a model's evaluation up, each of its warnings once.
func (c *Contrast) add(e *Evaluation) {
	c.Evaluations = append(c.Evaluations, e)
	for _, w := range e.Warnings {
		if !slices.Contains(c.Warnings, w) {
			c.Warnings = append(c.Warnings, w)
		}
	}
}

// sort puts the evaluations in the order of the standings.
func (c *Contrast) sort() {
	place := make(map[string]int, len(c.Models))
	for i := range c.Models {
		place[c.Models[i].Name] = i
	}
	slices.SortFunc(c.Evaluations, func(a, b *Evaluation) int { return place[a.Model] - place[b.Model] })
}

// partsOf returns the models that a blend is made of.
func (a *App) partsOf(names []string) ([]string, error) {
	invalid := func(format string, args ...any) error {
		return &model.Error{Kind: model.Invalid, Op: "evaluate", Err: fmt.Errorf(format, args...),
			Hint: "name one blend of the section models, or name all models that are to be compared and leave --parts out"}
	}
	if len(names) != 1 {
		return nil, invalid("%d models are named with --parts, which takes one blend", len(names))
	}
	p := a.plant.Load()
	c, ok := p.Config.Models[names[0]]
	if !ok {
		if _, err := a.Model(names[0]); err != nil {
			return nil, err
		}
		return nil, invalid("%q is a task, not a blend", names[0])
	}
	var parts []string
	for _, name := range c.Refs() {
		if !slices.Contains(parts, name) {
			parts = append(parts, name)
		}
	}
	if len(parts) == 0 {
		return nil, invalid("%q is not made of other models", names[0])
	}
	return parts, nil
}

// distinct refuses models that cannot be asked or are named twice, before any money is spent.
func (a *App) distinct(ctx context.Context, names []string) error {
	for i, name := range names {
		if slices.Contains(names[:i], name) {
			return &model.Error{Kind: model.Invalid, Op: "evaluate", Err: fmt.Errorf("%q is named twice", name), Hint: "name each model once"}
		}
		if _, err := a.candidate(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

// WritePlane writes a comparison's page to a file.
func (a *App) WritePlane(path string, c *Contrast) error {
	var page bytes.Buffer
	data := report.Comparison{Made: time.Now(), Data: c.Data, Items: c.Items, Warnings: c.Warnings, Comparison: c.Comparison}
	if c.Judged != nil {
		data.Judge, data.Duels = c.Judged.Judge, c.Judged.Duels
	}
	for _, e := range c.Evaluations {
		data.Latency = append(data.Latency, e.Latency)
	}
	if err := report.WriteComparison(&page, data); err != nil {
		return err
	}
	return os.WriteFile(path, page.Bytes(), 0o644)
}
