// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"database/sql"
	"errors"

	"retort/internal/capture"
	"retort/model"
)

const insertTrace = `INSERT INTO traces (id, tenant, key, model, stream, start, duration, first,
	input, cached, written, output, reasoning, cost, error, message, dialect, answered, score, content,
	segment, place, length, purpose, log) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT (id) DO NOTHING`

// sink is where one log is imported to: its rows, and its position.
type sink struct {
	*Store
	log int64 // 0: that of who serves; the others are ledgers
}

// Position returns up to where the log has been imported.
func (s sink) Position(ctx context.Context) (p capture.Position, err error) {
	err = s.read.QueryRowContext(ctx, "SELECT segment, place FROM imports WHERE log = ?", s.log).Scan(&p.Segment, &p.Offset)
	if errors.Is(err, sql.ErrNoRows) {
		return p, nil // of a ledger that is new
	}
	return p, wrap("read position of import", err)
}

// ImportTraces adds the rows of entries and notes next as the position of the import, in one transaction.
func (s sink) ImportTraces(ctx context.Context, entries []capture.Entry, next capture.Position) error {
	return s.moveTo(ctx, next, func(tx *sql.Tx) error {
		// The driver watches a context that can end with a goroutine for each statement. A batch takes milliseconds.
		ctx := context.WithoutCancel(ctx)
		insert := tx.StmtContext(ctx, s.Store.insert)
		for i := range entries {
			e, t := &entries[i], &entries[i].Trace
			_, err := insert.ExecContext(ctx, t.ID, t.Tenant, t.Key, t.Model, t.Stream, t.Start.UnixNano(),
				int64(t.Duration), int64(t.First), t.Usage.Input, t.Usage.Cached, t.Usage.Written, t.Usage.Output,
				t.Usage.Reasoning, int64(t.Cost), t.Error, t.Message, t.Dialect, e.Answered, e.Score, e.Content,
				e.Ref.Segment, e.Ref.Offset, e.Ref.Length, string(t.Purpose), s.log)
			if err != nil {
				return err
			}
		}
		return insertArms(ctx, tx, entries)
	})
}

// insertArms adds what splits chose for entries whose rows have been added. Most have none, and those that no client asked are no
// part of an experiment.
func insertArms(ctx context.Context, tx *sql.Tx, entries []capture.Entry) error {
	for i := range entries {
		t := &entries[i].Trace
		if t.Purpose != model.Serving {
			continue
		}
		for _, a := range t.Arms {
			_, err := tx.ExecContext(ctx, "INSERT INTO arms (trace, split, tenant, arm, unit, start) VALUES (?,?,?,?,?,?)"+
				" ON CONFLICT (trace, split) DO NOTHING", t.ID, a.Split, t.Tenant, a.Name, int64(a.Unit), t.Start.UnixNano())
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// Rewind removes the rows of segment to.Segment from to.Offset on, with their feedback, and moves the position back.
func (s sink) Rewind(ctx context.Context, to capture.Position) error {
	return s.moveTo(ctx, to, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "DELETE FROM traces WHERE log = ? AND segment = ? AND place >= ?", s.log, to.Segment, to.Offset)
		return err
	})
}

// moveTo runs f and sets the position in one transaction.
func (s sink) moveTo(ctx context.Context, next capture.Position, f func(tx *sql.Tx) error) error {
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return wrap("import traces", err)
	}
	if err = f(tx); err == nil {
		_, err = tx.ExecContext(ctx, "INSERT OR REPLACE INTO imports (log, segment, place) VALUES (?,?,?)", s.log, next.Segment, next.Offset)
	}
	if err != nil {
		return wrap("import traces", errors.Join(err, tx.Rollback()))
	}
	return wrap("import traces", tx.Commit())
}
