// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"retort/eval/experiment"
	"retort/internal/config"
	"retort/internal/plant"
	"retort/internal/server"
	"retort/internal/store"
	"retort/internal/suggest"
	"retort/model"
)

// Experiment is how the arms of a split do.
type Experiment struct {
	Split      string             `json:"split"`
	By         string             `json:"by"`
	Shares     map[string]float64 `json:"shares"` // as configured, made to sum to 1
	Outcome    string             `json:"outcome"`
	Window     time.Duration      `json:"window_ns"`
	Margin     float64            `json:"margin"`
	Confidence float64            `json:"confidence"`
	Promote    string             `json:"promote"`
	Since      *time.Time         `json:"since,omitempty"` // requests count from here on; null: all do
	Verdict    string             `json:"verdict"`
	*experiment.Result
	Settled *store.Settlement `json:"settled,omitempty"` // null: the split divides requests
}

// Experiments returns how all splits of the configuration stand, with what was recorded up to now.
func (a *App) Experiments(ctx context.Context) ([]*Experiment, error) {
	if err := a.flush(ctx); err != nil {
		return nil, err
	}
	p := a.plant.Load()
	out := []*Experiment{}
	for _, name := range slices.Sorted(maps.Keys(p.Splits)) {
		e, err := a.experiment(ctx, p, name)
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, nil
}

// Experiment returns how one split stands.
func (a *App) Experiment(ctx context.Context, split string) (*Experiment, error) {
	p := a.plant.Load()
	if err := hasSplit(p, split); err != nil {
		return nil, err
	}
	if err := a.flush(ctx); err != nil {
		return nil, err
	}
	return a.experiment(ctx, p, split)
}

// ResetExperiment makes a split divide requests again and begins its experiment anew.
func (a *App) ResetExperiment(ctx context.Context, split string) error {
	if err := hasSplit(a.plant.Load(), split); err != nil {
		return err
	}
	return a.store.Reset(ctx, model.DefaultTenant, split)
}

func hasSplit(p *plant.Plant, name string) error {
	if p.Splits[name] != nil {
		return nil
	}
	names := slices.Sorted(maps.Keys(p.Splits))
	hint := "the configuration has no splits; docs/blends.md says how to write one"
	if len(names) > 0 {
		hint = "there are: " + strings.Join(names, ", ")
	}
	return &model.Error{Kind: model.NotFound, Op: "find split", Err: fmt.Errorf("no split is named %q%s", name, suggest.Near(name, names)), Hint: hint}
}

// shown is the App's experiments for the server. They are all of the default tenant, as their observations are: others have none.
type shown struct{ app *App }

// Experiments returns how all splits stand.
func (s shown) Experiments(ctx context.Context, tenant string) (any, error) {
	if tenant != model.DefaultTenant {
		return []*Experiment{}, nil
	}
	return s.app.Experiments(ctx)
}

// Experiment returns how one split stands.
func (s shown) Experiment(ctx context.Context, tenant, split string) (any, error) {
	if tenant != model.DefaultTenant {
		return nil, &model.Error{Kind: model.NotFound, Op: "find split", Err: fmt.Errorf("no split is named %q", split)}
	}
	return s.app.Experiment(ctx, split)
}

// experiment analyses one split of a plant. What is not yet in the store is not seen.
func (a *App) experiment(ctx context.Context, p *plant.Plant, name string) (*Experiment, error) {
	c := p.Config.Models[name].Split
	e := &Experiment{Split: name, By: c.By, Shares: shares(c.Arms), Outcome: c.Outcome, Window: c.Window, Margin: c.Margin,
		Confidence: c.Confidence, Promote: c.Promote}
	since, err := a.store.Begun(ctx, model.DefaultTenant, name)
	if err != nil {
		return nil, err
	}
	if !since.IsZero() {
		e.Since = &since
	}
	rows, err := a.store.Observations(ctx, model.DefaultTenant, name, since)
	if err != nil {
		return nil, err
	}
	requests := make([]experiment.Request, len(rows))
	for i := range rows {
		requests[i] = observed(c, &rows[i])
	}
	e.Result, err = experiment.Analyse(experiment.Plan{Arms: c.Names(), Margin: c.Margin, Confidence: c.Confidence,
		Window: c.Window, Now: time.Now()}, requests)
	if err != nil {
		return nil, fmt.Errorf("split %s: %w", name, err)
	}
	e.Verdict = e.Words(c.Margin)
	settled, err := a.store.Settlements(ctx, model.DefaultTenant)
	for i := range settled {
		if settled[i].Split == name {
			e.Settled = &settled[i]
		}
	}
	return e, err
}

func shares(arms map[string]float64) map[string]float64 {
	sum := 0.0
	for _, w := range arms {
		sum += w
	}
	out := make(map[string]float64, len(arms))
	for name, w := range arms {
		out[name] = w / sum
	}
	return out
}

// observed reads a request's outcomes as its split is told to.
func observed(c *config.Split, o *store.Observation) experiment.Request {
	r := experiment.Request{Arm: o.Arm, Unit: o.Unit, Start: o.Start, Latency: o.Duration, Cost: o.Cost.Dollars(), Failed: o.Failed}
	for i := range o.Said {
		r.Said = append(r.Said, experiment.Outcome{At: o.Said[i].Created, Value: outcomeOf(c, &o.Said[i])})
	}
	return r
}

// outcomeOf returns how good an answer was, from 0 to 1, by what was said of it: a rating, a correction or both.
func outcomeOf(c *config.Split, f *store.Feedback) float64 {
	low, high := c.Bounds()
	if f.Rating == nil {
		return 0
	}
	rating := (min(max(*f.Rating, low), high) - low) / (high - low)
	if c.Outcome != config.OutcomeAccepted {
		return rating
	}
	if f.Correction != nil || rating < 0.5 {
		return 0
	}
	return 1
}

// inRange refuses a rating that a split behind the answer has no place for. A trace that there is not is for the store to tell.
func (a *App) inRange(ctx context.Context, tenant string, given *server.Feedback) error {
	p := a.plant.Load()
	if given.Rating == nil || len(p.Splits) == 0 {
		return nil
	}
	trace, err := a.store.Trace(ctx, tenant, given.Trace)
	if err != nil {
		return nil
	}
	for _, arm := range trace.Arms {
		c := p.Config.Models[arm.Split].Split
		if c == nil {
			continue // since another configuration
		}
		if low, high := c.Bounds(); !(*given.Rating >= low && *given.Rating <= high) {
			return &model.Error{Kind: model.Invalid, Op: "add feedback", Field: "rating",
				Err: fmt.Errorf("%v is not from %v to %v, the range of split %s", *given.Rating, low, high, arm.Split)}
		}
	}
	return nil
}

// settle makes the splits of a plant obey the decisions in the store.
func (a *App) settle(ctx context.Context, p *plant.Plant) error {
	if len(p.Splits) == 0 {
		return nil
	}
	rows, err := a.store.Settlements(ctx, model.DefaultTenant)
	if err != nil {
		return err
	}
	winners := make(map[string]string, len(rows))
	for _, d := range rows {
		winners[d.Split] = d.Arm
	}
	for name, split := range p.Splits {
		if !split.Settle(winners[name]) {
			split.Settle("")
			a.log.Warn("a split is settled on an arm that it no longer has; it divides requests again", "split", name, "arm", winners[name])
		}
	}
	return nil
}

// The pauses between looks at experiments that may promote: at least lookEvery, and so long that looking takes little of
// the process's time.
const (
	lookEvery = 2 * time.Second
	restAfter = 50 // times as long as the look took
)

// promote watches the splits that may promote an arm by themselves, until ctx ends.
func (a *App) promote(ctx context.Context) {
	pause := lookEvery
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
		start := time.Now()
		if err := a.promoteSafe(ctx); err != nil && ctx.Err() == nil {
			a.log.Error("an experiment cannot be looked at", "error", err)
		}
		pause = max(lookEvery, restAfter*time.Since(start))
	}
}

// promoteSafe settles each split that is to be settled and for which it is safe.
func (a *App) promoteSafe(ctx context.Context) error {
	p := a.plant.Load()
	settled, err := a.store.Settlements(ctx, model.DefaultTenant)
	if err != nil {
		return err
	}
	for name := range p.Splits {
		done := slices.ContainsFunc(settled, func(d store.Settlement) bool { return d.Split == name })
		if done || p.Config.Models[name].Split.Promote != config.PromoteAuto {
			continue // without the analysis, which reads every request
		}
		e, err := a.experiment(ctx, p, name)
		if err != nil {
			return err
		}
		if e.Settled != nil || e.Winner == "" {
			continue
		}
		evidence, err := json.Marshal(e)
		if err != nil {
			return fmt.Errorf("encode the evidence of split %s: %w", name, err)
		}
		if _, err := a.store.Settle(ctx, model.DefaultTenant, store.Settlement{Split: name, Arm: e.Winner, Evidence: evidence}); err != nil {
			return err
		}
		a.log.Info("an arm of a split is promoted: it answers all requests", "split", name, "arm", e.Winner, "verdict", e.Verdict)
	}
	return nil
}
