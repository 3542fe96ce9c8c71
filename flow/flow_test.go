// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package flow

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// open opens an engine that the test closes.
func open(t *testing.T, dir string, kinds ...Kind) *Engine {
	t.Helper()
	e, err := Open(t.Context(), Options{Dir: dir, Kinds: kinds})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

func start(t *testing.T, e *Engine, k Kind, input any) string {
	t.Helper()
	id, err := e.Start(t.Context(), k, Start{Title: "a test"}, input)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func state(t *testing.T, r *Runs, id string) *Run {
	t.Helper()
	run, err := r.Find(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return run
}

func TestStepsAreDoneOnce(t *testing.T) {
	dir := t.TempDir()
	var did [2]atomic.Int32
	var broken atomic.Bool
	broken.Store(true)
	errBroken := errors.New("the upstream is down")
	k := Define("count", 1, func(ctx Context, in int) (string, error) {
		first, err := Step(ctx, "first", func(context.Context) (int, error) { did[0].Add(1); return in + 1, nil })
		if err != nil {
			return "", err
		}
		long, err := Step(ctx, "second", func(context.Context) (string, error) {
			did[1].Add(1)
			if broken.Load() {
				return "", errBroken
			}
			return strings.Repeat("x", 3*inline), nil // a value that does not fit into the database
		})
		return fmt.Sprint(first, len(long)), err
	})
	e := open(t, dir, k)
	id := start(t, e, k, 41)
	if err := e.Result(t.Context(), id, nil); !errors.Is(err, errBroken) {
		t.Fatalf("got %v, want the step's own error", err)
	}
	if run := state(t, e.Runs, id); run.State != Failed || run.Error != errBroken.Error() || run.Kind != "count" || run.Title != "a test" {
		t.Fatalf("failed run: %+v", run)
	}
	broken.Store(false)
	if err := e.Resume(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	var out string
	if err := e.Result(t.Context(), id, &out); err != nil || out != fmt.Sprint(42, 3*inline) {
		t.Fatalf("resumed: %q %v", out, err)
	}
	if did[0].Load() != 1 || did[1].Load() != 2 {
		t.Errorf("steps were done %d and %d times, want 1 and 2", did[0].Load(), did[1].Load())
	}
	var notSo *StateError
	if err := e.Resume(t.Context(), id); !errors.As(err, &notSo) || notSo.Run.State != Done {
		t.Errorf("resume of a run that is done: %v", err)
	}

	forked, err := e.Fork(t.Context(), id, 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Result(t.Context(), forked, &out); err != nil || out != fmt.Sprint(42, 3*inline) {
		t.Fatalf("forked: %q %v", out, err)
	}
	if did[0].Load() != 1 || did[1].Load() != 3 {
		t.Errorf("after the fork, steps were done %d and %d times, want 1 and 3", did[0].Load(), did[1].Load())
	}
	var far *StepError
	if _, err := e.Fork(t.Context(), id, 2); !errors.As(err, &far) {
		t.Errorf("fork from a step that there is not: %v", err)
	}
	journal, err := e.Journal(t.Context(), forked)
	if err != nil || len(journal) != 2 || journal[0].Name != "first" || journal[1].Name != "second" || journal[1].Step != 1 {
		t.Errorf("journal: %+v %v", journal, err)
	}
	if run := state(t, e.Runs, forked); run.From != id || run.State != Done {
		t.Errorf("forked run: %+v", run)
	}
}

func TestAll(t *testing.T) {
	var tries [20]atomic.Int32
	var now, most atomic.Int32
	fail := errors.New("the seventh failed")
	k := Define("all", 1, func(ctx Context, in struct{}) ([]int, error) {
		return All(ctx, "square", len(tries), 3, func(_ context.Context, i int) (int, error) {
			n := now.Add(1)
			defer now.Add(-1)
			for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
			}
			if tries[i].Add(1) == 1 && i == 7 {
				return 0, fail
			}
			return i * i, nil
		})
	})
	for name, run := range map[string]func(t *testing.T) ([]int, error){
		"recorded": func(t *testing.T) (out []int, err error) {
			e := open(t, t.TempDir(), k)
			id := start(t, e, k, struct{}{})
			if err := e.Result(t.Context(), id, nil); !errors.Is(err, fail) {
				t.Fatalf("got %v, want the error of the one that failed", err)
			}
			if err := e.Resume(t.Context(), id); err != nil {
				t.Fatal(err)
			}
			return out, e.Result(t.Context(), id, &out)
		},
		"volatile": func(t *testing.T) ([]int, error) {
			if _, err := k.call(Volatile(t.Context(), "v"), []byte("{}")); !errors.Is(err, fail) {
				t.Fatalf("got %v, want the error of the one that failed", err)
			}
			out, err := k.call(Volatile(t.Context(), "v"), []byte("{}"))
			if err != nil {
				return nil, err
			}
			return out.([]int), nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			for i := range tries {
				tries[i].Store(0)
			}
			most.Store(0)
			out, err := run(t)
			if err != nil || len(out) != len(tries) || out[3] != 9 || out[19] != 361 {
				t.Fatalf("got %v %v", out, err)
			}
			if most.Load() > 3 {
				t.Errorf("%d were under way at a time, want 3 at most", most.Load())
			}
		})
	}
}

func TestWait(t *testing.T) {
	type event struct{ Why string }
	dir := t.TempDir()
	k := Define("wait", 1, func(ctx Context, _ struct{}) (string, error) {
		_, late, err := Wait[event](ctx, "nothing", 0)
		if err != nil || late {
			return "", fmt.Errorf("the wait for nothing: %v %w", late, err)
		}
		first, ok, err := Wait[event](ctx, "wake", time.Hour)
		if err != nil || !ok {
			return "", fmt.Errorf("the first wait: %v %w", ok, err)
		}
		second, ok, err := Wait[event](ctx, "wake", time.Hour)
		if err != nil || !ok {
			return "", fmt.Errorf("the second wait: %v %w", ok, err)
		}
		return first.Why + ", " + second.Why, nil
	})
	e, err := Open(t.Context(), Options{Dir: dir, Kinds: []Kind{k}})
	if err != nil {
		t.Fatal(err)
	}
	id := start(t, e, k, struct{}{})
	other, err := Look(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Signal(t.Context(), id, "wake", event{"new labels"}); err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	// Nobody works on it now, and it can be signalled all the same.
	if run := state(t, other, id); run.State != Interrupted || run.Process != 0 {
		t.Fatalf("after its engine closed: %+v", run)
	}
	if err := other.Signal(t.Context(), id, "wake", event{"drift"}); err != nil {
		t.Fatal(err)
	}
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	e = open(t, dir, k)
	if err := e.Resume(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	var out string
	if err := e.Result(t.Context(), id, &out); err != nil || out != "new labels, drift" {
		t.Fatalf("got %q %v", out, err)
	}
}

func TestCancelReachesAStepUnderWay(t *testing.T) {
	dir := t.TempDir()
	begun := make(chan struct{}, 1)
	var done atomic.Bool
	k := Define("long", 1, func(ctx Context, _ struct{}) (string, error) {
		return Step(ctx, "long", func(ctx context.Context) (string, error) {
			if done.Load() {
				return "done", nil
			}
			begun <- struct{}{}
			<-ctx.Done()
			return "", context.Cause(ctx)
		})
	})
	e := open(t, dir, k)
	id := start(t, e, k, struct{}{})
	<-begun
	other, err := Look(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if run := state(t, other, id); run.State != Running || run.Process != os.Getpid() {
		t.Fatalf("while it runs: %+v", run)
	}
	var notSo *StateError
	if err := e.Resume(t.Context(), id); !errors.As(err, &notSo) || notSo.Run.State != Running {
		t.Fatalf("resume of a running run: %v", err)
	}
	if err := other.Cancel(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if err := e.Result(t.Context(), id, nil); !errors.Is(err, ErrCancelled) {
		t.Fatalf("got %v, want ErrCancelled", err)
	}
	if err := other.Cancel(t.Context(), id); !errors.As(err, &notSo) || notSo.Run.State != Cancelled {
		t.Fatalf("cancelled again: %v", err)
	}
	done.Store(true)
	if err := e.Resume(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	var out string
	if err := e.Result(t.Context(), id, &out); err != nil || out != "done" {
		t.Fatalf("resumed: %q %v", out, err)
	}
}

func TestOneEngineTakesARunOver(t *testing.T) {
	dir := t.TempDir()
	var done atomic.Int32
	hold := make(chan struct{})
	k := Define("held", 1, func(ctx Context, _ struct{}) (int, error) {
		return Step(ctx, "held", func(ctx context.Context) (int, error) {
			select {
			case <-hold:
				return int(done.Add(1)), nil
			case <-ctx.Done():
				return 0, context.Cause(ctx)
			}
		})
	})
	first, err := Open(t.Context(), Options{Dir: dir, Kinds: []Kind{k}})
	if err != nil {
		t.Fatal(err)
	}
	id := start(t, first, k, struct{}{})
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	engines := []*Engine{open(t, dir, k), open(t, dir, k), open(t, dir, k)}
	var took atomic.Int32
	var group sync.WaitGroup
	for _, e := range engines {
		group.Go(func() {
			err := e.Resume(t.Context(), id)
			var notSo *StateError
			switch {
			case err == nil:
				took.Add(1)
			case !errors.As(err, &notSo):
				t.Error(err)
			}
		})
	}
	group.Wait()
	if took.Load() != 1 {
		t.Fatalf("%d engines took the run over, want 1", took.Load())
	}
	close(hold)
	if err := engines[0].Result(t.Context(), id, nil); err != nil {
		t.Fatal(err)
	}
	if done.Load() != 1 {
		t.Errorf("the step was done %d times", done.Load())
	}
}

func TestAnotherVersionIsRefused(t *testing.T) {
	dir := t.TempDir()
	block := func(ctx Context, _ struct{}) (struct{}, error) {
		return Step(ctx, "wait", func(ctx context.Context) (struct{}, error) {
			<-ctx.Done()
			return struct{}{}, context.Cause(ctx)
		})
	}
	old := Define("kind", 1, block)
	e, err := Open(t.Context(), Options{Dir: dir, Kinds: []Kind{old}})
	if err != nil {
		t.Fatal(err)
	}
	id := start(t, e, old, struct{}{})
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	next := open(t, dir, Define("kind", 2, block))
	if err := next.Resume(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	var version *VersionError
	if err := next.Result(t.Context(), id, nil); !errors.As(err, &version) {
		t.Fatalf("got %v, want a *VersionError", err)
	}
}

func TestPrune(t *testing.T) {
	dir := t.TempDir()
	k := Define("big", 1, func(ctx Context, text string) (string, error) {
		return Step(ctx, "copy", func(context.Context) (string, error) { return text + text, nil })
	})
	e := open(t, dir, k)
	var ids []string
	for _, c := range []string{"a", "b"} {
		id := start(t, e, k, strings.Repeat(c, 2*inline))
		if err := e.Result(t.Context(), id, nil); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
		for ended := time.Now(); time.Since(ended) < 2*time.Millisecond; { // times of runs are whole milliseconds, and those of the two must differ
			time.Sleep(time.Millisecond)
		}
	}
	if n, err := e.Prune(t.Context(), time.Now().Add(-time.Hour)); err != nil || n != 0 {
		t.Fatalf("young runs: %d %v", n, err)
	}
	blobs := func() int {
		found, err := filepath.Glob(filepath.Join(dir, "values", "*.gz"))
		if err != nil {
			t.Fatal(err)
		}
		return len(found)
	}
	if n := blobs(); n != 4 {
		t.Fatalf("%d values, want input and copy of two runs", n)
	}
	long := time.Now().Add(-2 * sweepAfter)
	old, err := filepath.Glob(filepath.Join(dir, "values", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range old {
		if err := os.Chtimes(path, long, long); err != nil {
			t.Fatal(err)
		}
	}
	second := state(t, e.Runs, ids[1])
	if n, err := e.Prune(t.Context(), second.Updated); err != nil || n != 1 {
		t.Fatalf("pruned %d runs: %v", n, err)
	}
	if n := blobs(); n != 2 {
		t.Errorf("%d values are left, want those of the run that stays", n)
	}
	var missing *NotFoundError
	if _, err := e.Find(t.Context(), ids[0]); !errors.As(err, &missing) {
		t.Errorf("the old run: %v", err)
	}
	var out string
	if err := e.Result(t.Context(), ids[1], &out); err != nil || len(out) != 4*inline {
		t.Errorf("the run that stays: %d bytes, %v", len(out), err)
	}
}

func TestLookWhereThereIsNothing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "none")
	r, err := Look(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if runs, err := r.List(t.Context()); err != nil || len(runs) != 0 {
		t.Errorf("list: %v %v", runs, err)
	}
	var missing *NotFoundError
	if err := r.Cancel(t.Context(), "x"); !errors.As(err, &missing) {
		t.Errorf("cancel: %v", err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("looking made the folder: %v", err)
	}
}
