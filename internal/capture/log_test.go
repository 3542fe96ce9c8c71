// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package capture

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"retort/model"
)

func TestRecordFromManyGoroutines(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir, Options{SegmentBytes: 40_000}) // some rotations
	var m memory
	i := Import(l, &m)
	const writers, each = 16, 40
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() { record(t, l, numbered(fmt.Sprintf("%02d-", w), each)...) })
	}
	wg.Wait()
	if err := i.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := m.ids(t, dir)
	if i.Backlog() != 0 {
		t.Errorf("%d bytes are left after Flush", i.Backlog())
	}
	last := make(map[string]string)
	for _, id := range got {
		if w := id[:3]; last[w] >= id {
			t.Errorf("%s comes behind %s", id, last[w])
		} else {
			last[w] = id
		}
	}
	if len(got) != writers*each {
		t.Errorf("got %d traces, want %d", len(got), writers*each)
	}
	if ids, err := segments(dir); err != nil || len(ids) < 5 {
		t.Errorf("got segments %v, %v, want some more", ids, err)
	}
	if err := i.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestReopenContinues(t *testing.T) {
	dir := t.TempDir()
	var m memory
	for _, id := range []string{"a", "b", "c"} {
		l, err := Open(dir, Options{})
		if err != nil {
			t.Fatal(err)
		}
		i := Import(l, &m)
		record(t, l, id)
		if err := errors.Join(i.Close(t.Context()), l.Close(), l.Close()); err != nil {
			t.Fatal(err)
		}
	}
	if got := m.ids(t, dir); !slices.Equal(got, []string{"a", "b", "c"}) {
		t.Errorf("got %v", got)
	}
}

func TestRecordAfterClose(t *testing.T) {
	l, err := Open(t.TempDir(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := l.Record(t.Context(), sample("a", 10)); model.KindOf(err) != model.Unavailable {
		t.Errorf("got %v, want an error of kind unavailable", err)
	}
}

func TestOpenTwice(t *testing.T) {
	dir := t.TempDir()
	open(t, dir, Options{})
	_, err := Open(dir, Options{})
	var e *model.Error
	if !errors.As(err, &e) || e.Kind != model.Unavailable || e.Hint == "" {
		t.Fatalf("got %v, want an error of kind unavailable with a hint", err)
	}
}

func TestRecordAllocatesLittle(t *testing.T) {
	if raced {
		t.Skip("the race detector makes pools forget")
	}
	l := open(t, t.TempDir(), Options{SyncEvery: -1})
	trace := sample("a", 1<<10)
	ctx := context.Background()
	got := testing.AllocsPerRun(200, func() {
		if err := l.Record(ctx, trace); err != nil {
			t.Fatal(err)
		}
	})
	if got > 1 { // none as a rule; the pool may be emptied in between
		t.Errorf("Record allocates %v times", got)
	}
}
