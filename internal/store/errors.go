// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"errors"
	"fmt"

	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"retort/model"
)

// wrap says what was attempted, and gives errors of the database their kind and a hint. It passes on nil, and adds
// nothing to errors that have a kind already.
func wrap(op string, err error) error {
	if err == nil {
		return nil
	}
	var known *model.Error
	if errors.As(err, &known) {
		return err
	}
	var fault *sqlite.Error
	if !errors.As(err, &fault) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("%s: %w", op, err)
	}
	e := &model.Error{Kind: model.Internal, Op: op, Err: err}
	switch fault.Code() & 0xff { // the rest is detail
	case lib.SQLITE_BUSY, lib.SQLITE_LOCKED:
		e.Kind, e.Hint = model.Unavailable, "another process keeps the database locked; see which one with: fuser retort.db"
	case lib.SQLITE_FULL:
		e.Kind, e.Hint = model.Unavailable, "free some space on the disk that holds the data folder"
	case lib.SQLITE_NOTADB:
		e.Hint = "the file is no SQLite database: is data: the right folder? If so, put retort.db back from a copy"
	case lib.SQLITE_CORRUPT:
		e.Hint = "the database is damaged: put retort.db back from a copy, or move it and its -wal file away; " +
			"traces are then imported again from the log, keys and students are not"
	case lib.SQLITE_READONLY, lib.SQLITE_CANTOPEN, lib.SQLITE_PERM:
		e.Hint = "the data folder must be writable for the user that runs retort"
	}
	return e
}

func notFound(what, id, hint string) error {
	return &model.Error{Kind: model.NotFound, Op: "find " + what, Hint: hint, Err: fmt.Errorf("there is no %s %q", what, id)}
}

func invalid(op, field, format string, args ...any) error {
	return &model.Error{Kind: model.Invalid, Op: op, Field: field, Err: fmt.Errorf(format, args...)}
}
