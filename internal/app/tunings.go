// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"retort/internal/store"
	"retort/internal/suggest"
	"retort/model"
	"retort/tune"
)

// tunable is a blend whose weights are fitted on outcomes. Its methods are safe for concurrent use.
type tunable interface {
	// take takes up a tuning with its file; a nil one takes the tuning away. On an error the blend is as before, or goes
	// untuned.
	take(row *store.Tuning, file []byte) error
	// tuned returns the id of the tuning that was taken up, or "".
	tuned() string
	// fitter returns what fits its weights, and the models that are its parts.
	fitter() (tune.Fitter, []string)
	// meanwhile says what it does while nothing is learned for it.
	meanwhile() string
}

// tuneIn has the blends take up the tunings in use. A tuning that cannot be taken up leaves its blend untuned: requests must
// not stop for that. all says whether all were taken up: trying again later may help. changed names the blends whose tuning
// is another now: they forgot what feedback taught, which is to be recalled. One that was untuned and stays so is not among them.
func (a *App) tuneIn(ctx context.Context, p *plant) (all bool, changed []string, err error) {
	if len(p.tunables) == 0 {
		return true, nil, nil
	}
	rows, err := a.store.TuningsInUse(ctx)
	if err != nil {
		return false, nil, err
	}
	inUse := byBlend(rows)
	all = true
	for _, name := range slices.Sorted(maps.Keys(p.tunables)) {
		row, blend := inUse[name], p.tunables[name]
		if row == nil && blend.tuned() == "" || row != nil && row.ID == blend.tuned() {
			continue
		}
		before := blend.tuned()
		err := p.tuneOne(blend, row)
		if blend.tuned() != before {
			changed = append(changed, name)
		}
		if err != nil {
			all = false
			if p.refuse(name, row.ID, err) { // once
				a.log.Error("the tuning cannot be used; the blend goes untuned", "model", name, "tuning", row.ID, "error", err)
			}
			continue
		}
		delete(p.refused, name)
		if was := a.plant.Load().tunables[name]; was != nil && was != blend && was.tuned() == blend.tuned() {
			continue // the plant that this one is to take the place of has it
		}
		a.tellTuning(p, name)
	}
	return all, changed, nil
}

// optional says whether a blend does what the configuration says of it without a tuning.
func optional(blend tunable) bool {
	o, ok := blend.(interface{ optional() bool })
	return ok && o.optional()
}

func byBlend(rows []store.Tuning) map[string]*store.Tuning {
	of := make(map[string]*store.Tuning, len(rows))
	for i := range rows {
		of[rows[i].Blend] = &rows[i]
	}
	return of
}

// tuneOne has a blend take up a tuning, or go untuned.
func (p *plant) tuneOne(blend tunable, row *store.Tuning) error {
	if row == nil {
		return blend.take(nil, nil)
	}
	file, err := os.ReadFile(filepath.Join(p.config.Data, filepath.FromSlash(row.Path)))
	if err == nil {
		err = blend.take(row, file)
	}
	if err != nil {
		_ = blend.take(nil, nil) // never fails
	}
	return err
}

// Tunings returns the tunings of a blend, or of all, the latest first.
func (a *App) Tunings(ctx context.Context, blend string) ([]store.Tuning, error) {
	return a.store.Tunings(ctx, model.DefaultTenant, blend)
}

// Tuning returns the tuning with an id, or whose id alone begins with it.
func (a *App) Tuning(ctx context.Context, id string) (*store.Tuning, error) {
	all, err := a.Tunings(ctx, "")
	if err != nil {
		return nil, err
	}
	var found *store.Tuning
	for i := range all {
		switch t := &all[i]; {
		case t.ID == id:
			return t, nil
		case id != "" && strings.HasPrefix(t.ID, id):
			if found != nil {
				return nil, &tuningError{fmt.Sprintf("more than one tuning's id begins with %q", id)}
			}
			found = t
		}
	}
	if found == nil {
		return nil, &tuningError{fmt.Sprintf("there is no tuning %q", id)}
	}
	return found, nil
}

type tuningError struct{ text string }

func (e *tuningError) Error() string { return e.text }
func (e *tuningError) Hint() string  { return "retort tunings list shows their ids" }

// UseTuning makes a tuning the one in use of its blend. One that the blend, as it is configured now, cannot take up is refused.
// A serving process takes it up by itself.
func (a *App) UseTuning(ctx context.Context, id string) (*store.Tuning, error) {
	t, err := a.Tuning(ctx, id)
	if err != nil {
		return nil, err
	}
	p := a.plant.Load()
	blend, ok := p.tunables[t.Blend]
	if !ok {
		return nil, p.notTunable(t.Blend)
	}
	if err := p.tuneOne(blend, t); err != nil {
		return nil, fmt.Errorf("use tuning %s: %w", t.ID, err)
	}
	used, err := a.store.UseTuning(ctx, model.DefaultTenant, t.ID)
	return &used, err
}

// DropTuning puts the tuning in use of a blend aside, so that the blend goes untuned.
func (a *App) DropTuning(ctx context.Context, blend string) error {
	p := a.plant.Load()
	err := a.store.DropTuning(ctx, model.DefaultTenant, blend)
	switch {
	case model.KindOf(err) != model.NotFound:
		return err
	case p.tunables[blend] == nil:
		return p.notTunable(blend)
	}
	return &tuningError{fmt.Sprintf("no tuning of %s is in use: it goes untuned already", blend)}
}

func (p *plant) tunableNames() []string { return slices.Sorted(maps.Keys(p.tunables)) }

// notTunable is the error for a name of no blend that could be tuned.
func (p *plant) notTunable(name string) error {
	e := &notTunableError{fmt.Sprintf("no model is named %q%s", name, suggest.Near(name, p.tunableNames())), p.tunableNames()}
	m, isModel := p.config.Models[name]
	switch {
	case p.isTask(name):
		e.text = fmt.Sprintf("%s is a task, which is not tuned but distilled: retort distill %s", name, name)
	case isModel && m.Split != nil:
		e.text = fmt.Sprintf("%s is a split, which has nothing to tune; its arms are compared by: retort experiments show %s", name, name)
	case isModel && m.Provider != "":
		e.text = fmt.Sprintf("%s is a model of provider %s and no blend, so that there is nothing to tune", name, m.Provider)
	case isModel:
		e.text = fmt.Sprintf("%s, as it is configured, has nothing to tune", name)
	}
	return e
}

// notTunableError says that a name is of no blend that could be tuned.
type notTunableError struct {
	text  string
	known []string
}

func (e *notTunableError) Error() string { return e.text }

func (e *notTunableError) Hint() string {
	if len(e.known) == 0 {
		return "it has none at all: docs/blends.md says which can be tuned, such as {route: {among: [fast, smart], by: learned, quality: 0.95}}"
	}
	return "these can be tuned: " + strings.Join(e.known, ", ")
}
