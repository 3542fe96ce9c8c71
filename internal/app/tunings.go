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

	"retort/internal/plant"
	"retort/internal/store"
	"retort/internal/suggest"
	"retort/model"
)

// tuneIn has the blends take up the tunings in use. A tuning that cannot be taken up leaves its blend untuned: requests must
// not stop for that. all says whether all were taken up: trying again later may help. changed names the blends whose tuning
// is another now: they forgot what feedback taught, which is to be recalled. One that was untuned and stays so is not among them.
func (a *App) tuneIn(ctx context.Context, p *plant.Plant) (all bool, changed []string, err error) {
	if len(p.Tunables) == 0 {
		return true, nil, nil
	}
	rows, err := a.store.TuningsInUse(ctx)
	if err != nil {
		return false, nil, err
	}
	inUse := byBlend(rows)
	all = true
	for _, name := range tunables(p) {
		row, blend := inUse[name], p.Tunables[name]
		if row == nil && blend.Tuned() == "" || row != nil && row.ID == blend.Tuned() {
			continue
		}
		before := blend.Tuned()
		err := tuneOne(p.Config.Data, blend, row)
		if blend.Tuned() != before {
			changed = append(changed, name)
		}
		if err != nil {
			all = false
			if p.Refuse(name, row.ID, err) { // once
				a.log.Error("the tuning cannot be used; the blend goes untuned", "model", name, "tuning", row.ID, "error", err)
			}
			continue
		}
		p.Accept(name)
		if was := a.plant.Load().Tunables[name]; was != nil && was != blend && was.Tuned() == blend.Tuned() {
			continue // the plant that this one is to take the place of has it
		}
		a.tellTuning(p, name)
	}
	return all, changed, nil
}

// tunables returns the names of a plant's blends that can be tuned, in order.
func tunables(p *plant.Plant) []string { return slices.Sorted(maps.Keys(p.Tunables)) }

func byBlend(rows []store.Tuning) map[string]*store.Tuning {
	of := make(map[string]*store.Tuning, len(rows))
	for i := range rows {
		of[rows[i].Blend] = &rows[i]
	}
	return of
}

// tuneOne has a blend take up a tuning that is kept in a data folder, or go untuned.
func tuneOne(data string, blend plant.Tunable, row *store.Tuning) error {
	if row == nil {
		return blend.Take(nil)
	}
	file, err := os.ReadFile(filepath.Join(data, filepath.FromSlash(row.Path)))
	if err == nil {
		err = blend.Take(&plant.Tuning{ID: row.ID, Kind: row.Kind, File: file})
	}
	if err != nil {
		_ = blend.Take(nil) // never fails
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
	blend, ok := p.Tunables[t.Blend]
	if !ok {
		return nil, notTunable(p, t.Blend)
	}
	if err := tuneOne(p.Config.Data, blend, t); err != nil {
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
	case p.Tunables[blend] == nil:
		return notTunable(p, blend)
	}
	return &tuningError{fmt.Sprintf("no tuning of %s is in use: it goes untuned already", blend)}
}

// notTunable is the error for a name of no blend that could be tuned.
func notTunable(p *plant.Plant, name string) error {
	known := tunables(p)
	e := &notTunableError{fmt.Sprintf("no model is named %q%s", name, suggest.Near(name, known)), known}
	_, isTask := p.Config.Tasks[name]
	m, isModel := p.Config.Models[name]
	switch {
	case isTask:
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
