// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"database/sql"
)

// ReleaseBlob calls remove if nothing refers to a blob, while nothing can begin to.
func (s *Store) ReleaseBlob(ctx context.Context, blob string, remove func() error) error {
	return s.change(ctx, "release blob", func(tx *sql.Tx) error {
		var users int
		err := tx.QueryRowContext(ctx, "SELECT count(*) FROM dataset_versions WHERE blob = ?", blob).Scan(&users)
		if err != nil || users > 0 {
			return err
		}
		return remove()
	})
}

// UsedBlobs returns the keys of the blobs that anything refers to.
func (s *Store) UsedBlobs(ctx context.Context) (map[string]bool, error) {
	const op = "list blobs"
	rows, err := s.read.QueryContext(ctx, "SELECT blob FROM dataset_versions")
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
