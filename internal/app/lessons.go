// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"fmt"
	"strings"

	"retort/dataset"
	"retort/internal/store"
	"retort/model"
	"retort/task"
)

// lessons are what traces teach.
type lessons struct {
	examples []dataset.Example
	teacher  string // the concrete model that answered most recently
	deferred int    // answers to what a student left to the teacher
	skipped  int    // traces without captured content, or with an answer outside the contract
}

// lessons reads the task's traces. The teacher's answers count, and corrections by feedback above them. What a student
// deferred is left out: it is the hard part of the stream, and would mislead the threshold about the rest.
func (a *App) lessons(ctx context.Context, d *desk, progress func(string, int, int)) (*lessons, error) {
	if err := a.flush(ctx); err != nil {
		return nil, err
	}
	corrections, err := a.store.Corrections(ctx, model.DefaultTenant)
	if err != nil {
		return nil, err
	}
	chosen := store.Filter{Tenant: model.DefaultTenant, Model: d.task.Name, Status: store.Answered, Content: true}
	total, err := a.store.Count(ctx, chosen)
	if err != nil {
		return nil, err
	}
	out := &lessons{}
	read := 0
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
		out.add(trace, d.task, corrections[trace.ID])
	}
	return out, nil
}

func (l *lessons) add(trace *model.Trace, t *task.Task, correction string) {
	input, err := traceInput(trace)
	if err != nil || trace.Response == nil {
		l.skipped++
		return
	}
	label := trace.Response.Text()
	if correction != "" {
		if parsed, ok := t.Parse(correction); ok {
			label = parsed
		}
	} else if asked(trace) {
		if !strings.HasPrefix(trace.Response.Model, studentPrefix) {
			l.deferred++
		}
		return
	}
	if t.Class(label) < 0 {
		l.skipped++
		return
	}
	l.teacher = trace.Response.Model
	l.examples = append(l.examples, dataset.Example{Text: input, Label: label, ID: trace.ID})
}

// notes says what was left out.
func (l *lessons) notes() []string {
	var notes []string
	if l.deferred > 0 {
		notes = append(notes, fmt.Sprintf("%d answers to what a student had left to the teacher were not used: they are the hard part of the traffic", l.deferred))
	}
	if l.skipped > 0 {
		notes = append(notes, fmt.Sprintf("%d traces were not used: their content was not captured, or their answer is none of the task's labels", l.skipped))
	}
	return notes
}

// asked says whether a student was asked for the answer.
func asked(trace *model.Trace) bool {
	for i := range trace.Attempts {
		if strings.HasPrefix(trace.Attempts[i].Model, studentPrefix) {
			return true
		}
	}
	return false
}
