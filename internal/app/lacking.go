// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"fmt"
	"retort/internal/desk"
	"retort/internal/plant"
	"retort/internal/store"
)

// wear has blends and desks of a plant take up what serves in a data folder.
func wear(p *plant.Plant, found store.Peeked) {
	inUse := byBlend(found.Tunings)
	for _, name := range tunables(p) {
		if row := inUse[name]; row != nil {
			if err := tuneOne(p.Config.Data, p.Tunables[name], row); err != nil {
				p.Refuse(name, row.ID, err)
			}
		}
	}
	out := outOf(found.TakenOut)
	for i := range found.Champions {
		row := &found.Champions[i]
		if d := p.Desks[row.Task]; d != nil {
			if err := seat(p, d, row, out); err != nil {
				p.Refuse(row.Task, row.ID, err)
			}
		}
	}
}

// tellLacking logs what waits for something to be learned.
func (a *App) tellLacking(p *plant.Plant) {
	for _, l := range p.Lacking() {
		a.tellLack(l)
	}
}

// serves says whether this process answers requests, and by this plant.
func (a *App) serves(p *plant.Plant) bool { return a.serving.Load() != nil && a.plant.Load() == p }

func (a *App) tellLack(l plant.Lack) {
	what := "model"
	if l.Kind == "task" {
		what = "task"
	}
	a.log.Info(fmt.Sprintf("a %s %s", l.Kind, l.State), what, l.Name, "why", l.Why, "meanwhile", l.Then, "hint", l.Hint)
}

// tellTuning logs that a blend took up a tuning, or lost it, and what it lacks then.
func (a *App) tellTuning(p *plant.Plant, name string) {
	if id := p.Tunables[name].Tuned(); id != "" {
		a.log.Info("a tuning is taken up", "model", name, "tuning", id)
	} else {
		a.log.Info("a tuning is put aside", "model", name)
	}
	if l, lacks := p.LackOf(name); lacks && a.serves(p) { // else it is told once it does
		a.tellLack(l)
	}
}

// tellSeat logs that another student than before, or none, is at a desk, or one that was out, and what the task lacks then.
func (a *App) tellSeat(p *plant.Plant, d *desk.Desk, before desk.Staffing) {
	now := d.Now()
	switch {
	case now.Champion == before.Champion && before.Out && !now.Out:
		a.log.Info("a student that was taken out is put back", "task", d.Task.Name, "student", now.Champion)
	case now.Champion == before.Champion:
		return
	case now.Champion == "":
		a.log.Info("a task has no champion any more; the teacher answers", "task", d.Task.Name, "before", before.Champion)
	default:
		a.log.Info("a champion is taken up", "task", d.Task.Name, "student", now.Champion)
	}
	if now.Silent != "" && a.serves(p) {
		l, _ := p.LackOf(d.Task.Name)
		a.tellLack(l)
	}
}
