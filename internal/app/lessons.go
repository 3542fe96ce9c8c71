// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"retort/dataset"
	"retort/internal/desk"
	"retort/internal/origin"
	"retort/internal/plant"
	"retort/internal/store"
	"retort/model"
	"retort/task"
)

// lessons are what traces teach.
type lessons struct {
	task    *task.Task
	teacher func(t *model.Trace) bool // whether an answer is the task's teacher's
	// drawn are the traces of requests that chance chose to be audited and that a student answered; nil where audits teach nothing. With
	// them, what the teacher said to a request is fair if that was drawn, whoever answered. Each has the key that asked.
	drawn map[string]string

	examples []dataset.Example // answered by the teacher while no student was asked, or drawn by chance: they train and judge
	hard     []dataset.Example // what a student was asked: it trains, but never judges
	paid     model.Money       // for all examples
	own      int               // a student's own answers, or a memory's
	others   int               // answers of models that are not the teacher now
	refuted  int               // answers corrected to what is none of the task's labels
	changed  int               // answers of labels that have changed their meaning since
	early    int               // of hard: fair answers from before those that judge
	skipped  int               // traces without captured content, or with an answer outside the contract
}

// lessons reads the task's traces. The answers of its teacher count, and corrections by feedback above them. A student's
// own answers teach nothing. What it left to the teacher, and what people corrected in its answers, is the hard part of
// the stream: it trains, but would mislead the threshold about the rest. Requests that were drawn to be audited are a fair sample
// together, those that the student answered and those that it left.
func (a *App) lessons(ctx context.Context, p *plant.Plant, d *desk.Desk, progress func(string, int, int)) (*lessons, error) {
	if err := a.flush(ctx); err != nil {
		return nil, err
	}
	opinions, err := a.store.Opinions(ctx, model.DefaultTenant)
	if err != nil {
		return nil, err
	}
	chosen := store.Filter{Tenant: model.DefaultTenant, Model: d.Task.Name, Status: store.Answered, Content: true}
	total, err := a.store.Count(ctx, chosen)
	if err != nil {
		return nil, err
	}
	out := newLessons(p, d)
	out.drawn = map[string]string{}
	read := 0
	for _, chosen.Purpose = range []model.Work{model.Serving, model.Auditing} { // audits are of what was served
		for trace, err := range a.store.Traces(ctx, chosen) {
			if trace == nil {
				return nil, err
			}
			if err != nil { // its content is damaged; the others count
				out.skipped++
				continue
			}
			read++
			if read%500 == 0 {
				progress("read traces", read, max(read, total))
			}
			out.add(trace, opinions[trace.ID].Corrected())
		}
	}
	// Requests overlap, so the order in which they came is chance; training depends on the order, and must not on chance.
	for _, examples := range [][]dataset.Example{out.examples, out.hard} {
		slices.SortStableFunc(examples, func(a, b dataset.Example) int { return strings.Compare(a.Text, b.Text) })
	}
	return out, nil
}

func newLessons(p *plant.Plant, d *desk.Desk) *lessons {
	lead := d.Config.Teacher.Lead()
	names := origin.NamesOf(p.Config, lead)
	return &lessons{task: d.Task, teacher: func(t *model.Trace) bool { return origin.Gave(p.Config, lead, names, t) }}
}

// forget leaves out labels from before a time of theirs.
func (l *lessons) forget(from map[string]time.Time) {
	if len(from) == 0 {
		return
	}
	early := func(e dataset.Example) bool { return !e.Gold && e.Time.Before(from[e.Label]) }
	before := len(l.examples) + len(l.hard)
	l.examples, l.hard = slices.DeleteFunc(l.examples, early), slices.DeleteFunc(l.hard, early)
	l.changed += before - len(l.examples) - len(l.hard)
}

// limit leaves as judges those from a time on, and of these the latest, most at most; 0: all. The others train alone, as do those of a clock
// that was ahead: nobody knows when they were.
func (l *lessons) limit(from time.Time, most int) {
	until := time.Now().Add(aheadBy)
	times := make([]time.Time, 0, len(l.examples))
	for i := range l.examples {
		if !l.examples[i].Time.After(until) {
			times = append(times, l.examples[i].Time)
		}
	}
	slices.SortFunc(times, func(a, b time.Time) int { return b.Compare(a) })
	if most > 0 && len(times) > most && times[most-1].After(from) {
		from = times[most-1]
	}
	judges := l.examples[:0:0]
	for i := range l.examples {
		if l.examples[i].Time.Before(from) || l.examples[i].Time.After(until) {
			l.hard = append(l.hard, l.examples[i])
			l.early++
		} else {
			judges = append(judges, l.examples[i])
		}
	}
	l.examples = judges
}

// add keeps what a trace teaches.
func (l *lessons) add(trace *model.Trace, correction string) {
	switch example := l.learn(trace, correction); {
	case example == nil:
	case example.Hard:
		example.Hard = false // it is kept apart
		l.hard = append(l.hard, *example)
	default:
		l.examples = append(l.examples, *example)
		l.paid += trace.Cost
	}
}

// learn returns the example in a trace, or nil where it teaches nothing, which it counts.
func (l *lessons) learn(trace *model.Trace, correction string) *dataset.Example {
	input, err := traceInput(trace)
	if err != nil || trace.Response == nil {
		l.skipped++
		return nil
	}
	label, corrected := trace.Response.Text(), correction != ""
	if corrected {
		parsed, err := l.task.Read(input, correction)
		if err != nil { // somebody says that the answer is wrong, and not what is right
			l.refuted++
			return nil
		}
		label = parsed
	}
	who, key, picked := trace.Response.Model, trace.Key, false
	if trace.Purpose == model.Auditing {
		of, _, _ := strings.Cut(trace.ID, ".")
		asker, drawn := l.drawn[of]
		// Others were audited since answers like theirs are in doubt, or in a blend, whose other requests are not known.
		key, picked = asker, !drawn
	}
	ownAnswer := strings.HasPrefix(who, origin.Student(l.task.Name, "")) || who == origin.Memory(l.task.Name)
	label, outside := l.task.Canonical(input, label)
	switch {
	case ownAnswer && !corrected:
		l.own++
		if trace.Drawn && l.drawn != nil {
			l.drawn[trace.ID] = trace.Key
		}
		return nil
	case outside != nil:
		l.skipped++
		return nil
	case !ownAnswer && !l.teacher(trace):
		l.others++
		return nil
	}
	example := &dataset.Example{Text: input, Label: label, Gold: corrected, Hard: ownAnswer || picked || l.left(trace), ID: trace.ID, Time: trace.Start, Tenant: trace.Tenant,
		Group: key}
	if !corrected {
		example.Teacher = who
	}
	return example
}

// left says whether a trace's answer is no fair sample of the traffic, since a student or a memory was asked first.
func (l *lessons) left(trace *model.Trace) bool {
	return asked(trace, l.task.Name) && (l.drawn == nil || !trace.Drawn || remembers(trace, l.task.Name))
}

// remembers says whether a memory that speaks was asked: its answers are not audited.
func remembers(trace *model.Trace, name string) bool {
	for i := range trace.Attempts {
		if trace.Attempts[i].Model == origin.Memory(name) {
			return true
		}
	}
	return false
}

// notes says what was left out.
func (l *lessons) notes() []string {
	var notes []string
	note := func(n int, format string) {
		if n > 0 {
			notes = append(notes, fmt.Sprintf(format, n))
		}
	}
	note(l.changed, "%d answers were not used: their labels have changed their meaning since")
	note(l.early, "%d earlier answers train but do not judge")
	note(len(l.hard)-l.early, "%d answers that a student left to the teacher, or a memory of similar inputs did, or that were corrected, train but do not judge: they are the hard part of the traffic")
	note(l.others, "%d answers came from models that are not the task's teacher now and were not used")
	note(l.refuted, "%d answers were corrected to what the task does not allow and were not used")
	note(l.skipped, "%d traces were not used: their content was not captured, or the task does not allow their answer")
	return notes
}

// asked says whether a student of the task, or a memory that speaks, was asked for the answer: what they leave is no fair
// sample of the traffic.
func asked(trace *model.Trace, name string) bool {
	for i := range trace.Attempts {
		if who := trace.Attempts[i].Model; strings.HasPrefix(who, origin.Student(name, "")) || who == origin.Memory(name) {
			return true
		}
	}
	return false
}
