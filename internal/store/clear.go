// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"database/sql"
	"errors"

	"retort/model"
)

// unserved are students whose turns left them candidates, and that never answered anybody: none was a canary, promoted, taken out, or had an answer audited.
// What a person distilled is not among them, nor is what a turn that failed made, which may be gone on with.
const unserved = `stage = 'candidate' AND cleared IS NULL AND tried IS NULL
	AND EXISTS (SELECT 1 FROM turns t WHERE t.id = students.id AND t.outcome = 'candidate')
	AND NOT EXISTS (SELECT 1 FROM promotions p WHERE p.student = students.id)
	AND NOT EXISTS (SELECT 1 FROM takeouts o WHERE o.student = students.id)
	AND NOT EXISTS (SELECT 1 FROM audits a WHERE a.task = students.task AND a.student = students.id)`

// Unserved returns the students of a task's turns that never served, and were not cleared, the latest first.
func (s *Store) Unserved(ctx context.Context, tenant, task string) ([]Student, error) {
	return s.students(ctx, s.read, "WHERE tenant = ? AND task = ? AND "+unserved+" ORDER BY created DESC, id", tenant, task)
}

// Clear marks a student as cleared if it still is one that never served, and reports whether it did. From then on it cannot come to any stage, so that
// its files may go.
func (s *Store) Clear(ctx context.Context, tenant, id string) (did bool, err error) {
	err = s.change(ctx, "clear student", func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, "UPDATE students SET cleared = ? WHERE tenant = ? AND id = ? AND "+unserved, now().UnixNano(), tenant, id)
		if err != nil {
			return err
		}
		n, err := result.RowsAffected()
		did = n > 0
		return err
	})
	return did, err
}

// gone refuses to do something with a student that was cleared.
func gone(op string, st *Student) error {
	if st.Cleared == nil {
		return nil
	}
	return &model.Error{Kind: model.Invalid, Op: op, Err: errors.New("student " + st.ID + " never served and was cleared"), Hint: "make another: retort distill " + st.Task}
}
