// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package plant

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"retort/internal/desk"
	"retort/internal/origin"
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

// Refuse notes that a blend or task cannot take up a tuning or a student, and says whether that is news.
func (p *Plant) Refuse(name, id string, err error) bool {
	news := p.refused[name].id != id
	p.refused[name] = refusal{id, err}
	return news
}

// Accept forgets what a blend or task could not take up: it took another up.
func (p *Plant) Accept(name string) { delete(p.refused, name) }

// Lacking returns the blends and tasks that wait for something to be learned, by name.
func (p *Plant) Lacking() []Lack {
	out := []Lack{}
	for _, name := range slices.Sorted(maps.Keys(p.Tunables)) {
		if l, lacks := p.blendLacks(name); lacks {
			out = append(out, l)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(p.Desks)) {
		if l, lacks := p.taskLacks(name); lacks {
			out = append(out, l)
		}
	}
	return out
}

// LackOf returns what one blend or task lacks; false: nothing, as of other models and of names that there are not.
func (p *Plant) LackOf(name string) (Lack, bool) {
	switch {
	case p.Desks[name] != nil:
		return p.taskLacks(name)
	case p.Tunables[name] != nil:
		return p.blendLacks(name)
	}
	return Lack{}, false
}

func (p *Plant) blendLacks(name string) (Lack, bool) {
	blend := p.Tunables[name]
	fitter, _ := blend.Fitter()
	l := Lack{Name: name, Kind: fitter.Kind(), State: lacksTuning, Why: "nothing was learned for it yet", Then: blend.Meanwhile(),
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
	case blend.Tuned() == "" && !optional(blend):
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

func (p *Plant) taskLacks(name string) (Lack, bool) {
	d := p.Desks[name]
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
func (p *Plant) turning(d *desk.Desk, l *Lack) {
	if d.Config.Wheel == nil {
		return
	}
	l.Hint = fmt.Sprintf("it turns by itself while retort serves; retort tasks show %s says when", l.Name)
	unknown, err := origin.Terms(p.Config, d.Config.Teacher...)
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
