// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package store keeps what Retort must find again: traces, feedback, keys and students, in one SQLite database in the
// data folder. Requests and answers themselves stay in the segments of the capture log; rows say where.
//
// Every row has a tenant, and every method that reads or changes rows of one tenant takes it.
//
// Several processes may use one data folder at a time: the database is in WAL mode, so readers never wait, and writers
// wait for each other for up to five seconds. Within a process one connection writes and a few read.
//
// Durability: a committed change survives the death of the process. A power loss never corrupts the database. Changes of
// keys, students and feedback survive it too (synchronous=FULL). Trace rows are committed without fsync
// (synchronous=NORMAL): a power loss may take the latest, and the importer brings them again from the log, because the
// position up to which the log was imported is lost together with them.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	_ "modernc.org/sqlite" // the database driver "sqlite"

	"retort/internal/capture"
	"retort/internal/sqlite"
	"retort/model"
)

// Store is an open database with its data folder. Its methods are safe for concurrent use.
type Store struct {
	dir    string
	write  *sql.DB // one connection
	read   *sql.DB
	insert *sql.Stmt // of write: adds a trace

	importer atomic.Pointer[capture.Importer]
	closing  sync.Once
	closed   chan struct{} // ends watchers
	watchers sync.WaitGroup
}

// readers is how many connections read at the same time; each may hold a megabyte of pages.
const readers = 4

// DatabasePath returns where the database of data folder dir is.
func DatabasePath(dir string) string { return filepath.Join(dir, "retort.db") }

// TracesDir returns the folder of the capture log of data folder dir.
func TracesDir(dir string) string { return filepath.Join(dir, "traces") }

// Open opens the store of data folder dir, creating both where they do not exist, and brings its schema up to date.
// A database that another process keeps locked is an error of kind Unavailable; one that is damaged, no database or
// written by a newer Retort says so with a hint.
func Open(ctx context.Context, dir string) (*Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	// Where another process opens a new database or closes one as the last, SQLite is busy without waiting.
	for deadline := time.Now().Add(sqlite.Patience); ; {
		s, err := open(ctx, dir)
		if err == nil || model.KindOf(err) != model.Unavailable || time.Now().After(deadline) {
			return s, err
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("open store: %w", context.Cause(ctx))
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func open(ctx context.Context, dir string) (*Store, error) {
	path := DatabasePath(dir)
	s := &Store{dir: dir, closed: make(chan struct{})}
	err := s.connect(path)
	if err == nil {
		err = migrate(ctx, s.write, path)
	}
	if err == nil {
		s.insert, err = s.write.PrepareContext(ctx, insertTrace)
	}
	if err != nil {
		_ = s.Close() // the first error says what is wrong
		return nil, wrap("open store "+path, err)
	}
	return s, nil
}

func (s *Store) connect(path string) (err error) {
	s.write, err = sql.Open("sqlite", sqlite.DSN(path, "journal_mode(WAL)", "synchronous(NORMAL)", "foreign_keys(1)",
		"cache_size(-4000)", "journal_size_limit(16777216)"))
	if err != nil {
		return err
	}
	s.write.SetMaxOpenConns(1)
	s.read, err = sql.Open("sqlite", sqlite.DSN(path, "query_only(1)", "cache_size(-1000)"))
	if err != nil {
		return err
	}
	s.read.SetMaxOpenConns(readers)
	s.read.SetMaxIdleConns(readers)
	return nil
}

// Dir returns the data folder.
func (s *Store) Dir() string { return s.dir }

// Import starts to move what log records into the store. While the importer runs, Trace and AddFeedback have it import
// what was recorded last before they say that a trace does not exist. The caller closes the importer before the log
// and the store.
func (s *Store) Import(log *capture.Log) *capture.Importer {
	i := capture.Import(log, sink{Store: s})
	s.importer.Store(i)
	return i
}

// CatchUp brings the store up to date with the data folder's log from a process that does not serve it, as capture.CatchUp
// says, and with its ledgers.
func (s *Store) CatchUp(ctx context.Context) error {
	return errors.Join(capture.CatchUp(ctx, TracesDir(s.dir), sink{Store: s}), s.CatchUpLedgers(ctx))
}

// Close ends the watchers and closes the database.
func (s *Store) Close() error {
	s.closing.Do(func() { close(s.closed) })
	s.watchers.Wait()
	var errs []error
	if s.insert != nil {
		errs = append(errs, s.insert.Close())
	}
	for _, db := range []*sql.DB{s.read, s.write} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	return wrap("close store", errors.Join(errs...))
}

// change runs f in a transaction that is durable when change returns. It begins with the write lock held.
func (s *Store) change(ctx context.Context, op string, f func(tx *sql.Tx) error) (err error) {
	defer func() { err = wrap(op, err) }()
	conn, err := s.write.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if _, err := conn.ExecContext(ctx, "PRAGMA synchronous=FULL"); err != nil {
		return err
	}
	// Without ctx: the connection must not stay as it is when the caller leaves.
	defer func() {
		_, e := conn.ExecContext(context.WithoutCancel(ctx), "PRAGMA synchronous=NORMAL")
		err = errors.Join(err, e)
	}()
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := f(tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

// bump tells serving processes that keys or students have changed.
func bump(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, "UPDATE revision SET n = n + 1")
	return err
}
