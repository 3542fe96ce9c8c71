// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"fmt"
	"path/filepath"

	"retort/internal/server"
	"retort/internal/store"
	"retort/student"
)

// staff puts the champions in the store at their desks. A champion whose file cannot be read leaves its teacher alone
// at the desk, and says so in the log: a task must not stop for that.
func (a *App) staff(ctx context.Context, p *plant) error {
	rows, err := a.store.Champions(ctx)
	if err != nil {
		return err
	}
	champions := make(map[string]*store.Student, len(rows))
	for i := range rows {
		champions[rows[i].Task] = &rows[i]
	}
	for name, d := range p.tasks {
		row := champions[name]
		if err := a.seat(p, d, row); err != nil {
			a.log.Error("the champion cannot serve; the teacher answers", "task", name, "student", row.ID, "error", err)
			d.staff(nil, nil)
		}
	}
	return nil
}

// seat puts one champion at its desk, unless it is there already.
func (a *App) seat(p *plant, d *desk, row *store.Student) error {
	if row == nil {
		d.staff(nil, nil)
		return nil
	}
	if d.now.Load().champion == row.ID {
		return nil
	}
	s, err := a.openStudent(p, row.Path)
	if err != nil {
		return err
	}
	if err := fits(d, s); err != nil {
		return err
	}
	d.staff(row, s)
	return nil
}

// openStudent opens a student's file; path is relative to the data folder.
func (a *App) openStudent(p *plant, path string) (*student.Student, error) {
	return student.Open(filepath.Join(p.config.Data, filepath.FromSlash(path)))
}

// fits refuses a student that could give an answer which the task no longer allows.
func fits(d *desk, s *student.Student) error {
	for _, label := range s.Labels() {
		if d.task.Class(label) < 0 {
			return fmt.Errorf("it answers with label %q, which task %s does not have; distil a new student", label, d.task.Name)
		}
	}
	return nil
}

// Reload reads the configuration file and the champions again and serves the result from the next request on. On an
// error everything stays as it was.
func (a *App) Reload(ctx context.Context) error {
	a.reloading.Lock()
	defer a.reloading.Unlock()
	cfg, err := load(a.path, a.options)
	if err != nil {
		return fmt.Errorf("reload: %w", err)
	}
	old := a.plant.Load()
	if cfg.Data != old.config.Data || cfg.Listen != old.config.Listen {
		a.log.Warn("listen and data are read at the start only; restart to change them")
		cfg.Data, cfg.Listen = old.config.Data, old.config.Listen
	}
	p, err := newPlant(cfg)
	if err != nil {
		return fmt.Errorf("reload: %w", err)
	}
	if err := a.staff(ctx, p); err != nil {
		p.close()
		return fmt.Errorf("reload: %w", err)
	}
	a.plant.Store(p)
	if g := a.serving.Load(); g != nil {
		g.server.Swap(a.snapshot(p, g))
		return nil
	}
	old.close()
	return nil
}

// restaff takes up what another process changed in the store: champions and keys.
func (a *App) restaff(ctx context.Context, g *gateway) error {
	a.reloading.Lock()
	defer a.reloading.Unlock()
	if err := a.staff(ctx, a.plant.Load()); err != nil {
		return err
	}
	return a.loadKeys(ctx, g)
}

// loadKeys gives the server the keys in the store.
func (a *App) loadKeys(ctx context.Context, g *gateway) error {
	rows, err := a.store.Keys(ctx)
	if err != nil {
		return err
	}
	keys := make([]server.Key, len(rows))
	for i := range rows {
		keys[i] = server.Key{ID: rows[i].ID, Tenant: rows[i].Tenant, Hash: rows[i].Hash}
	}
	g.server.SetKeys(keys)
	return nil
}
