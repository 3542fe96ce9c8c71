// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"
)

// Tuning is what a blend was tuned to: a version of its weights.
type Tuning struct {
	ID      string          `json:"id"`
	Tenant  string          `json:"tenant"`
	Blend   string          `json:"blend"`
	Kind    string          `json:"kind"`  // of the blend, such as "route"
	Path    string          `json:"path"`  // of its file, relative to the data folder, with slashes
	Bytes   int64           `json:"bytes"` // of the file
	Card    json.RawMessage `json:"card"`  // what it was made from, and what it is good for
	Created time.Time       `json:"created"`
	Used    *time.Time      `json:"used,omitempty"` // since when it is the one in use; nil: it is not
}

// AddTuning adds a tuning, which is not in use yet, and returns it as the store has it. ID may be empty: then one is made.
// Created is set here. A missing blend, kind or path and a card that is not JSON are errors of kind Invalid.
func (s *Store) AddTuning(ctx context.Context, t Tuning) (Tuning, error) {
	const op = "add tuning"
	switch {
	case t.Tenant == "":
		return t, invalid(op, "tenant", "it is missing")
	case t.Blend == "":
		return t, invalid(op, "blend", "it is missing")
	case t.Kind == "":
		return t, invalid(op, "kind", "it is missing")
	case t.Path == "":
		return t, invalid(op, "path", "it is missing")
	case !json.Valid(t.Card):
		return t, invalid(op, "card", "it is not JSON")
	}
	if t.ID == "" {
		t.ID = newID("tuning")
	}
	t.Created, t.Used = now(), nil
	err := s.change(ctx, op, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO tunings (id, tenant, blend, kind, path, bytes, card, created) VALUES (?,?,?,?,?,?,?,?)",
			t.ID, t.Tenant, t.Blend, t.Kind, t.Path, t.Bytes, string(t.Card), t.Created.UnixNano())
		return err
	})
	return t, err
}

// Tunings returns the tenant's tunings of a blend, or of all blends when blend is empty, the latest first.
func (s *Store) Tunings(ctx context.Context, tenant, blend string) ([]Tuning, error) {
	if blend == "" {
		return s.tunings(ctx, s.read, "WHERE tenant = ? ORDER BY created DESC, id", tenant)
	}
	return s.tunings(ctx, s.read, "WHERE tenant = ? AND blend = ? ORDER BY created DESC, id", tenant, blend)
}

// TuningsInUse returns the tuning in use of each blend of each tenant: what a server keeps in memory.
func (s *Store) TuningsInUse(ctx context.Context) ([]Tuning, error) {
	return s.tunings(ctx, s.read, "WHERE used IS NOT NULL ORDER BY tenant, blend")
}

// UseTuning makes a tuning the one in use of its blend, in the place of the one that is, and returns it. One that does not exist
// is an error of kind NotFound.
func (s *Store) UseTuning(ctx context.Context, tenant, id string) (Tuning, error) {
	var used Tuning
	err := s.change(ctx, "use tuning", func(tx *sql.Tx) error {
		found, err := s.tunings(ctx, tx, "WHERE id = ? AND tenant = ?", id, tenant)
		if err != nil {
			return err
		}
		if len(found) == 0 {
			return notFound("tuning", id, "retort tunings list shows them")
		}
		if used = found[0]; used.Used != nil {
			return nil
		}
		if err := setAside(ctx, tx, tenant, used.Blend); err != nil {
			return err
		}
		since := now()
		used.Used = &since
		_, err = tx.ExecContext(ctx, "UPDATE tunings SET used = ? WHERE id = ?", since.UnixNano(), id)
		return errors.Join(err, bump(ctx, tx))
	})
	return used, err
}

// DropTuning puts the tuning in use of a blend aside, so that the blend goes untuned. A blend without one is an error of kind
// NotFound.
func (s *Store) DropTuning(ctx context.Context, tenant, blend string) error {
	return s.change(ctx, "drop tuning", func(tx *sql.Tx) error {
		found, err := s.tunings(ctx, tx, "WHERE tenant = ? AND blend = ? AND used IS NOT NULL", tenant, blend)
		switch {
		case err != nil:
			return err
		case len(found) == 0:
			return notFound("tuning in use of", blend, "retort tunings list shows them")
		}
		return errors.Join(setAside(ctx, tx, tenant, blend), bump(ctx, tx))
	})
}

func setAside(ctx context.Context, tx *sql.Tx, tenant, blend string) error {
	_, err := tx.ExecContext(ctx, "UPDATE tunings SET used = NULL WHERE tenant = ? AND blend = ? AND used IS NOT NULL", tenant, blend)
	return err
}

func (s *Store) tunings(ctx context.Context, q querier, where string, args ...any) ([]Tuning, error) {
	const op = "list tunings"
	rows, err := q.QueryContext(ctx, "SELECT id, tenant, blend, kind, path, bytes, card, created, used FROM tunings "+where, args...)
	if err != nil {
		return nil, wrap(op, err)
	}
	defer rows.Close()
	var out []Tuning
	for rows.Next() {
		var t Tuning
		var card string
		var created int64
		var used sql.NullInt64
		if err := rows.Scan(&t.ID, &t.Tenant, &t.Blend, &t.Kind, &t.Path, &t.Bytes, &card, &created, &used); err != nil {
			return nil, wrap(op, err)
		}
		t.Card, t.Created = json.RawMessage(card), time.Unix(0, created).UTC()
		if used.Valid {
			since := time.Unix(0, used.Int64).UTC()
			t.Used = &since
		}
		out = append(out, t)
	}
	return out, wrap(op, rows.Err())
}

// Rated is a trace with the latest feedback on it.
type Rated struct {
	Trace      string
	Model      string // that was asked for
	Rating     *float64
	Correction *string
}

// LatestFeedback returns the tenant's latest feedback that rates or corrects, each trace once, the latest first and limit at most.
func (s *Store) LatestFeedback(ctx context.Context, tenant string, limit int) ([]Rated, error) {
	const op = "list feedback"
	const query = `SELECT f.trace, t.model, f.rating, f.correction FROM feedback f JOIN traces t ON t.id = f.trace
		WHERE f.tenant = ? AND (f.rating IS NOT NULL OR f.correction IS NOT NULL)
		AND f.seq = (SELECT max(seq) FROM feedback WHERE trace = f.trace AND (rating IS NOT NULL OR correction IS NOT NULL))
		ORDER BY f.seq DESC LIMIT ?`
	rows, err := s.read.QueryContext(ctx, query, tenant, limit)
	if err != nil {
		return nil, wrap(op, err)
	}
	defer rows.Close()
	var out []Rated
	for rows.Next() {
		var r Rated
		if err := rows.Scan(&r.Trace, &r.Model, &r.Rating, &r.Correction); err != nil {
			return nil, wrap(op, err)
		}
		out = append(out, r)
	}
	return out, wrap(op, rows.Err())
}
