// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package capture

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
)

// Sink is where the importer puts what a query needs of each trace: the store.
type Sink interface {
	// Position returns up to where the sink has the log; the zero Position before anything was imported.
	Position(ctx context.Context) (Position, error)

	// ImportTraces adds entries and moves the position to next, both or neither, durably enough that the position never gets
	// ahead of the entries. A trace whose id the sink has already is left as it is. entries are valid during the call.
	ImportTraces(ctx context.Context, entries []Entry, next Position) error

	// Rewind removes the entries of segment to.Segment from to.Offset on and moves the position back to to: a power
	// loss took what they refer to.
	Rewind(ctx context.Context, to Position) error
}

// batchSize is how many entries go into one transaction of the sink: enough to share its cost, few enough that other
// writers of the store wait for milliseconds only.
const batchSize = 256

// mover moves frames from a log's segments into a sink. It is used by one goroutine at a time.
type mover struct {
	dir   string
	sink  Sink
	known bool     // pos is what the sink has
	pos   Position // up to where frames have been moved

	batch   []Entry
	window  []byte
	damaged int64 // bytes skipped so far
}

// everything is behind all frames.
var everything = Position{Segment: math.MaxInt64}

// move moves all frames before end. Segments before live are complete and are checked whole; from there on another
// goroutine appends, and end is its last frame's end.
func (m *mover) move(ctx context.Context, end Position, live int64) error {
	if !m.known {
		if err := m.start(ctx); err != nil {
			return err
		}
	}
	if !m.pos.Before(end) {
		return nil
	}
	ids := []int64{m.pos.Segment}
	if m.pos.Segment != end.Segment || m.pos.Segment == 0 {
		var err error
		if ids, err = segments(m.dir); err != nil {
			return err
		}
	}
	for _, id := range ids {
		if id < m.pos.Segment || id > end.Segment {
			continue
		}
		if err := m.segment(ctx, id, end, id < live); err != nil {
			m.known = false
			return fmt.Errorf("import segment %s: %w", segmentPath(m.dir, id), err)
		}
	}
	return nil
}

// start learns where the sink is, and takes it back where the log is shorter than the sink believes.
func (m *mover) start(ctx context.Context) error {
	pos, err := m.sink.Position(ctx)
	if err != nil {
		return fmt.Errorf("read position of import: %w", err)
	}
	info, err := os.Stat(segmentPath(m.dir, pos.Segment))
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return fmt.Errorf("read position of import: %w", err)
	case info.Size() < pos.Offset:
		pos.Offset = info.Size()
		if err := m.sink.Rewind(ctx, pos); err != nil {
			return fmt.Errorf("rewind import: %w", err)
		}
	}
	m.pos, m.known = pos, true
	return nil
}

// segment moves the frames of one segment that lie between the position and end.
func (m *mover) segment(ctx context.Context, id int64, end Position, whole bool) error {
	f, err := os.Open(segmentPath(m.dir, id))
	if err != nil {
		return err
	}
	defer f.Close()
	s, err := newScanner(f, whole, m.window)
	if err != nil {
		return err
	}
	defer func() { m.window = s.window }()
	if id == m.pos.Segment {
		s.off = max(s.off, m.pos.Offset)
	}
	if id == end.Segment {
		s.end = min(s.end, end.Offset)
	}
	for more := true; more; {
		if more, err = m.fill(s, id); err != nil {
			return err
		}
		if len(m.batch) == 0 {
			break
		}
		next := Position{Segment: id, Offset: s.off}
		if err := m.sink.ImportTraces(ctx, m.batch, next); err != nil {
			return err
		}
		m.pos = next
	}
	m.damaged += s.damaged
	m.pos = Position{Segment: id, Offset: s.end} // what is left is damaged: look at it once
	return nil
}

// fill takes the next frames into the batch; more is false when there are no others.
func (m *mover) fill(s *scanner, id int64) (more bool, err error) {
	clear(m.batch)
	m.batch = m.batch[:0]
	for len(m.batch) < batchSize {
		l, ok, err := s.next()
		if err != nil || !ok {
			return false, err
		}
		m.batch = append(m.batch, Entry{Ref: Ref{Segment: id, Offset: l.off, Length: l.size}, Content: l.content})
		if err := decodeEntry(l.meta, &m.batch[len(m.batch)-1]); err != nil {
			m.batch = m.batch[:len(m.batch)-1]
			s.damaged += l.size
		}
	}
	return true, nil
}
