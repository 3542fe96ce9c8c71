// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"retort/internal/config"
	"retort/internal/desk"
	"retort/internal/plant"
	"retort/internal/server"
	"retort/internal/store"
	"retort/model"
	"retort/student"
	"retort/task"
)

// equip gives a new plant what is in the store: champions and tunings.
func (a *App) equip(ctx context.Context, p *plant.Plant) error {
	if _, err := a.staff(ctx, p); err != nil {
		return err
	}
	_, _, err := a.tuneIn(ctx, p)
	return err
}

// staff puts the champions in the store at their desks, and settles splits as the store says. A champion whose file cannot be read leaves its teacher alone
// at the desk: a task must not stop for that. Then staffed is false, and trying again later may help.
func (a *App) staff(ctx context.Context, p *plant.Plant) (staffed bool, err error) {
	if err := a.settle(ctx, p); err != nil {
		return false, err
	}
	rows, err := a.store.Champions(ctx)
	if err != nil {
		return false, err
	}
	out, err := a.takenOut(ctx)
	if err != nil {
		return false, err
	}
	champions := make(map[string]*store.Student, len(rows))
	for i := range rows {
		champions[rows[i].Task] = &rows[i]
	}
	staffed = true
	for name, d := range p.Desks {
		row, before := champions[name], a.served(p, d).Now()
		if err := seat(p, d, row, out); err != nil {
			if p.Refuse(name, row.ID, err) { // once
				a.log.Error("the champion cannot serve; the teacher answers", "task", name, "student", row.ID, "error", err)
			}
			d.Staff("", nil)
			staffed = false
			continue
		}
		p.Accept(name)
		a.tellSeat(p, d, before)
	}
	return staffed, nil
}

// served is a desk as it stands in the plant that is in use, to which another is compared that is to take its place.
func (a *App) served(p *plant.Plant, d *desk.Desk) *desk.Desk {
	if now := a.plant.Load(); now != p && now.Desks[d.Task.Name] != nil {
		return now.Desks[d.Task.Name]
	}
	return d
}

// seat puts one champion at its desk, unless it is there already. One that is out is named there, and the teacher answers.
func seat(p *plant.Plant, d *desk.Desk, row *store.Student, out takeouts) error {
	if row == nil {
		d.Staff("", nil)
		return nil
	}
	now := d.Now()
	if why, isOut := out[seatOf{row.Task, row.ID}]; isOut {
		d.Bench(row.ID, why)
		return nil
	}
	if now.Champion == row.ID && !now.Out {
		return nil
	}
	s, err := loadStudent(p.Config.Data, row.Path)
	if err != nil {
		return err
	}
	if err := fits(d.Task, s); err != nil {
		return err
	}
	d.Staff(row.ID, s)
	return nil
}

// loadStudent reads a student's file into memory; path is relative to the data folder. A serving process does not map
// the file: whoever overwrites or cuts it would bring the process down.
func loadStudent(data, path string) (student.Any, error) {
	path = filepath.Join(data, filepath.FromSlash(path))
	file, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read student: %w", err)
	}
	s, err := student.DecodeAny(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

// fits refuses a student that could give an answer which the task no longer allows.
func fits(t *task.Task, s student.Any) error {
	card := s.Card()
	switch {
	case (card.Schema != nil) != (t.Object != nil):
		return fmt.Errorf("it and task %s differ in whether they answer with labels or with objects; distil a new student", t.Name)
	case card.Schema != nil:
		wanted, err := student.ParseSchema(t.Object.Schema)
		if err == nil && !wanted.Same(card.Schema) {
			err = fmt.Errorf("it answers with objects of another schema than task %s has; distil a new student", t.Name)
		}
		return err
	}
	for _, label := range card.Labels {
		if t.Class(label) < 0 {
			return fmt.Errorf("it answers with label %q, which task %s does not have; distil a new student", label, t.Name)
		}
	}
	return nil
}

// Reload reads the configuration file and the champions again and serves the result from the next request on. On an
// error everything stays as it was.
func (a *App) Reload(ctx context.Context) error {
	a.reloading.Lock()
	defer a.reloading.Unlock()
	a.note()
	cfg, err := load(a.path, a.options)
	if err != nil {
		return fmt.Errorf("reload: %w", err)
	}
	old := a.plant.Load()
	if fields := fixed(old.Config, cfg); len(fields) > 0 {
		a.log.Warn("these are read at the start only; restart to change them", "fields", strings.Join(fields, " "))
		cfg.Data, cfg.Listen = old.Config.Data, old.Config.Listen
	}
	p, err := plant.New(cfg, nil)
	if err != nil {
		return fmt.Errorf("reload: %w", err)
	}
	if err := a.equip(ctx, p); err != nil {
		p.Close()
		return fmt.Errorf("reload: %w", err)
	}
	p.Succeed(old)
	if a.serving.Load() != nil {
		a.recall(ctx, p, tunables(p))
		a.tellLacking(p)
	}
	if a.loops != nil {
		a.turnOver(ctx, p)
	}
	a.plant.Store(p)
	if g := a.serving.Load(); g != nil {
		g.server.Swap(a.snapshot(p, g))
		return nil
	}
	old.Close()
	return nil
}

// fixed returns the fields that differ and that a running gateway cannot change.
func fixed(old, next *config.Config) []string {
	var fields []string
	for name, same := range map[string]bool{
		"listen": old.Listen == next.Listen, "data": old.Data == next.Data, "limits": old.Limits == next.Limits,
		"capture.sync_every":    old.Capture.SyncEvery == next.Capture.SyncEvery,
		"capture.segment_bytes": old.Capture.SegmentBytes == next.Capture.SegmentBytes,
	} {
		if !same {
			fields = append(fields, name)
		}
	}
	slices.Sort(fields)
	return fields
}

// restaff takes up what another process changed in the store: keys, champions and tunings. It reports whether all of that is
// taken up.
func (a *App) restaff(ctx context.Context, g *gateway) (bool, error) {
	a.reloading.Lock()
	defer a.reloading.Unlock()
	if err := a.loadKeys(ctx, g); err != nil {
		return false, err
	}
	p := a.plant.Load()
	all, changed, err := a.tuneIn(ctx, p)
	if err != nil {
		return false, err
	}
	a.recall(ctx, p, changed)
	staffed, err := a.staff(ctx, p)
	if a.loops != nil && !a.turnOver(ctx, p) {
		staffed = false
	}
	for _, l := range a.loops {
		l.look()
	}
	return staffed && all, err
}

// loadKeys gives the server the keys in the store.
func (a *App) loadKeys(ctx context.Context, g *gateway) error {
	rows, err := a.store.ListKeys(ctx, model.DefaultTenant)
	if err != nil {
		return err
	}
	if len(rows) == 0 {
		g.server.SetKeys(nil)
		return nil
	}
	keys := []server.Key{} // not nil: who has revoked every key wants nobody served
	for _, k := range rows {
		if k.Revoked == nil {
			keys = append(keys, server.Key{ID: k.ID, Tenant: k.Tenant, Manages: k.Manages, Hash: k.Hash})
		}
	}
	g.server.SetKeys(keys)
	return nil
}
