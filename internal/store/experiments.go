// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"retort/model"
)

// Observation is one request that a split gave to an arm, with what was said of its answer.
type Observation struct {
	Trace    string
	Arm      string
	Unit     uint64 // as model.Arm.Unit, never 0
	Start    time.Time
	Duration time.Duration
	Cost     model.Money
	Failed   bool
	// Said is what feedback said, the earliest first; feedback that has neither a rating nor a correction is left out.
	Said []Feedback
}

// Observations returns the requests that a split of the tenant drew an arm for since a time, the earliest first. Requests
// that did not say their unit are left out, and so are those of times when one arm answered for all.
func (s *Store) Observations(ctx context.Context, tenant, split string, since time.Time) ([]Observation, error) {
	const op = "list observations"
	from := int64(minTime)
	if !since.IsZero() {
		from = since.UnixNano()
	}
	rows, err := s.read.QueryContext(ctx, `SELECT t.id, a.arm, a.unit, t.start, t.duration, t.cost, t.error <> '',
		f.rating, f.correction, f.created
		FROM arms a JOIN traces t ON t.id = a.trace
		LEFT JOIN feedback f ON f.trace = a.trace AND (f.rating IS NOT NULL OR f.correction IS NOT NULL)
		WHERE a.tenant = ? AND a.split = ? AND a.start >= ? AND a.unit <> 0 ORDER BY a.start, a.trace, f.seq`,
		tenant, split, from)
	if err != nil {
		return nil, wrap(op, err)
	}
	defer rows.Close()
	var out []Observation
	for rows.Next() {
		var o Observation
		var f Feedback
		var unit, start int64
		var said *int64
		if err := rows.Scan(&o.Trace, &o.Arm, &unit, &start, &o.Duration, &o.Cost, &o.Failed, &f.Rating, &f.Correction, &said); err != nil {
			return nil, wrap(op, err)
		}
		o.Unit, o.Start = uint64(unit), time.Unix(0, start).UTC()
		if n := len(out); n == 0 || out[n-1].Trace != o.Trace {
			out = append(out, o)
		}
		if said != nil {
			f.Trace, f.Created = o.Trace, time.Unix(0, *said).UTC()
			last := &out[len(out)-1]
			last.Said = append(last.Said, f)
		}
	}
	return out, wrap(op, rows.Err())
}

// Settlement is the decision that one arm of a split answers for all.
type Settlement struct {
	Split    string          `json:"split"`
	Arm      string          `json:"arm"`
	Evidence json.RawMessage `json:"evidence"` // what the decision rests on, as it was then
	Created  time.Time       `json:"created"`  // set by Settle
}

// Settle keeps a decision and tells serving processes. A split that is settled already is an error of kind Invalid.
func (s *Store) Settle(ctx context.Context, tenant string, d Settlement) (Settlement, error) {
	const op = "settle split"
	if d.Split == "" || d.Arm == "" || !json.Valid(d.Evidence) {
		return d, invalid(op, "split", "a split, an arm and the evidence as JSON are needed")
	}
	d.Created = now()
	err := s.change(ctx, op, func(tx *sql.Tx) error {
		open, err := settlements(ctx, tx, tenant, d.Split)
		if err != nil {
			return err
		}
		if len(open) > 0 {
			return invalid(op, "split", "%q is settled on %q already", d.Split, open[0].Arm)
		}
		_, err = tx.ExecContext(ctx, "INSERT INTO settlements (tenant, split, arm, evidence, created) VALUES (?,?,?,?,?)",
			tenant, d.Split, d.Arm, string(d.Evidence), d.Created.UnixNano())
		return errors.Join(err, bump(ctx, tx))
	})
	return d, err
}

// Reset begins a split's experiment anew: a decision is undone, and earlier requests count no longer.
func (s *Store) Reset(ctx context.Context, tenant, split string) error {
	return s.change(ctx, "reset split", func(tx *sql.Tx) error {
		at := now().UnixNano()
		done, err := tx.ExecContext(ctx, "UPDATE settlements SET undone = ? WHERE tenant = ? AND split = ? AND undone IS NULL", at, tenant, split)
		if err != nil {
			return err
		}
		if n, err := done.RowsAffected(); err != nil || n > 0 {
			return errors.Join(err, bump(ctx, tx))
		}
		// Nothing was settled: the row only says from when on requests count.
		_, err = tx.ExecContext(ctx, "INSERT INTO settlements (tenant, split, arm, evidence, created, undone) VALUES (?,?,'','null',?,?)",
			tenant, split, at, at)
		return err
	})
}

// Settlements returns the tenant's decisions that have not been undone.
func (s *Store) Settlements(ctx context.Context, tenant string) ([]Settlement, error) {
	out, err := settlements(ctx, s.read, tenant, "")
	return out, wrap("list settlements", err)
}

// settlements returns the decisions in force of a split, or of all when split is empty.
func settlements(ctx context.Context, q querier, tenant, split string) ([]Settlement, error) {
	rows, err := q.QueryContext(ctx, "SELECT split, arm, evidence, created FROM settlements"+
		" WHERE tenant = ? AND (split = ? OR ? = '') AND undone IS NULL ORDER BY split", tenant, split, split)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Settlement
	for rows.Next() {
		var d Settlement
		var evidence string
		var created int64
		if err := rows.Scan(&d.Split, &d.Arm, &evidence, &created); err != nil {
			return nil, err
		}
		d.Evidence, d.Created = json.RawMessage(evidence), time.Unix(0, created).UTC()
		out = append(out, d)
	}
	return out, rows.Err()
}

// Begun returns when a split's experiment was last reset; the zero time when it never was.
func (s *Store) Begun(ctx context.Context, tenant, split string) (time.Time, error) {
	var at sql.NullInt64
	err := s.read.QueryRowContext(ctx, "SELECT max(undone) FROM settlements WHERE tenant = ? AND split = ?", tenant, split).Scan(&at)
	if err != nil || !at.Valid {
		return time.Time{}, wrap("find the begin of an experiment", err)
	}
	return time.Unix(0, at.Int64).UTC(), nil
}
