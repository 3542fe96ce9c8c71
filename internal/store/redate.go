// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"
)

// Redate brings the times of a task's takeouts and turns that are after one down to it, as where a clock was ahead, and returns how many these were. Turns keep
// their order. evidence returns what a takeout's evidence is to be then.
func (s *Store) Redate(ctx context.Context, tenant, task string, to time.Time, evidence func(json.RawMessage) json.RawMessage) (n int, err error) {
	at := to.UnixNano()
	const ahead = " WHERE tenant = ? AND task = ? AND "
	count := "SELECT (SELECT count(*) FROM takeouts" + ahead + "created > ? AND resumed IS NULL) + (SELECT count(*) FROM turns" + ahead + "begun > ?)"
	if err = s.read.QueryRowContext(ctx, count, tenant, task, at, tenant, task, at).Scan(&n); err != nil || n == 0 {
		return n, wrap("find dates in the future", err)
	}
	err = s.change(ctx, "correct dates in the future", func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, "SELECT seq, evidence FROM takeouts"+ahead+"created > ? AND resumed IS NULL", tenant, task, at)
		if err != nil {
			return err
		}
		found := map[int64]string{}
		for rows.Next() {
			var seq int64
			var text string
			if err := rows.Scan(&seq, &text); err != nil {
				return errors.Join(err, rows.Close())
			}
			found[seq] = string(evidence(json.RawMessage(text)))
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return err
		}
		for seq, text := range found {
			if _, err := tx.ExecContext(ctx, "UPDATE takeouts SET created = ?, evidence = ? WHERE seq = ?", at, text, seq); err != nil {
				return err
			}
		}
		return errors.Join(redateTurns(ctx, tx, tenant, task, at), bump(ctx, tx))
	})
	return n, err
}

// redateTurns brings the turns of a task that began after a moment down to it, by how far the last is after it, and those that would come before others
// to right behind them. They take as long as they did.
func redateTurns(ctx context.Context, tx *sql.Tx, tenant, task string, to int64) error {
	rows, err := tx.QueryContext(ctx, "SELECT id, begun FROM turns WHERE tenant = ? AND task = ? ORDER BY begun, id DESC", tenant, task)
	if err != nil {
		return err
	}
	var ids []string
	var late []int64
	before, last := int64(0), int64(0)
	for rows.Next() {
		var id string
		if err := rows.Scan(&id, &last); err != nil {
			return errors.Join(err, rows.Close())
		}
		if last <= to {
			before = last
			continue
		}
		ids, late = append(ids, id), append(late, last)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return err
	}
	for i, id := range ids {
		before = max(before+1, late[i]-(last-to))
		_, err := tx.ExecContext(ctx, "UPDATE turns SET begun = ?1, ended = CASE WHEN ended > ?2 THEN ended - ?3 + ?1 ELSE ended END WHERE id = ?4 AND tenant = ?5",
			before, to, late[i], id, tenant)
		if err != nil {
			return err
		}
	}
	return nil
}
