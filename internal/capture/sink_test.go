// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package capture

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
)

// memory is a Sink that keeps what it is given, as a store would, and fails when told to.
type memory struct {
	mu      sync.Mutex
	pos     Position
	entries []Entry
	fail    error
}

func (m *memory) Position(context.Context) (Position, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.pos, nil
}

func (m *memory) ImportTraces(_ context.Context, entries []Entry, next Position) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		return m.fail
	}
	if next.Before(m.pos) {
		return errors.New("the position went back")
	}
	m.entries = append(m.entries, entries...)
	m.pos = next
	return nil
}

func (m *memory) Rewind(_ context.Context, to Position) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.entries = slices.DeleteFunc(m.entries, func(e Entry) bool { return e.Ref.Segment == to.Segment && e.Ref.Offset >= to.Offset })
	m.pos = to
	return nil
}

func (m *memory) setFail(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fail = err
}

// ids returns the ids of the entries in the order of the log, and checks that each can be read in full.
func (m *memory) ids(t testing.TB, dir string) []string {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	ids := []string{}
	for _, e := range m.entries {
		ids = append(ids, e.Trace.ID)
		trace, err := NewReader(dir).Trace(e.Ref)
		if err != nil {
			t.Errorf("read %s: %v", e.Trace.ID, err)
		} else if trace.ID != e.Trace.ID || (len(trace.Body) > 0) != e.Content {
			t.Errorf("the row of %s refers to %s", e.Trace.ID, trace.ID)
		}
	}
	return ids
}

// imported returns the ids of all sound frames of the log in dir, which nobody has open.
func imported(t testing.TB, dir string) []string {
	t.Helper()
	var m memory
	if err := CatchUp(t.Context(), dir, &m); err != nil {
		t.Fatal(err)
	}
	return m.ids(t, dir)
}
