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
		_, err = tx.ExecContext(ctx, `UPDATE turns SET begun = begun - top + ?3, ended = CASE WHEN ended > ?3 THEN ended - top + ?3 ELSE ended END
			FROM (SELECT max(begun) AS top FROM turns WHERE tenant = ?1 AND task = ?2) WHERE tenant = ?1 AND task = ?2 AND begun > ?3`, tenant, task, at)
		return errors.Join(err, bump(ctx, tx))
	})
	return n, err
}
