// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package capture

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"retort/model"
)

// disk is a disk with room for so many bytes more. A write that does not fit writes what fits, as a real one does.
type disk struct {
	mu   sync.Mutex
	room int64
}

func (d *disk) setRoom(n int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.room = n
}

func (d *disk) write(f *os.File, bufs [][]byte, off int64) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, b := range bufs {
		fit := min(int64(len(b)), d.room)
		if err := writeAll(f, [][]byte{b[:fit]}, off); fit > 0 && err != nil {
			return err
		}
		if fit < int64(len(b)) {
			return &os.PathError{Op: "write", Path: f.Name(), Err: syscall.ENOSPC}
		}
		off += fit
		d.room -= fit
	}
	return nil
}

// alarms collects what a log reports.
type alarms chan error

func (a alarms) wait(t *testing.T) error {
	t.Helper()
	select {
	case err := <-a:
		return err
	case <-t.Context().Done():
		t.Fatal("no alarm")
		return nil
	}
}

func openOn(t *testing.T, dir string, d *disk, o Options) (*Log, alarms) {
	t.Helper()
	reports := make(alarms, 100)
	o.Alarm = func(err error) { reports <- err }
	l := open(t, dir, o)
	l.writing.Lock()
	l.write = d.write
	l.writing.Unlock()
	return l, reports
}

func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	d := &disk{room: 4000}
	l, reports := openOn(t, dir, d, Options{})
	ctx, cancel := context.WithCancel(t.Context())
	want := []string{}
	results := make(chan error)
	for _, id := range numbered("a", 100) {
		go func() { results <- l.Record(ctx, sample(id, 300)) }()
		var err error
		select {
		case err = <-results:
			want = append(want, id)
			if err != nil {
				t.Fatal(err)
			}
			continue
		case err = <-reports:
		}
		if !errors.Is(err, syscall.ENOSPC) || !errors.Is(l.Err(), syscall.ENOSPC) {
			t.Fatalf("the alarm says %v, Err %v, want no space", err, l.Err())
		}
		break
	}
	cancel()
	err := <-results
	var e *model.Error
	if !errors.As(err, &e) || e.Kind != model.Unavailable || e.Hint == "" || !errors.Is(err, context.Canceled) || !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("got %v, want an error of kind unavailable that says why and for how long", err)
	}
	if len(want) == 0 {
		t.Fatal("nothing fit")
	}
	go func() { results <- l.Record(t.Context(), sample("patient", 300)) }()
	d.setRoom(1 << 20)
	if err := <-results; err != nil {
		t.Errorf("with room again: %v", err)
	}
	if err := reports.wait(t); err != nil || l.Err() != nil {
		t.Errorf("the alarm goes on: %v, %v", err, l.Err())
	}
	var m memory
	i := Import(l, &m)
	if err := i.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := m.ids(t, dir); !slices.Equal(got, append(want, "patient")) {
		t.Errorf("got %v, want %v and patient", got, want)
	}
}

func TestDiskThatRecoversEndsTheAlarmWithoutTraffic(t *testing.T) {
	d := new(disk)
	l, reports := openOn(t, t.TempDir(), d, Options{})
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("the caller is tired"))
	if err := l.Record(ctx, sample("a", 10)); err == nil || !strings.Contains(err.Error(), "tired") {
		t.Fatalf("got %v", err)
	}
	if err := reports.wait(t); err == nil {
		t.Fatal("no alarm")
	}
	d.setRoom(1 << 20)
	if err := reports.wait(t); err != nil {
		t.Errorf("got %v", err)
	}
	record(t, l, "b")
}

// Of those written together, one that is too large must not keep the others out.
func TestSmallTracesPassALargeOne(t *testing.T) {
	d := &disk{room: 20_000}
	l, reports := openOn(t, t.TempDir(), d, Options{})
	ctx, cancel := context.WithCancel(t.Context())
	large := make(chan error)
	go func() { large <- l.Record(ctx, sample("large", 30_000)) }()
	if err := reports.wait(t); err == nil {
		t.Fatal("no alarm")
	}
	var wg sync.WaitGroup
	for _, id := range numbered("s", 8) {
		wg.Go(func() { record(t, l, id) })
	}
	wg.Wait()
	cancel()
	if err := <-large; model.KindOf(err) != model.Unavailable {
		t.Errorf("got %v", err)
	}
}

func TestPauses(t *testing.T) {
	for name, o := range map[string]Options{
		"little free space": {MinFree: 1 << 60},
		"large backlog":     {MaxBacklog: 1},
	} {
		t.Run(name, func(t *testing.T) {
			reports := make(alarms, 100)
			o.Alarm = func(err error) { reports <- err }
			dir := t.TempDir()
			l := open(t, dir, o)
			m := memory{fail: errors.New("the store is slow")}
			i := Import(l, &m)
			if o.MinFree == 0 {
				record(t, l, "a") // makes the backlog
				for l.Err() == nil {
					l.checkBacklog()
				}
			}
			if err := reports.wait(t); err == nil {
				t.Error("no alarm")
			}
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			if err := l.Record(ctx, sample("b", 10)); model.KindOf(err) != model.Unavailable {
				t.Errorf("got %v, want an error of kind unavailable", err)
			}
			m.setFail(nil)
			if err := i.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestFailingSink(t *testing.T) {
	dir := t.TempDir()
	reports := make(alarms, 100)
	l := open(t, dir, Options{Alarm: func(err error) { reports <- err }})
	broken := errors.New("the store is locked")
	m := memory{fail: broken}
	i := Import(l, &m)
	record(t, l, numbered("a", 2*batchSize+1)...)
	if err := reports.wait(t); !errors.Is(err, broken) {
		t.Errorf("the alarm says %v", err)
	}
	if l.Err() != nil {
		t.Errorf("a failing import is no reason to refuse requests: %v", l.Err())
	}
	if err := i.Flush(t.Context()); !errors.Is(err, broken) {
		t.Errorf("Flush: got %v", err)
	}
	if i.Backlog() == 0 {
		t.Error("no backlog")
	}
	m.setFail(nil)
	if err := reports.wait(t); err != nil {
		t.Errorf("the alarm goes on: %v", err)
	}
	if err := i.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := m.ids(t, dir); !slices.Equal(got, numbered("a", 2*batchSize+1)) {
		t.Errorf("got %d traces, want each once", len(got))
	}
}
