// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"retort/eval"
	"retort/eval/judge"
	"retort/internal/origin"
	"retort/model"
)

// Judged is what a judge prefers of models' answers.
type Judged struct {
	Judge  string      `json:"judge"`
	Asked  int         `json:"asked"`  // pairs of answers that it was shown, each in both orders
	Cost   model.Money `json:"cost"`   // of all its verdicts
	Spent  model.Money `json:"spent"`  // by this run alone
	Duels  []eval.Duel `json:"duels"`  // each model with each, in the order of Models
	Ranked int         `json:"ranked"` // items that the models' quality is of: all of whose verdicts are known
}

// unbiased refuses a judge that cannot be asked, or with which nothing can be compared.
func (a *App) unbiased(names []string, o *EvalOptions) error {
	invalid := func(err error, hint string) error {
		return &model.Error{Kind: model.Invalid, Op: "evaluate", Err: err, Hint: hint}
	}
	switch {
	case o.Judge == "" && o.Rubric != "":
		return invalid(errors.New("a rubric is for a judge, and none is named"), "name one with --judge, or leave --rubric out")
	case o.Judge == "":
		return nil
	case len(names) < 2:
		return invalid(errors.New("a judge compares models, and there is one"), "name several models, or one blend with --parts")
	}
	if _, ok := a.plant.Load().Desks[o.Judge]; ok {
		return invalid(fmt.Errorf("%q is a task and answers with its labels only", o.Judge), "name a model that follows instructions")
	}
	_, err := a.Model(o.Judge)
	return err
}

// meet lets a judge compare the answers of each two models.
func (r *examination) meet(ctx context.Context, names []string, out *Contrast) (*eval.Tournament, error) {
	out.Judged = &Judged{Judge: r.o.Judge}
	c := r.app.plant.Load().Config
	for _, name := range names {
		if origin.Behind(c, r.o.Judge, name) || origin.Behind(c, name, r.o.Judge) {
			out.Warnings = append(out.Warnings, fmt.Sprintf("the judge %s and %s have a model in common: judges favour answers like their own", r.o.Judge, name))
		}
	}
	t := &eval.Tournament{Names: names, Meetings: map[[2]int][]*eval.Meeting{}}
	for i := range names {
		for j := i + 1; j < len(names); j++ {
			met, err := r.duel(ctx, out, i, j)
			if err != nil {
				return nil, err
			}
			t.Meetings[[2]int{i, j}] = met
		}
	}
	return t, nil
}

// duel lets a judge compare the answers of two models.
func (r *examination) duel(ctx context.Context, out *Contrast, i, j int) ([]*eval.Meeting, error) {
	a, b := out.Evaluations[i], out.Evaluations[j]
	met := make([]*eval.Meeting, len(a.Outcomes))
	var cases []eval.Case
	var places []int
	for at := range met {
		one, other := said(&a.Outcomes[at]), said(&b.Outcomes[at])
		if m, settled := eval.Met(one, other); settled {
			met[at] = &m
			continue
		}
		cases, places = append(cases, eval.Case{Input: strconv.Itoa(at)}), append(places, at)
	}
	if len(cases) == 0 {
		return met, nil
	}
	m, err := r.app.Model(r.o.Judge)
	if err != nil {
		return nil, err
	}
	journal, err := r.journals.open("judge "+r.o.Judge+"\x00"+r.o.Rubric+"\x00"+a.Model+"\x00"+b.Model, r.set.Hash, r.o.Judge)
	if err != nil {
		return nil, err
	}
	report, err := eval.Ask(ctx, &bench{name: r.o.Judge, pairs: judge.Pairwise(r.app.asking(m, model.Judging, r.o.Judge), judge.Grading{Prompt: judge.Prompt{Rubric: r.o.Rubric}})}, cases, eval.RunOptions{
		Name: r.o.Judge, Concurrency: max(1, r.o.Concurrency/2), Journal: journal,
		Progress: r.progress(fmt.Sprintf("%s to compare %s with %s", r.o.Judge, a.Model, b.Model)),
		Request: func(c eval.Case) *model.Request {
			at, _ := strconv.Atoi(c.Input) // made above
			return model.NewRequest(r.o.Judge, &model.Content{Messages: []model.Message{model.Text(model.User, r.examples[at].Text),
				model.Text(model.Assistant, said(&a.Outcomes[at])), model.Text(model.Assistant, said(&b.Outcomes[at]))}})
		}})
	if err != nil {
		return nil, err
	}
	out.Judged.Asked += len(cases)
	out.Judged.Cost += report.Cost
	out.Judged.Spent += report.Spent
	failed := 0
	for k := range report.Outcomes {
		at := places[k]
		if report.Outcomes[k].Error != "" {
			failed++
			continue
		}
		if met[at], err = sentence(report.Outcomes[k].Predicted); err != nil {
			return nil, err
		}
		met[at].LengthA, met[at].LengthB = utf8.RuneCountInString(said(&a.Outcomes[at])), utf8.RuneCountInString(said(&b.Outcomes[at]))
	}
	if failed > 0 {
		out.Warnings = append(out.Warnings, fmt.Sprintf("%s gave no verdict on %d of %d answers of %s and %s, such as: %s", r.o.Judge, failed, len(cases), a.Model, b.Model, report.Message))
	}
	return met, nil
}

// said is an outcome's answer; empty where there is none.
func said(o *eval.Outcome) string {
	if o.Error != "" {
		return ""
	}
	return o.Predicted
}

// bench is a judge as a Model: asked with a request and two answers to it, it answers with what it says in both orders.
type bench struct {
	name  string
	pairs *judge.Pairs
}

// Generate compares the last two messages of the request as answers to those before.
func (b *bench) Generate(ctx context.Context, req *model.Request, emit func(model.Part) error) (*model.Response, error) {
	content, err := req.Content()
	if err != nil {
		return nil, err
	}
	n := len(content.Messages) - 2
	asked := req.WithContent(&model.Content{Messages: content.Messages[:n]})
	forth, back, err := b.pairs.InBothOrders(ctx, asked, model.Answer("", content.Messages[n].Text()), model.Answer("", content.Messages[n+1].Text()))
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal([]float64{forth, back})
	if err != nil {
		return nil, err
	}
	resp := model.Answer(b.name, string(text))
	return resp, resp.Emit(emit)
}

// sentence reads what a bench said.
func sentence(text string) (*eval.Meeting, error) {
	var orders [2]float64
	if err := json.Unmarshal([]byte(text), &orders); err != nil {
		return nil, fmt.Errorf("read the judge's verdict: %w", err)
	}
	return &eval.Meeting{Forth: orders[0], Back: orders[1]}, nil
}

// judgedSeries returns the models' shares of wins with the costs of the same items.
func judgedSeries(t *eval.Tournament, answered []eval.Series, out *Contrast) ([]eval.Series, error) {
	all, items := t.Shares()
	out.Judged.Ranked = len(items)
	if len(items) == 0 {
		return nil, &model.Error{Kind: model.Unusable, Op: "evaluate", Err: fmt.Errorf("%s said of no item how all answers compare: %s", out.Judged.Judge, strings.Join(out.Warnings, "; ")),
			Hint: "try the judge with retort chat, or name a stronger one"}
	}
	for i := range all {
		for _, item := range items {
			all[i].Cost = append(all[i].Cost, answered[i].Cost[item])
		}
	}
	if n := out.Items - len(items); n > 0 {
		out.Warnings = append(out.Warnings, fmt.Sprintf("%d of %d items lack a verdict, and do not count in the table of models", n, out.Items))
	}
	return all, nil
}

// unsteady is the share of verdicts that do not depend on the order below which a judge is hardly one.
const unsteady = 0.6

// duels adds how the models did against each other, in the order of their standing.
func (c *Contrast) duels(t *eval.Tournament, seed uint64) (err error) {
	order := make([]int, len(c.Models))
	for i := range c.Models {
		order[i] = slices.Index(t.Names, c.Models[i].Name)
	}
	if c.Judged.Duels, err = t.Duels(order, eval.CompareOptions{Seed: seed}); err != nil {
		return err
	}
	c.Pairs = []eval.Pair{}
	for _, d := range c.Judged.Duels {
		if d.Asked > 0 && d.Steady < unsteady {
			c.Warnings = append(c.Warnings, fmt.Sprintf("of %s and %s the judge says the same in both orders in %.0f %% of the cases only", d.A, d.B, 100*d.Steady))
		}
	}
	return nil
}
