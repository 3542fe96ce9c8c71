// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"
)

// Audit is a comparison of what a student answered a client with what a teacher says to the same.
type Audit struct {
	Tenant  string    `json:"tenant"` // whose request it was
	Task    string    `json:"task"`
	Student string    `json:"student"` // its id
	Trace   string    `json:"trace"`   // of the student's answer
	Audit   string    `json:"audit"`   // id of the trace of the teacher's
	Agree   bool      `json:"agree"`
	Score   float64   `json:"score"`   // of the student's answer
	Said    string    `json:"said"`    // the label that the student answered; empty for objects, and where content is not captured
	Taught  string    `json:"taught"`  // the label that the teacher did; the same
	Picked  bool      `json:"picked"`  // it was audited since answers like it are in doubt, not by chance alone
	Created time.Time `json:"created"` // set by AddAudit
}

// AddAudit keeps an audit and returns its number, which grows. It survives the death of the process; a power loss may take the latest.
func (s *Store) AddAudit(ctx context.Context, a Audit) (number int64, err error) {
	result, err := s.write.ExecContext(ctx, "INSERT INTO audits (tenant, task, student, trace, audit, agree, score, said, taught, drawn, created) VALUES (?,?,?,?,?,?,?,?,?,?,?)",
		a.Tenant, a.Task, a.Student, a.Trace, a.Audit, a.Agree, a.Score, a.Said, a.Taught, !a.Picked, now().UnixNano())
	if err == nil {
		number, err = result.LastInsertId()
	}
	return number, wrap("add audit", err)
}

// CountsFrom returns the number of the audit after which those of a student count: the latest when it was last put back, or 0.
func (s *Store) CountsFrom(ctx context.Context, task, student string) (number int64, err error) {
	err = s.read.QueryRowContext(ctx, "SELECT coalesce(max(after), 0) FROM takeouts WHERE task = ? AND student = ?", task, student).Scan(&number)
	return number, wrap("list audits", err)
}

// AuditsAfter yields to do, in their order, the audits of a task with a number above one.
func (s *Store) AuditsAfter(ctx context.Context, task string, number int64, do func(number int64, a *Audit)) error {
	const op = "list audits"
	rows, err := s.read.QueryContext(ctx, "SELECT seq, tenant, task, student, trace, audit, agree, score, said, taught, drawn, created FROM audits WHERE task = ? AND seq > ? ORDER BY seq", task, number)
	if err != nil {
		return wrap(op, err)
	}
	defer rows.Close()
	for rows.Next() {
		var a Audit
		var created int64
		var drawn bool
		if err := rows.Scan(&number, &a.Tenant, &a.Task, &a.Student, &a.Trace, &a.Audit, &a.Agree, &a.Score, &a.Said, &a.Taught, &drawn, &created); err != nil {
			return wrap(op, err)
		}
		a.Picked, a.Created = !drawn, time.Unix(0, created).UTC()
		do(number, &a)
	}
	return wrap(op, rows.Err())
}

// Verdicts yields to do, in their order, whether each audit of a student agreed that counts now: those that chance alone chose, since it was
// last put back.
func (s *Store) Verdicts(ctx context.Context, task, student string, do func(agree bool)) error {
	const op = "list audits"
	rows, err := s.read.QueryContext(ctx, `SELECT agree FROM audits WHERE task = ?1 AND student = ?2 AND drawn
		AND seq > coalesce((SELECT max(after) FROM takeouts WHERE task = ?1 AND student = ?2), 0) ORDER BY seq`, task, student)
	if err != nil {
		return wrap(op, err)
	}
	defer rows.Close()
	for rows.Next() {
		var agree bool
		if err := rows.Scan(&agree); err != nil {
			return wrap(op, err)
		}
		do(agree)
	}
	return wrap(op, rows.Err())
}

// CountAudits returns how many of a tenant's requests to a task were audited by chance alone in a span of time, which may have no ends, and how
// many of these audits agreed; of all students, or of one. Those that were audited since answers like theirs are in doubt say nothing of the others.
func (s *Store) CountAudits(ctx context.Context, tenant, task, student string, since, until time.Time) (n, agreed int, err error) {
	q := new(query)
	q.where("tenant = ? AND task = ? AND drawn", tenant, task)
	if student != "" {
		q.where("student = ?", student)
	}
	if !since.IsZero() {
		q.where("created >= ?", since.UnixNano())
	}
	if !until.IsZero() {
		q.where("created < ?", until.UnixNano())
	}
	err = s.read.QueryRowContext(ctx, "SELECT count(*), coalesce(sum(agree), 0) FROM audits WHERE "+q.String(), q.args...).Scan(&n, &agreed)
	return n, agreed, wrap("count audits", err)
}

// Takeout is a student that was taken out: its task's teacher answers until a person puts it back.
type Takeout struct {
	Tenant   string          `json:"tenant"`
	Task     string          `json:"task"`
	Student  string          `json:"student"`
	Why      string          `json:"why"`
	Evidence json.RawMessage `json:"evidence"`
	Created  time.Time       `json:"created"` // set by TakeOut
}

// TakeOut keeps that a student is out. One that is out already stays so, with what is known of it.
func (s *Store) TakeOut(ctx context.Context, t Takeout) error {
	return s.change(ctx, "take out student", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO takeouts (tenant, task, student, why, evidence, created) VALUES (?,?,?,?,?,?) ON CONFLICT DO NOTHING",
			t.Tenant, t.Task, t.Student, t.Why, string(t.Evidence), now().UnixNano())
		return errors.Join(err, bump(ctx, tx))
	})
}

// PutBack ends that a student is out, and reports whether it was. What audits said of it until now is no evidence against it any more.
func (s *Store) PutBack(ctx context.Context, tenant, task, student string) (was bool, err error) {
	err = s.change(ctx, "put back student", func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, `UPDATE takeouts SET resumed = ?, after = (SELECT coalesce(max(seq), 0) FROM audits)
			WHERE tenant = ? AND task = ? AND student = ? AND resumed IS NULL`, now().UnixNano(), tenant, task, student)
		if err != nil {
			return err
		}
		n, err := result.RowsAffected()
		if was = n > 0; err != nil || !was {
			return err
		}
		return bump(ctx, tx)
	})
	return was, err
}

// TakenOut returns the students that are out.
func (s *Store) TakenOut(ctx context.Context) ([]Takeout, error) {
	const op = "list students taken out"
	rows, err := s.read.QueryContext(ctx, "SELECT tenant, task, student, why, evidence, created FROM takeouts WHERE resumed IS NULL ORDER BY seq")
	if err != nil {
		return nil, wrap(op, err)
	}
	defer rows.Close()
	var out []Takeout
	for rows.Next() {
		var t Takeout
		var evidence string
		var created int64
		if err := rows.Scan(&t.Tenant, &t.Task, &t.Student, &t.Why, &evidence, &created); err != nil {
			return nil, wrap(op, err)
		}
		t.Evidence, t.Created = json.RawMessage(evidence), time.Unix(0, created).UTC()
		out = append(out, t)
	}
	return out, wrap(op, rows.Err())
}
