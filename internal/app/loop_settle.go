// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"retort/internal/desk"
	"retort/internal/store"
	"retort/model"
	"retort/wheel"
)

// settle brings the store to what the wheel decided, and the wheel to what people and turns decided in the store: who is taken out comes
// first, then stages, and what the store says in the end holds.
func (l *loop) settle(ctx context.Context) error {
	for len(l.events) > 0 {
		e := l.events[0]
		if err := l.follow(ctx, &e); err != nil {
			return err
		}
		l.events, l.dirty, l.kept.report = l.events[1:], true, false
	}
	now, err := l.restage(ctx)
	if err != nil {
		return err
	}
	if err := l.adopt(ctx, now); err != nil {
		return err
	}
	if len(l.events) > 0 { // of what was adopted; it may not have been, and the store is to know
		return l.settle(ctx)
	}
	l.rest()
	return nil
}

// rest has students leave memory that are not asked any more.
func (l *loop) rest() {
	stages, served := l.wheel.Stages(), l.wheel.Status().Champion != nil
	for id, p := range l.pupils {
		switch stages[id] {
		case wheel.Champion, wheel.Canary, wheel.Challenger:
			continue
		case wheel.Fallen: // it is asked while nothing answers
			if !served {
				continue
			}
		}
		p.rest()
	}
}

// follow has the store know of an event, and people.
func (l *loop) follow(ctx context.Context, e *wheel.Event) error {
	log := l.app.log.With("task", l.task)
	student := ""
	if v := l.wheel.Version(e.Version); v != nil {
		student = v.Name
		log = log.With("student", student)
	}
	switch e.Kind {
	case wheel.AlarmService, wheel.AlarmClasses, wheel.AlarmCanary:
		text, err := json.Marshal(e)
		if err != nil { // an infinite number; the words say the rest
			text = []byte("{}")
		}
		t := store.Takeout{Tenant: model.DefaultTenant, Task: l.task, Student: student, Why: e.Says, Evidence: text}
		if err := l.app.store.TakeOut(ctx, t); err != nil {
			return err
		}
		log.Error("a student is taken out; the teacher answers, or the champion before", "why", e.Says, "hint", "retort tasks show "+l.task)
	case wheel.AlarmClass:
		log.Error("answers of one class are taken out; the teacher gives them", "class", e.Class, "why", e.Says, "hint", "retort tasks show "+l.task)
	case wheel.AlarmInput, wheel.AlarmTeacher:
		log.Warn("what is asked, or what the teacher answers, has changed", "alarm", string(e.Kind), "why", e.Says, "hint", "retort tasks show "+l.task)
	default:
		if e.Class != "" {
			log = log.With("class", e.Class)
		}
		log.Info("the wheel went on", "event", string(e.Kind), "says", e.Says)
	}
	return nil
}

// stored is what the store says of a task's students.
type stored struct {
	students []store.Student
	reign    store.Reign // the one of the students, or an earlier one
}

func (l *loop) stored(ctx context.Context) (out stored, err error) {
	if out.reign, err = l.app.store.Reign(ctx, model.DefaultTenant, l.task); err == nil {
		out.students, err = l.app.store.Students(ctx, model.DefaultTenant, l.task)
	}
	return out, err
}

// restage brings students to the stages that the wheel gave them, and returns what the store says then. None succeeds a champion whom the wheel
// did not know: a person, who has the last word, promoted or rolled back since.
func (l *loop) restage(ctx context.Context) (stored, error) {
	found, err := l.stored(ctx)
	if err != nil {
		return found, err
	}
	tried := false
	stages := l.wheel.Stages()
	for i := range found.students {
		row := &found.students[i]
		now, known := stages[row.ID]
		if !known {
			continue
		}
		to := row.Stage
		switch {
		case row.Stage == store.Challenger && now == wheel.Canary:
			to = store.Canary
		case row.Stage == store.Canary && now == wheel.Champion:
			to = store.Champion
		case (row.Stage == store.Canary || row.Stage == store.Challenger) && now != wheel.Canary && now != wheel.Challenger && now != wheel.Champion:
			to = store.Candidate
		}
		if to == row.Stage {
			continue
		}
		tried = true
		if to == store.Champion {
			_, err = l.app.store.Succeed(ctx, model.DefaultTenant, row.ID, row.Stage, l.reign, l.lately(row.ID, now))
		} else {
			_, err = l.app.store.Restage(ctx, model.DefaultTenant, row.ID, row.Stage, to, l.lately(row.ID, now))
		}
		if err != nil {
			return found, err
		}
	}
	if tried {
		return l.stored(ctx)
	}
	return found, nil
}

// lately is what was last said of a student that is at a stage now. Nothing is said of one that left it since something became of another: then
// it is that.
func (l *loop) lately(student string, now wheel.Stage) string {
	v := l.wheel.Named(student)
	since := ""
	events := l.wheel.Events()
	for i := len(events) - 1; v != nil && i >= 0; i-- {
		e := &events[i]
		switch own := e.Version == v.ID && e.Kind != wheel.ClassBack; {
		case own && e.Kind == wheel.Judged && since != "" && now != wheel.Champion && !strings.HasPrefix(e.Says, string(wheel.Rejected)):
			return since + "; before, as " + e.Says
		case own:
			return e.Says
		case since != "":
		case e.Kind == wheel.RolledBack:
			since = "a person made another student the champion"
		case e.Kind == wheel.TakenOut, e.Kind == wheel.AlarmService, e.Kind == wheel.AlarmClasses:
			since = "the champion was taken out, and this one with it: " + e.Says
		case e.Kind == wheel.Judged && strings.HasPrefix(e.Says, string(wheel.Canary)+":"):
			since = "another student became the canary"
		}
	}
	return ""
}

// adopt brings the wheel to what the store says of a task's students.
func (l *loop) adopt(ctx context.Context, now stored) error {
	rows := now.students
	out, err := l.app.takenOut(ctx)
	if err != nil {
		return err
	}
	since, _, err := l.app.lastOut(ctx, l.task)
	if err != nil {
		return err
	}
	at := map[store.Stage]*store.Student{}
	for i := range rows {
		at[rows[i].Stage] = &rows[i]
	}
	w, c := l.wheel, at[store.Champion]
	if c != nil && out[seatOf{l.task, c.ID}] != "" { // as when it is gone back to
		c = nil
	}
	if c == nil && w.Status().Champion != nil {
		w.TakeOut("a person, or another process, ended that it serves")
	}
	w.Changed(since)
	if c != nil {
		if err := l.crown(ctx, c); err != nil {
			return err
		}
		if now := w.Status().Champion; now != nil && now.Name != c.ID {
			w.TakeOut("another is the champion now, and cannot serve")
		}
	}
	if err := l.admit(ctx, at[store.Canary], w.Status().Canary, wheel.Canary); err != nil {
		return err
	}
	l.reign = now.reign
	return l.admit(ctx, at[store.Challenger], w.Status().Challenger, wheel.Challenger) // a canary ends what was challenger
}

// admit has the student of the store at a stage below the champion's, if any, and not another one that is there now.
func (l *loop) admit(ctx context.Context, row *store.Student, now *wheel.Version, at wheel.Stage) error {
	if now != nil && (row == nil || row.ID != now.Name) {
		l.wheel.Withdraw(now.ID, "it is no "+string(at)+" any more")
	}
	if row == nil || l.wheel.Named(row.ID) != nil {
		return nil
	}
	return l.enter(ctx, row, at)
}

// crown makes a student the champion that is it in the store.
func (l *loop) crown(ctx context.Context, row *store.Student) error {
	v := l.wheel.Named(row.ID)
	if v == nil {
		return l.enter(ctx, row, wheel.Champion)
	}
	switch l.wheel.Stage(v) {
	case wheel.Champion:
		return nil
	case wheel.Fallen:
		return l.wheel.PutBack(v.ID)
	}
	if err := l.wheel.Rollback(v.ID); err != nil {
		l.refuse(row, err)
	}
	return nil
}

// enter tells the wheel of a student that came to a stage in the store.
func (l *loop) enter(ctx context.Context, row *store.Student, at wheel.Stage) error {
	c, why, err := l.candidate(ctx, row)
	if err != nil {
		return err
	}
	if c != nil {
		l.wheel.Enter(c, at, why)
		delete(l.refused, row.ID)
	}
	return nil
}

// candidate is what the wheel has to know of a student; nil for one that cannot serve, of which is told once.
func (l *loop) candidate(ctx context.Context, row *store.Student) (c *wheel.Candidate, why string, err error) {
	s, err := newStudent(row)
	if err != nil {
		l.refuse(row, err)
		return nil, "", nil
	}
	if silent := desk.Silence(s.Card.Certificate); silent != "" {
		l.refuse(row, errors.New(silent))
		return nil, "", nil
	}
	p := l.pupil(row)
	if _, err := p.open(); err != nil {
		l.refused[row.ID] = err.Error() // open has told
		return nil, "", nil
	}
	c = &wheel.Candidate{Name: row.ID, Student: p, Certificate: *s.Card.Certificate, Lesson: &wheel.Lesson{}}
	c.Lesson.Request = row.Created.UnixNano()
	c.Lesson.Since = l.wheel.Brief().Since
	why = "by a person"
	turn, err := l.app.store.Turn(ctx, model.DefaultTenant, row.ID)
	if err != nil {
		return nil, "", err
	}
	if turn != nil {
		var g Gate
		if err := json.Unmarshal(turn.Evidence, &g); err == nil && g.Brief != nil {
			c.Lesson.Brief, c.Usual, c.Pairs, why = *g.Brief, g.Usual, g.Pairs, g.Why
		}
	}
	return c, why, nil
}

// refuse tells once why a student cannot serve.
func (l *loop) refuse(row *store.Student, err error) {
	if l.refused[row.ID] != err.Error() {
		l.refused[row.ID] = err.Error()
		l.app.log.Error("a student cannot serve; the teacher answers", "task", l.task, "student", row.ID, "error", fmt.Sprint(err))
	}
}
