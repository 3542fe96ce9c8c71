// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"os"

	"retort/internal/sqlite"
)

// Peeked is what serves in a data folder.
type Peeked struct {
	Tunings   []Tuning  // in use
	Champions []Student // of all tasks
	TakenOut  []Takeout // champions that do not answer
}

// Peek returns what serves in data folder dir, of which nothing is created or changed: nothing where there is no database
// yet, or one from before there were such things.
func Peek(ctx context.Context, dir string) (found Peeked, err error) {
	path := DatabasePath(dir)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return found, nil
	}
	defer func() { err = wrap("look into store "+path, err) }()
	db, err := sql.Open("sqlite", sqlite.DSN(path, "query_only(1)"))
	if err != nil {
		return found, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	s := &Store{read: db}
	if there, err := s.hasTable(ctx, "tunings"); err != nil {
		return found, err
	} else if there {
		if found.Tunings, err = s.TuningsInUse(ctx); err != nil {
			return found, err
		}
	}
	if there, err := s.hasTable(ctx, "students"); err != nil || !there {
		return found, err
	}
	if found.Champions, err = s.Champions(ctx); err != nil {
		return found, err
	}
	if there, err := s.hasTable(ctx, "takeouts"); err != nil || !there {
		return found, err
	}
	found.TakenOut, err = s.TakenOut(ctx)
	return found, err
}

func (s *Store) hasTable(ctx context.Context, name string) (bool, error) {
	n := 0
	err := s.read.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = ?", name).Scan(&n)
	return n > 0, err
}
