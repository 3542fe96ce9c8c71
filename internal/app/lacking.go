// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"retort/internal/desk"
	"retort/internal/origin"
	"retort/internal/store"
)

// Lack is a blend or a task that does not do what it is for, because something is not learned yet or cannot be used.
type Lack struct {
	Name  string `json:"name"`
	Kind  string `json:"kind"`  // of the blend, or "task"
	State string `json:"state"` // untuned, silent, or, of a task, no champion
	Why   string `json:"why"`
	Then  string `json:"then"` // what happens meanwhile
	Hint  string `json:"hint"` // the command that helps
}

// String says it in one line.
func (l Lack) String() string {
	return fmt.Sprintf("%s, a %s, %s: %s; meanwhile %s", l.Name, l.Kind, l.State, l.Why, l.Then)
}

// The states of a Lack.
const (
	lacksTuning   = "is not tuned"
	lacksVoice    = "is silent"
	lacksChampion = "has no champion"
)

// refusal is what a blend or a task cannot take up.
type refusal struct {
	id  string
	err error
}

// refuse notes what a blend or task cannot take up, and says whether that is news.
func (p *plant) refuse(name, id string, err error) bool {
	news := p.refused[name].id != id
	p.refused[name] = refusal{id, err}
	return news
}

// wear has blends and desks take up what serves in a data folder.
func (p *plant) wear(found store.Peeked) {
	inUse := byBlend(found.Tunings)
	for _, name := range p.tunableNames() {
		if row := inUse[name]; row != nil {
			if err := p.tuneOne(p.tunables[name], row); err != nil {
				p.refuse(name, row.ID, err)
			}
		}
	}
	out := outOf(found.TakenOut)
	for i := range found.Champions {
		row := &found.Champions[i]
		if d := p.tasks[row.Task]; d != nil {
			if err := p.seat(d, row, out); err != nil {
				p.refuse(row.Task, row.ID, err)
			}
		}
	}
}

// lacking returns the blends and tasks that wait for something to be learned, by name.
func (p *plant) lacking() []Lack {
	out := []Lack{}
	for _, name := range p.tunableNames() {
		if l, lacks := p.blendLacks(name); lacks {
			out = append(out, l)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(p.tasks)) {
		if l, lacks := p.taskLacks(name); lacks {
			out = append(out, l)
		}
	}
	return out
}

func (p *plant) blendLacks(name string) (Lack, bool) {
	blend := p.tunables[name]
	fitter, _ := blend.fitter()
	l := Lack{Name: name, Kind: fitter.Kind(), State: lacksTuning, Why: "nothing was learned for it yet", Then: blend.meanwhile(),
		Hint: "retort tune " + name + " --data FILE"}
	refused, cannot := p.refused[name]
	c, cascade := blend.(*cascade)
	silent := ""
	if cascade {
		silent = c.silent()
	}
	switch {
	case cannot:
		l.Why = fmt.Sprintf("tuning %s cannot be used: %v", refused.id, refused.err)
	case blend.tuned() == "" && !optional(blend):
	case silent != "":
		l.Why = silent
	default:
		return l, false
	}
	if silent != "" {
		l.State = lacksVoice
	}
	return l, true
}

func (p *plant) taskLacks(name string) (Lack, bool) {
	d := p.tasks[name]
	now, refused := d.Now(), p.refused[name]
	l := Lack{Name: name, Kind: "task", State: lacksChampion, Why: "no student was promoted", Then: d.Config.Teacher.Lead() + " answers all",
		Hint: "retort distill " + name}
	switch {
	case refused.err != nil:
		l.Why = fmt.Sprintf("student %s cannot serve: %v", refused.id, refused.err)
	case now.Out:
		l.State, l.Why = lacksVoice, fmt.Sprintf("its champion %s was %s", now.Champion, now.Silent)
		l.Hint = fmt.Sprintf("retort tasks show %s; to put it back all the same: retort tasks resume %s", name, name)
	case now.Silent != "":
		l.State, l.Why = lacksVoice, fmt.Sprintf("of its champion %s: %s", now.Champion, now.Silent)
	case now.Champion != "":
		return l, false
	default:
		p.turning(d, &l)
	}
	return l, true
}

// turning says of a task that turns by itself and has no champion yet what it waits for, or what keeps it from ever having one.
func (p *plant) turning(d *desk.Desk, l *Lack) {
	if d.Config.Wheel == nil {
		return
	}
	l.Hint = fmt.Sprintf("it turns by itself while retort serves; retort tasks show %s says when", l.Name)
	unknown, err := origin.Terms(p.config, d.Config.Teacher...)
	var forbidden *origin.ForbiddenError
	switch {
	case errors.As(err, &forbidden):
		l.Why, l.Hint = "its wheel learns nothing: "+forbidden.Error(), "name another teacher, or leave wheel out"
	case len(unknown) > 0:
		l.Why = "its wheel trains students and promotes none: whether the terms allow learning from it is not known of " + strings.Join(unknown, ", ")
		l.Hint = fmt.Sprintf("once you have read the terms, say so of model %s: distillation: {status: allowed, basis: …}", unknown[0])
	case d.Task.Object != nil:
		l.Hint = "its wheel trains students of objects and leaves them candidates, for retort students promote ID"
	}
}

// tellLacking logs what waits for something to be learned.
func (a *App) tellLacking(p *plant) {
	for _, l := range p.lacking() {
		a.tellLack(l)
	}
}

// serves says whether this process answers requests, and by this plant.
func (a *App) serves(p *plant) bool { return a.serving.Load() != nil && a.plant.Load() == p }

func (a *App) tellLack(l Lack) {
	what := "model"
	if l.Kind == "task" {
		what = "task"
	}
	a.log.Info(fmt.Sprintf("a %s %s", l.Kind, l.State), what, l.Name, "why", l.Why, "meanwhile", l.Then, "hint", l.Hint)
}

// tellTuning logs that a blend took up a tuning, or lost it, and what it lacks then.
func (a *App) tellTuning(p *plant, name string) {
	if id := p.tunables[name].tuned(); id != "" {
		a.log.Info("a tuning is taken up", "model", name, "tuning", id)
	} else {
		a.log.Info("a tuning is put aside", "model", name)
	}
	if l, lacks := p.blendLacks(name); lacks && a.serves(p) { // else it is told once it does
		a.tellLack(l)
	}
}

// tellSeat logs that another student than before, or none, is at a desk, or one that was out, and what the task lacks then.
func (a *App) tellSeat(p *plant, d *desk.Desk, before desk.Staffing) {
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
		l, _ := p.taskLacks(d.Task.Name)
		a.tellLack(l)
	}
}
