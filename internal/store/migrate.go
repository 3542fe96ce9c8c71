// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/pressly/goose/v3"

	"retort/internal/filelock"
	"retort/internal/sqlite"
	"retort/model"
)

//go:embed migrations
var migrations embed.FS

// migrate brings the schema up to date. Processes that start together take turns.
func migrate(ctx context.Context, db *sql.DB, path string) error {
	files, err := fs.Sub(migrations, "migrations/sqlite")
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	sources := p.ListSources()
	newest := sources[len(sources)-1].Version
	done, err := schemaVersion(ctx, db)
	if err != nil {
		return err
	}
	if done > newest {
		return &model.Error{Kind: model.Invalid, Op: "open store " + path,
			Err:  fmt.Errorf("its schema is of version %d, this Retort knows up to %d", done, newest),
			Hint: "a newer Retort has used this data folder: use that one, or another folder"}
	}
	if done == newest {
		return nil
	}
	lock, err := waitLock(ctx, path+".lock")
	if err != nil {
		return err
	}
	_, err = p.Up(ctx)
	return errors.Join(err, lock.Release())
}

// schemaVersion returns the version of the latest migration that was applied, 0 for a database without tables.
func schemaVersion(ctx context.Context, db *sql.DB) (int64, error) {
	var tables int
	err := db.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema WHERE name = 'goose_db_version'").Scan(&tables)
	if err != nil || tables == 0 {
		return 0, err
	}
	var v sql.NullInt64
	err = db.QueryRowContext(ctx, "SELECT max(version_id) FROM goose_db_version WHERE is_applied").Scan(&v)
	return v.Int64, err
}

// waitLock takes a lock that others hold for moments only.
func waitLock(ctx context.Context, path string) (*filelock.Lock, error) {
	for deadline := time.Now().Add(sqlite.Patience); ; {
		lock, err := filelock.Acquire(path)
		var inUse *filelock.InUseError
		if err == nil || !errors.As(err, &inUse) {
			return lock, err
		}
		if time.Now().After(deadline) {
			return nil, &model.Error{Kind: model.Unavailable, Op: "migrate store", Err: err,
				Hint: "another process changes the database's schema; try again when it is done"}
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(20 * time.Millisecond):
		}
	}
}
