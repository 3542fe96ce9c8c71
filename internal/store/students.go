// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Stage is how far a student has come.
type Stage string

// The stages of a student.
const (
	Candidate  Stage = "candidate"  // trained
	Challenger Stage = "challenger" // compared with the champion on what is asked, and answers nothing; each task has one at most
	Canary     Stage = "canary"     // passed the gate, and answers a share that grows; each task has one at most
	Champion   Stage = "champion"   // serves its task; each task has one at most
	Retired    Stage = "retired"    // was the champion
)

// Student is a trained student and its place in its task's history.
type Student struct {
	ID      string          `json:"id"`
	Tenant  string          `json:"tenant"`
	Task    string          `json:"task"`
	Stage   Stage           `json:"stage"`
	Path    string          `json:"path"`  // of its file, relative to the data folder, with slashes
	Bytes   int64           `json:"bytes"` // of the file
	Card    json.RawMessage `json:"card"`  // its model card
	Created time.Time       `json:"created"`
	Cleared *time.Time      `json:"cleared,omitempty"` // when its files were cleared, as it never served; null: they are there

	Dataset DatasetRef `json:"-"` // the version that it learned from, for AddStudent alone; zero: none
}

// AddStudent adds a candidate and returns it as the store has it. ID may be empty: then one is made. Stage and Created
// are set here. A version that it learned from must be there, and is in use from now on. A missing task or path and a card that is not JSON are errors of kind Invalid.
func (s *Store) AddStudent(ctx context.Context, st Student) (Student, error) {
	const op = "add student"
	switch {
	case st.Tenant == "":
		return st, invalid(op, "tenant", "it is missing")
	case st.Task == "":
		return st, invalid(op, "task", "it is missing")
	case st.Path == "":
		return st, invalid(op, "path", "it is missing")
	case !json.Valid(st.Card):
		return st, invalid(op, "card", "it is not JSON")
	}
	if st.ID == "" {
		st.ID = newID("student")
	}
	st.Stage, st.Created = Candidate, now()
	err := s.change(ctx, op, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO students (id, tenant, task, stage, path, bytes, card, created) VALUES (?,?,?,?,?,?,?,?)",
			st.ID, st.Tenant, st.Task, string(st.Stage), st.Path, st.Bytes, string(st.Card), st.Created.UnixNano())
		if err == nil && st.Dataset != (DatasetRef{}) {
			err = use(ctx, tx, st.Tenant, st.Dataset, "student", st.ID)
		}
		return errors.Join(err, bump(ctx, tx))
	})
	return st, err
}

// Student returns the tenant's student with that id; one that does not exist is an error of kind NotFound.
func (s *Store) Student(ctx context.Context, tenant, id string) (Student, error) {
	return one(s.students(ctx, s.read, "WHERE id = ? AND tenant = ?", id, tenant))(id)
}

// Students returns the tenant's students of a task, or of all tasks when task is empty, the latest first.
func (s *Store) Students(ctx context.Context, tenant, task string) ([]Student, error) {
	if task == "" {
		return s.students(ctx, s.read, "WHERE tenant = ? ORDER BY created DESC, id", tenant)
	}
	return s.students(ctx, s.read, "WHERE tenant = ? AND task = ? ORDER BY created DESC, id", tenant, task)
}

// Champions returns the champion of each task of each tenant: what a server keeps in memory.
func (s *Store) Champions(ctx context.Context) ([]Student, error) {
	return s.students(ctx, s.read, "WHERE stage = ? ORDER BY tenant, task", string(Champion))
}

// Promote makes a student its task's champion and returns it with the champion it replaces, or nil. That one is
// retired. Promoting the champion changes nothing and returns nil for the one before. A student that was cleared is an error of kind Invalid.
func (s *Store) Promote(ctx context.Context, tenant, id string) (champion Student, before *Student, err error) {
	err = s.change(ctx, "promote student", func(tx *sql.Tx) error {
		champion, err = one(s.students(ctx, tx, "WHERE id = ? AND tenant = ?", id, tenant))(id)
		if err != nil || champion.Stage == Champion {
			return err
		}
		if err := gone("promote", &champion); err != nil {
			return err
		}
		before, err = s.crown(ctx, tx, &champion)
		return errors.Join(err, bump(ctx, tx))
	})
	return champion, before, err
}

// crown makes a student that is not the champion its task's and returns the one before, or nil.
func (s *Store) crown(ctx context.Context, tx *sql.Tx, champion *Student) (before *Student, err error) {
	if before, err = s.champion(ctx, tx, champion.Tenant, champion.Task); err != nil {
		return nil, err
	}
	if before != nil {
		if err := setStage(ctx, tx, before, Retired); err != nil {
			return nil, err
		}
	}
	if err := setStage(ctx, tx, champion, Champion); err != nil {
		return nil, err
	}
	_, err = tx.ExecContext(ctx, "UPDATE turns SET outcome = ?, says = ? || says WHERE id = ? AND outcome IN (?,?)",
		string(TurnPromoted), "promoted by a person; before: ", champion.ID, string(TurnCanary), string(TurnChallenger))
	if err != nil {
		return nil, err
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO promotions (tenant, task, student, created) VALUES (?,?,?,?)",
		champion.Tenant, champion.Task, champion.ID, now().UnixNano())
	return before, err
}

// Rollback undoes the task's latest promotion: the champion is retired and the one before it serves again. It returns
// that one, or nil when there was none before, so that the teacher answers. A task without a champion is an error of
// kind NotFound.
func (s *Store) Rollback(ctx context.Context, tenant, task string) (champion *Student, retired Student, err error) {
	err = s.change(ctx, "roll back student", func(tx *sql.Tx) error {
		now, err := s.champion(ctx, tx, tenant, task)
		if err != nil {
			return err
		}
		if now == nil {
			return notFound("champion of task", task, "retort students list shows what can be promoted")
		}
		retired = *now
		if err := setStage(ctx, tx, &retired, Retired); err != nil {
			return err
		}
		if champion, err = s.undo(ctx, tx, tenant, task); err != nil {
			return err
		}
		if champion != nil {
			if err := setStage(ctx, tx, champion, Champion); err != nil {
				return err
			}
		}
		return bump(ctx, tx)
	})
	return champion, retired, err
}

// undo marks the task's latest promotion as undone and returns the student of the one before, or nil.
func (s *Store) undo(ctx context.Context, tx *sql.Tx, tenant, task string) (*Student, error) {
	const latest = "SELECT seq FROM promotions WHERE tenant = ? AND task = ? AND undone IS NULL ORDER BY seq DESC LIMIT 1"
	_, err := tx.ExecContext(ctx, "UPDATE promotions SET undone = ? WHERE seq = ("+latest+")", now().UnixNano(), tenant, task)
	if err != nil {
		return nil, err
	}
	found, err := s.students(ctx, tx, "WHERE id = (SELECT student FROM promotions WHERE seq = ("+latest+"))", tenant, task)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return &found[0], nil
}

func (s *Store) champion(ctx context.Context, q querier, tenant, task string) (*Student, error) {
	found, err := s.students(ctx, q, "WHERE tenant = ? AND task = ? AND stage = ?", tenant, task, string(Champion))
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return &found[0], nil
}

func setStage(ctx context.Context, tx *sql.Tx, st *Student, stage Stage) error {
	st.Stage = stage
	_, err := tx.ExecContext(ctx, "UPDATE students SET stage = ?1, tried = CASE WHEN ?1 = 'canary' THEN coalesce(tried, ?2) ELSE tried END WHERE id = ?3",
		string(stage), now().UnixNano(), st.ID)
	if err != nil {
		return fmt.Errorf("make student %s %s: %w", st.ID, stage, err)
	}
	return nil
}

// querier is a database or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func (s *Store) students(ctx context.Context, q querier, where string, args ...any) ([]Student, error) {
	const op = "list students"
	rows, err := q.QueryContext(ctx, "SELECT id, tenant, task, stage, path, bytes, card, created, cleared FROM students "+where, args...)
	if err != nil {
		return nil, wrap(op, err)
	}
	defer rows.Close()
	var out []Student
	for rows.Next() {
		var st Student
		var card string
		var created int64
		var cleared sql.NullInt64
		if err := rows.Scan(&st.ID, &st.Tenant, &st.Task, &st.Stage, &st.Path, &st.Bytes, &card, &created, &cleared); err != nil {
			return nil, wrap(op, err)
		}
		if cleared.Valid {
			at := time.Unix(0, cleared.Int64).UTC()
			st.Cleared = &at
		}
		st.Card, st.Created = json.RawMessage(card), time.Unix(0, created).UTC()
		out = append(out, st)
	}
	return out, wrap(op, rows.Err())
}

// one returns the only student of a list, or says which one is missing.
func one(found []Student, err error) func(id string) (Student, error) {
	return func(id string) (Student, error) {
		if err != nil {
			return Student{}, err
		}
		if len(found) == 0 {
			return Student{}, notFound("student", id, "retort students list shows them")
		}
		return found[0], nil
	}
}
