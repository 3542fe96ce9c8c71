// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package plant

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"retort/compose"
	"retort/eval/judge"
	"retort/internal/config"
	"retort/model"
	"retort/provider"
	"retort/tune"
)

// bestOf is a best_of of the configuration. What chooses can be fitted: a ranker is trained, and the prompt of a judge is found.
type bestOf struct {
	name    string
	by      *config.BestOf
	panel   compose.Panel
	judge   model.Model // nil: a ranker chooses
	judging string      // names the judge, for tunings of its prompt
	plain   model.Model // answers while nothing was fitted
	now     atomic.Pointer[tunedModel]
}

// tunedModel is a blend that took up a tuning.
type tunedModel struct {
	id    string
	model model.Model
}

func (p *Plant) bestOf(name string, c *config.BestOf, panel compose.Panel) (model.Model, error) {
	b := &bestOf{name: name, by: c, panel: panel}
	if c.By == config.ByRanker {
		b.plain = p.inOrder(panel)
	} else {
		var err error
		if b.judge, err = p.part(c.Judge.Model); err != nil {
			return nil, err
		}
		b.judging, b.plain = p.judging(c.Judge), b.judged(judge.Prompt{Rubric: c.Judge.Rubric})
	}
	p.Tunables[name] = b
	return b, nil
}

// inOrder asks models in order until one answers. While no ranker is there, asking them all would cost more and choose nothing.
func (p *Plant) inOrder(panel compose.Panel) model.Model {
	among := make([]compose.Alternative, len(panel.Members))
	for i, m := range panel.Members {
		among[i] = compose.Alternative{Model: m.Model, Name: m.Name, Context: p.holds(m.Name)}
	}
	return compose.FallbackAmong(among, provider.EstimateTokens)
}

// judged lets the judge choose, told by a prompt.
func (b *bestOf) judged(prompt judge.Prompt) model.Model {
	how := judge.Grading{Prompt: prompt, Logprobs: b.by.Judge.Logprobs}
	choosing := compose.Choosing{Panel: b.panel, Enough: b.by.Enough}
	if b.by.By == config.ByGrades {
		choosing.Verifier = judge.Grade(b.judge, how)
	} else {
		choosing.Comparer = judge.Pairwise(b.judge, how)
	}
	return compose.BestOf(choosing)
}

// ranked lets a ranker choose. The member that was best over all goes first, since the first wins among answers alike.
func (b *bestOf) ranked(ranker *judge.Ranker) (model.Model, error) {
	panel := b.panel
	panel.Members = slices.Clone(b.panel.Members)
	for _, m := range panel.Members {
		if !slices.Contains(ranker.Models, m.Name) {
			return nil, fmt.Errorf("it does not know %s, only %s; tune it anew", m.Name, strings.Join(ranker.Models, ", "))
		}
	}
	slices.SortStableFunc(panel.Members, func(x, y compose.Panelist) int {
		switch ranker.First {
		case x.Name:
			return -1
		case y.Name:
			return 1
		}
		return 0
	})
	return compose.BestOf(compose.Choosing{Panel: panel, Comparer: ranker, Named: true}), nil
}

// Generate answers with the best answer.
func (b *bestOf) Generate(ctx context.Context, req *model.Request, emit func(model.Part) error) (*model.Response, error) {
	if tuned := b.now.Load(); tuned != nil {
		return tuned.model.Generate(ctx, req, emit)
	}
	return b.plain.Generate(ctx, req, emit)
}

// Take takes up a ranker, or the prompt of the judge.
func (b *bestOf) Take(t *Tuning) error {
	if t == nil {
		b.now.Store(nil)
		return nil
	}
	fitter, _ := b.Fitter()
	if t.Kind != fitter.Kind() {
		return fmt.Errorf("it is a tuning of the kind %s, and %s has the kind %s", t.Kind, b.name, fitter.Kind())
	}
	var made model.Model
	if b.judge == nil {
		ranker, err := judge.DecodeRanker(t.File)
		if err != nil {
			return err
		}
		if made, err = b.ranked(ranker); err != nil {
			return err
		}
	} else {
		prompt, err := promptFor(t.File, b.judging, b.by.By == config.ByPairs)
		if err != nil {
			return err
		}
		made = b.judged(prompt)
	}
	b.now.Store(&tunedModel{t.ID, made})
	return nil
}

// Tuned returns the id of the tuning that was taken up.
func (b *bestOf) Tuned() string {
	if tuned := b.now.Load(); tuned != nil {
		return tuned.id
	}
	return ""
}

// optional says whether it does what the configuration says without a tuning.
func (b *bestOf) optional() bool { return b.judge != nil }

// Judge returns the judge.
func (b *bestOf) Judge() string {
	if b.judge == nil {
		return ""
	}
	return b.by.Judge.Model
}

// Fitter returns what trains the ranker, or finds the prompt of the judge.
func (b *bestOf) Fitter() (tune.Fitter, []string) {
	names := make([]string, len(b.panel.Members))
	for i, m := range b.panel.Members {
		names[i] = m.Name
	}
	if b.judge == nil {
		return tune.BestOf{}, names
	}
	return tune.Judge{Prompts: promptsOf(b.by.Judge, b.by.By == config.ByPairs), For: b.judging}, names
}

// Meanwhile says how it chooses while nothing is fitted.
func (b *bestOf) Meanwhile() string {
	if b.judge == nil {
		return "its models are asked in order until one answers"
	}
	return "its judge is asked as configured"
}
