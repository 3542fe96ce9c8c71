// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package flow

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"
)

// What a step stored is there for the steps after it, in another process too, as long as the run is.
func TestStoredOutlastsAProcess(t *testing.T) {
	dir := t.TempDir()
	broken := true
	k := Define("store", 1, func(ctx Context, _ int) (string, error) {
		s, err := Step(ctx, "write", func(ctx context.Context) (Stored, error) {
			return Store(ctx, func(w io.Writer) error { _, err := io.WriteString(w, strings.Repeat("much ", 10)); return err })
		})
		if err != nil {
			return "", err
		}
		return Step(ctx, "read", func(context.Context) (string, error) {
			if broken {
				return "", errors.New("not yet")
			}
			r, err := ctx.Open(s)
			if err != nil {
				return "", err
			}
			defer r.Close()
			text, err := io.ReadAll(r)
			return string(text), err
		})
	})
	e := open(t, dir, k)
	id := start(t, e, k, 0)
	if err := e.Result(t.Context(), id, nil); err == nil {
		t.Fatal("it did not fail")
	}
	other := start(t, e, k, 0) // a run to prune
	if err := e.Result(t.Context(), other, nil); err == nil {
		t.Fatal("it did not fail")
	}
	if used, err := e.used(t.Context(), []string{id}); err != nil || len(used) < 1 {
		t.Fatal(used, err)
	} else {
		entries, err := os.ReadDir(dir + "/values")
		if err != nil || len(entries) != 1 || !used[strings.TrimSuffix(entries[0].Name(), ".gz")] {
			t.Fatalf("%v, %v: what a step stored does not count as used: %v", entries, err, used)
		}
	}
	broken = false
	if err := e.Resume(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	var out string
	if err := e.Result(t.Context(), id, &out); err != nil || out != strings.Repeat("much ", 10) {
		t.Errorf("got %q, %v", out, err)
	}
	if _, err := Store(t.Context(), func(io.Writer) error { return nil }); err == nil {
		t.Error("something was stored outside of a step")
	}
}

// A run says what it does, and said what it did when it was interrupted; a run that nobody works on can be removed.
func TestUnderwayAndRemove(t *testing.T) {
	dir := t.TempDir()
	at := make(chan struct{})
	k := Define("wait", 1, func(ctx Context, _ int) (int, error) {
		return Step(ctx, "dig", func(step context.Context) (int, error) {
			ctx.Progress("dig deep", 3, 10)
			close(at)
			<-step.Done()
			return 0, context.Cause(step)
		})
	})
	e, err := Open(t.Context(), Options{Dir: dir, Kinds: []Kind{k}})
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	id := start(t, e, k, 0)
	<-at
	look, err := Look(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer look.Close()
	now, err := look.Underway(state(t, look, id))
	if err != nil || now == nil || now.Step != "dig" || now.Stage != "dig deep" || now.Done != 3 || now.Total != 10 || now.Started.Before(began.Truncate(time.Second)) || now.Started.After(time.Now()) {
		t.Errorf("it does %+v, %v", now, err)
	}
	var notSo *StateError
	if err := look.Remove(t.Context(), id); !errors.As(err, &notSo) || notSo.Run.State != Running {
		t.Errorf("a run under way was removed: %v", err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if now, err = look.Underway(state(t, look, id)); err != nil || now == nil || now.Step != "dig" {
		t.Errorf("interrupted, it did %+v, %v", now, err)
	}
	if err := look.Remove(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	var gone *NotFoundError
	if _, err := look.Find(t.Context(), id); !errors.As(err, &gone) {
		t.Errorf("a removed run: %v", err)
	}
	if _, err := os.Stat(look.underway.path(id)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("what it did is left: %v", err)
	}
}

// A run is awaited until somebody was told what it made.
func TestAwaited(t *testing.T) {
	k := Define("quick", 1, func(Context, int) (int, error) { return 7, nil })
	e := open(t, t.TempDir(), k)
	id, err := e.Start(t.Context(), k, Start{Title: "a test", Key: "same", Awaited: true}, 0)
	if err == nil {
		err = e.Result(t.Context(), id, nil)
	}
	if err != nil || !state(t, e.Runs, id).Awaited {
		t.Fatalf("%v; it is not awaited", err)
	}
	if err := e.Told(t.Context(), id); err != nil || state(t, e.Runs, id).Awaited {
		t.Errorf("%v; it is awaited still", err)
	}
	if run := state(t, e.Runs, start(t, e, k, 0)); run.Awaited {
		t.Errorf("nobody waits for %+v", run)
	}
}
