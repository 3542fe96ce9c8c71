// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"retort/internal/sqlite"
	"retort/model"
)

func TestReopen(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a folder? with #odd% name", "deep")
	s, err := Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	k, _, err := s.CreateKey(t.Context(), tenant, "ci", false)
	if err = errors.Join(err, s.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(DatabasePath(dir)); err != nil {
		t.Fatal(err)
	}
	if keys, err := opened(t, dir).Keys(t.Context()); err != nil || len(keys) != 1 || keys[0] != k {
		t.Errorf("got %v, %v, want %v", keys, err, k)
	}
}

func TestOpenTogether(t *testing.T) {
	dir := t.TempDir()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			s, err := Open(t.Context(), dir)
			if err == nil {
				_, err = (sink{Store: s}).Position(t.Context())
				err = errors.Join(err, s.Close())
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

// wantHint checks that opening dir fails with an error of a kind that says what to do.
func wantHint(t *testing.T, dir string, kind model.Kind, hint string) {
	t.Helper()
	s, err := Open(t.Context(), dir)
	if err == nil {
		_ = s.Close()
		t.Fatal("the store was opened")
	}
	var e *model.Error
	if !errors.As(err, &e) || e.Kind != kind || !strings.Contains(e.Hint, hint) || !strings.Contains(err.Error(), "retort.db") {
		t.Errorf("got %v with hint %q, want kind %v, a hint with %q and the file's name", err, e.Hint, kind, hint)
	}
}

func TestOpenWhatIsNoDatabase(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(DatabasePath(dir), []byte(strings.Repeat("this is a letter, not a database. ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	wantHint(t, dir, model.Internal, "no SQLite database")
}

func TestOpenDamagedDatabase(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(t.Context(), dir)
	if err == nil {
		err = s.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(DatabasePath(dir))
	if err != nil {
		t.Fatal(err)
	}
	for i := 100; i < len(content); i++ { // all but the file's header
		content[i] = 0xa5
	}
	if err := os.WriteFile(DatabasePath(dir), content, 0o600); err != nil {
		t.Fatal(err)
	}
	wantHint(t, dir, model.Internal, "damaged")
}

func TestOpenNewerSchema(t *testing.T) {
	dir := t.TempDir()
	s := opened(t, dir)
	if _, err := s.write.Exec("INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)"); err != nil {
		t.Fatal(err)
	}
	wantHint(t, dir, model.Invalid, "newer Retort")
}

func TestOpenLockedDatabase(t *testing.T) {
	dir := t.TempDir()
	if err := opened(t, dir).Close(); err != nil {
		t.Fatal(err)
	}
	other, err := sql.Open("sqlite", sqlite.DSN(DatabasePath(dir), "locking_mode(EXCLUSIVE)"))
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if _, err := other.Exec("BEGIN EXCLUSIVE"); err != nil {
		t.Fatal(err)
	}
	wantHint(t, dir, model.Unavailable, "locked")
}

func TestOpenReadOnlyFolder(t *testing.T) {
	if os.Getuid() <= 0 {
		t.Skip("root writes everywhere, and Windows asks otherwise")
	}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	wantHint(t, dir, model.Internal, "writable")
}

func TestErrorsOfTheCallerStayAsTheyAre(t *testing.T) {
	s := opened(t, t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Keys(ctx); model.KindOf(err) != model.Canceled {
		t.Errorf("reading: got %v", err)
	}
	if _, _, err := s.CreateKey(ctx, tenant, "ci", false); model.KindOf(err) != model.Canceled {
		t.Errorf("writing: got %v", err)
	}
	if _, _, err := s.CreateKey(t.Context(), tenant, "ci", false); err != nil {
		t.Errorf("after a call that was given up: %v", err)
	}
}

func TestWatch(t *testing.T) {
	s := serve(t)
	other := opened(t, s.Dir()) // as another process would
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	changed := s.Watch(ctx, time.Millisecond)
	s.record(t, sample("a", 0))
	if n, err := s.Revision(ctx); err != nil || n != 0 {
		t.Errorf("an import raised the revision to %d, %v", n, err)
	}
	k, _, err := other.CreateKey(ctx, tenant, "ci", false)
	if err != nil {
		t.Fatal(err)
	}
	<-changed
	if keys, err := s.Keys(ctx); err != nil || len(keys) != 1 {
		t.Errorf("after the change: got %v, %v", keys, err)
	}
	st := add(t, other, "a", "banking")
	<-changed
	if _, _, err := other.Promote(ctx, tenant, st.ID); err != nil {
		t.Fatal(err)
	}
	<-changed
	if err := other.RevokeKey(ctx, tenant, k.ID); err != nil {
		t.Fatal(err)
	}
	<-changed
	if _, _, err := other.Rollback(ctx, tenant, "banking"); err != nil {
		t.Fatal(err)
	}
	<-changed
	cancel()
	for range changed { // closed when ctx has ended
	}
}
