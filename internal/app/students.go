// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"retort/eval"
	"retort/internal/store"
	"retort/model"
	"retort/student"
)

// Student is a registered student with its card.
type Student struct {
	ID      string       `json:"id"`
	Task    string       `json:"task"`
	Stage   store.Stage  `json:"stage"`
	Path    string       `json:"path"` // of its file, relative to the data folder
	Bytes   int64        `json:"bytes"`
	Created time.Time    `json:"created"`
	Card    student.Card `json:"card"`
	// Cleared is when its files were cleared, as it never served; null: they are there.
	Cleared *time.Time `json:"cleared,omitempty"`
	// Audit is the verdict of its latest audit; empty for none. Only Student fills it.
	Audit eval.Ruling `json:"audit,omitempty"`
	// Found names the checks of that audit which decided against it, and says whether the gate of its turn leaves them out; empty where it passed.
	Found string `json:"audit_found,omitempty"`
	// Out says why audits of what it served took it out; empty: they did not, or somebody put it back.
	Out string `json:"out,omitempty"`
}

// Status is the word for what its certificate promises.
func (s *Student) Status() string {
	if s.Card.Certificate == nil {
		return "uncertified"
	}
	return string(s.Card.Certificate.Status)
}

func newStudent(row *store.Student) (*Student, error) {
	s := &Student{ID: row.ID, Task: row.Task, Stage: row.Stage, Path: row.Path, Bytes: row.Bytes, Created: row.Created, Cleared: row.Cleared}
	if err := json.Unmarshal(row.Card, &s.Card); err != nil {
		return nil, fmt.Errorf("read the card of student %s: %w", row.ID, err)
	}
	return s, nil
}

// Students returns the students of a task, or of all, the latest first.
func (a *App) Students(ctx context.Context, task string) ([]*Student, error) {
	rows, err := a.store.Students(ctx, model.DefaultTenant, task)
	if err != nil {
		return nil, err
	}
	takenOut, err := a.store.TakenOut(ctx)
	if err != nil {
		return nil, err
	}
	why := outOf(takenOut)
	out := make([]*Student, len(rows))
	for i := range rows {
		if out[i], err = newStudent(&rows[i]); err != nil {
			return nil, err
		}
		out[i].Out = why[seatOf{out[i].Task, out[i].ID}]
	}
	return out, nil
}

// Student returns the student with an id, or whose id alone begins with it.
func (a *App) Student(ctx context.Context, id string) (*Student, error) {
	s, err := a.student(ctx, id)
	if err != nil {
		return nil, err
	}
	if r, err := a.keptAudit(s.ID); err == nil && r != nil { // a broken one is told of where it counts
		s.Audit = r.Verdict
		if s.Found, err = a.found(ctx, s.ID, r); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (a *App) student(ctx context.Context, id string) (*Student, error) {
	all, err := a.Students(ctx, "")
	if err != nil {
		return nil, err
	}
	var found *Student
	for _, s := range all {
		switch {
		case s.ID == id:
			return s, nil
		case id != "" && strings.HasPrefix(s.ID, id):
			if found != nil {
				return nil, &studentError{fmt.Sprintf("more than one student's id begins with %q", id)}
			}
			found = s
		}
	}
	if found == nil {
		return nil, &studentError{fmt.Sprintf("there is no student %q", id)}
	}
	return found, nil
}

type studentError struct{ text string }

func (e *studentError) Error() string { return e.text }
func (e *studentError) Hint() string  { return "retort students list shows their ids" }

// Promote makes a student the champion of its task. A student that would answer nothing, and one whose file does not
// open, are refused, and so is one whose audit did not pass. A serving process takes the champion up by itself. One that was taken
// out is put back.
func (a *App) Promote(ctx context.Context, id string) (*Student, error) {
	s, err := a.Student(ctx, id)
	if err != nil {
		return nil, err
	}
	if err := s.there(); err != nil { // whatever its audit says
		return nil, err
	}
	if err := a.passed(ctx, s.ID); err != nil {
		return nil, err
	}
	return a.ForcePromote(ctx, s.ID)
}

// ForcePromote is Promote whatever an audit found.
func (a *App) ForcePromote(ctx context.Context, id string) (*Student, error) {
	s, err := a.Student(ctx, id)
	if err != nil {
		return nil, err
	}
	if err := s.there(); err != nil {
		return nil, err
	}
	p := a.plant.Load()
	opened, err := loadStudent(p.Config.Data, s.Path)
	if err != nil {
		return nil, err
	}
	if why := (&Student{Card: opened.Card()}).Silent(); why != "" {
		return nil, &silentError{s.ID, why}
	}
	if d, ok := p.Desks[s.Task]; ok {
		if err := fits(d.Task, opened); err != nil {
			return nil, fmt.Errorf("promote student %s: %w", s.ID, err)
		}
	}
	if _, err := a.store.PutBack(ctx, model.DefaultTenant, s.Task, s.ID); err != nil {
		return nil, err
	}
	row, _, err := a.store.Promote(ctx, model.DefaultTenant, s.ID)
	if err != nil {
		return nil, err
	}
	return newStudent(&row)
}

// silentError refuses to promote a student that answers nothing.
type silentError struct{ id, reason string }

func (e *silentError) Error() string {
	return fmt.Sprintf("student %s is silent, so promoting it would change nothing: %s", e.id, e.reason)
}
func (e *silentError) Hint() string {
	return "collect more labels and distil again, or distil with a lower --agreement"
}

// Rollback undoes a task's latest promotion and returns the champion before it, or nil when the teacher answers alone
// again. Where there is no champion it ends that a canary answers.
func (a *App) Rollback(ctx context.Context, task string) (*Student, error) {
	row, _, err := a.store.Rollback(ctx, model.DefaultTenant, task)
	if model.KindOf(err) == model.NotFound {
		if did, ended := a.endCanary(ctx, task); did || ended != nil {
			return nil, ended
		}
	}
	if err != nil || row == nil {
		return nil, err
	}
	s, err := newStudent(row)
	if err != nil {
		return nil, err
	}
	takenOut, err := a.store.TakenOut(ctx)
	s.Out = outOf(takenOut)[seatOf{s.Task, s.ID}]
	return s, err
}

// Silent says why a student answers nothing where it is the champion; empty: it answers.
func (s *Student) Silent() string {
	switch certificate := s.Card.Certificate; {
	case s.Out != "":
		return s.Out
	case certificate == nil:
		return "it has no certificate"
	case !certificate.Speaks():
		return cmp.Or(certificate.Reason, "its certificate lets it answer nothing")
	}
	return ""
}

// endCanary makes a task's canary a candidate again, and reports whether there was one.
func (a *App) endCanary(ctx context.Context, task string) (did bool, err error) {
	rows, err := a.store.Students(ctx, model.DefaultTenant, task)
	for i := range rows {
		if rows[i].Stage == store.Canary {
			return a.store.Restage(ctx, model.DefaultTenant, rows[i].ID, store.Canary, store.Candidate, "a person ended it")
		}
	}
	return false, err
}
