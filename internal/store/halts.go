// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"
)

// Halt is how far the refining of a version has come.
type Halt struct {
	Key     string // of what was refined and how
	Tenant  string
	Blob    string          // the examples so far
	Steps   json.RawMessage // the reports so far
	Created time.Time       // set by KeepHalt
}

// KeepHalt keeps a halt in the place of one with its key. present is as for AddVersion.
func (s *Store) KeepHalt(ctx context.Context, h Halt, present func() error) error {
	return s.change(ctx, "keep what was refined", func(tx *sql.Tx) error {
		if err := present(); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "INSERT OR REPLACE INTO dataset_halts (key, tenant, blob, steps, created) VALUES (?,?,?,?,?)",
			h.Key, h.Tenant, h.Blob, string(h.Steps), now().UnixNano())
		return err
	})
}

// Halt returns the halt with a key, or nil.
func (s *Store) Halt(ctx context.Context, tenant, key string) (*Halt, error) {
	h := Halt{Key: key, Tenant: tenant}
	var steps string
	var created int64
	err := s.read.QueryRowContext(ctx, "SELECT blob, steps, created FROM dataset_halts WHERE key = ? AND tenant = ?", key, tenant).Scan(&h.Blob, &steps, &created)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	h.Steps, h.Created = json.RawMessage(steps), time.Unix(0, created).UTC()
	return &h, wrap("find what was refined", err)
}

// DropHalts removes the halts with the given keys, and those from before a time, and returns the blobs of all removed.
func (s *Store) DropHalts(ctx context.Context, tenant string, keys []string, before time.Time) (blobs []string, err error) {
	text, err := json.Marshal(keys)
	if err != nil {
		return nil, err
	}
	err = s.change(ctx, "drop what was refined", func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, "DELETE FROM dataset_halts WHERE tenant = ? AND key IN (SELECT value FROM json_each(?)) OR created < ? RETURNING blob",
			tenant, string(text), before.UnixNano())
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var blob string
			if err := rows.Scan(&blob); err != nil {
				return err
			}
			blobs = append(blobs, blob)
		}
		return rows.Err()
	})
	return blobs, err
}

// ReleaseBlob calls remove if nothing refers to a blob, while nothing can begin to.
func (s *Store) ReleaseBlob(ctx context.Context, blob string, remove func() error) error {
	return s.change(ctx, "release blob", func(tx *sql.Tx) error {
		var users int
		err := tx.QueryRowContext(ctx, `SELECT (SELECT count(*) FROM dataset_versions WHERE blob = ?1) + (SELECT count(*) FROM dataset_halts WHERE blob = ?1)`, blob).Scan(&users)
		if err != nil || users > 0 {
			return err
		}
		return remove()
	})
}

// UsedBlobs returns the keys of the blobs that anything refers to.
func (s *Store) UsedBlobs(ctx context.Context) (map[string]bool, error) {
	const op = "list blobs"
	rows, err := s.read.QueryContext(ctx, "SELECT blob FROM dataset_versions UNION SELECT blob FROM dataset_halts")
	if err != nil {
		return nil, wrap(op, err)
	}
	defer rows.Close()
	out := map[string]bool{}
	for rows.Next() {
		var blob string
		if err := rows.Scan(&blob); err != nil {
			return nil, wrap(op, err)
		}
		out[blob] = true
	}
	return out, wrap(op, rows.Err())
}
