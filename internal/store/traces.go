// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"
	"unicode/utf8"

	"retort/internal/capture"
	"retort/model"
)

// Filter chooses traces. Empty fields choose all, but Tenant must be set.
type Filter struct {
	Tenant  string
	Model   string     // as asked for: the name of a model or a task
	Purpose model.Work // what requests were made for; empty: clients asked, so that nothing else is taken for traffic
	Since   time.Time  // requests that began at this time or later
	Until   time.Time  // requests that began before this time
	Status  Status
	Content bool   // only traces whose request was captured
	Limit   int    // how many at most; 0 is DefaultLimit for List, no limit elsewhere
	Cursor  string // where List goes on: what it returned as next
}

// Status tells answered requests from failed ones.
type Status string

// The values of Status; the empty one means both.
const (
	Answered Status = "ok"
	Failed   Status = "error"
)

// AnyWork is the purpose of a Filter that chooses traces whatever their requests were made for.
const AnyWork model.Work = "all"

// DefaultLimit is how many traces List returns when the filter does not say.
const DefaultLimit = 100

// Trace returns the whole trace with that id, request and answer included. One that tenant does not have is an error of
// kind NotFound.
func (s *Store) Trace(ctx context.Context, tenant, id string) (*model.Trace, error) {
	at, err := s.ref(ctx, tenant, id)
	if err != nil {
		return nil, err
	}
	return s.content(at)
}

// Complete returns the id of the tenant's trace whose id begins with prefix, or prefix where none does. Several are an error
// of kind Invalid.
func (s *Store) Complete(ctx context.Context, tenant, prefix string) (string, error) {
	const op = "find trace"
	rows, err := s.read.QueryContext(ctx, "SELECT id FROM traces WHERE tenant = ? AND id >= ? AND id < ? ORDER BY id LIMIT 2",
		tenant, prefix, prefix+string(utf8.MaxRune))
	if err != nil {
		return "", wrap(op, err)
	}
	defer rows.Close()
	var found []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return "", wrap(op, err)
		}
		found = append(found, id)
	}
	switch {
	case rows.Err() != nil:
		return "", wrap(op, rows.Err())
	case len(found) == 0, found[0] == prefix:
		return prefix, nil
	case len(found) > 1:
		return "", invalid(op, "id", "several begin with %q, such as %s and %s: give more of it", prefix, found[0], found[1])
	}
	return found[0], nil
}

// place says where a trace's content lies.
type place struct {
	log int64
	ref capture.Ref
}

// content reads a whole trace.
func (s *Store) content(at place) (*model.Trace, error) {
	return capture.NewReader(s.logDir(at.log)).Trace(at.ref)
}

// logDir returns the folder of a log.
func (s *Store) logDir(log int64) string {
	if log == 0 {
		return TracesDir(s.dir)
	}
	return ledgerDir(s.dir, log)
}

// ref finds a trace, importing what was recorded last if need be.
func (s *Store) ref(ctx context.Context, tenant, id string) (place, error) {
	r, err := s.lookUp(ctx, tenant, id)
	if i := s.importer.Load(); i != nil && model.KindOf(err) == model.NotFound {
		if err := i.Flush(ctx); err != nil {
			return r, err
		}
		r, err = s.lookUp(ctx, tenant, id)
	}
	return r, err
}

func (s *Store) lookUp(ctx context.Context, tenant, id string) (at place, err error) {
	err = s.read.QueryRowContext(ctx, "SELECT log, segment, place, length FROM traces WHERE id = ? AND tenant = ?", id, tenant).
		Scan(&at.log, &at.ref.Segment, &at.ref.Offset, &at.ref.Length)
	if errors.Is(err, sql.ErrNoRows) {
		return at, notFound("trace", id, "the id is what the answer's header Retort-Trace said")
	}
	return at, wrap("find trace", err)
}

// List returns traces without their content, the latest request first: Attempts, Dropped and Body are nil, and Response,
// where there was one, has only Model and Score. next is the cursor of those that follow, or empty. A wrong cursor is an error
// of kind Invalid.
func (s *Store) List(ctx context.Context, f Filter) (traces []*model.Trace, next string, err error) {
	if f.Limit <= 0 {
		f.Limit = DefaultLimit
	}
	q := f.query()
	if f.Cursor != "" {
		at, err := parseCursor(f.Cursor)
		if err != nil {
			return nil, "", err
		}
		q.where("(start, seq) < (?, ?)", at.start, at.seq)
	}
	rows, err := s.rows(ctx, q, "ORDER BY start DESC, seq DESC LIMIT ?", f.Limit+1)
	if err != nil {
		return nil, "", err
	}
	if len(rows) > f.Limit {
		rows = rows[:f.Limit]
		next = rows[f.Limit-1].cursor.String()
	}
	for i := range rows {
		traces = append(traces, &rows[i].trace)
	}
	return traces, next, nil
}

// Count returns how many traces the filter chooses, whatever its Limit and Cursor.
func (s *Store) Count(ctx context.Context, f Filter) (int, error) {
	q := f.query()
	var n int
	err := s.read.QueryRowContext(ctx, "SELECT count(*) FROM traces WHERE "+q.String(), q.args...).Scan(&n)
	return n, wrap("count traces", err)
}

// Traces yields whole traces, the earliest request first, as they are in the store when the loop gets to them. An error
// beside a trace means that its content cannot be read, and the trace is as List returns it: the loop may go on. An
// error beside a nil trace ends the loop. f.Cursor is not used.
func (s *Store) Traces(ctx context.Context, f Filter) iter.Seq2[*model.Trace, error] {
	return func(yield func(*model.Trace, error) bool) {
		const page = 200
		left := f.Limit
		at := cursor{start: minTime}
		for {
			n := page
			if f.Limit > 0 {
				n = min(page, left)
			}
			q := f.query()
			q.where("(start, seq) > (?, ?)", at.start, at.seq)
			rows, err := s.rows(ctx, q, "ORDER BY start, seq LIMIT ?", n)
			if err != nil {
				yield(nil, err)
				return
			}
			for i := range rows {
				t, err := s.content(rows[i].place)
				if err != nil {
					t = &rows[i].trace
				}
				if !yield(t, err) {
					return
				}
			}
			if left -= len(rows); len(rows) < n || left == 0 {
				return
			}
			at = rows[len(rows)-1].cursor
		}
	}
}

// query is the condition of a statement.
type query struct {
	strings.Builder
	args []any
}

func (q *query) where(condition string, args ...any) {
	if q.Len() > 0 {
		q.WriteString(" AND ")
	}
	q.WriteString(condition)
	q.args = append(q.args, args...)
}

func (f *Filter) query() *query {
	q := new(query)
	q.where("tenant = ?", f.Tenant)
	if f.Model != "" {
		q.where("model = ?", f.Model)
	}
	switch f.Purpose {
	case AnyWork:
	case model.Serving:
		q.where("purpose = ''")
	default:
		q.where("purpose = ? AND purpose <> ''", string(f.Purpose)) // the latter lets the index be used
	}
	if !f.Since.IsZero() {
		q.where("start >= ?", f.Since.UnixNano())
	}
	if !f.Until.IsZero() {
		q.where("start < ?", f.Until.UnixNano())
	}
	switch f.Status {
	case Answered:
		q.where("error = ''")
	case Failed:
		q.where("error <> ''")
	}
	if f.Content {
		q.where("content")
	}
	return q
}

// row is a trace as the database has it.
type row struct {
	trace  model.Trace
	cursor cursor
	place  place
}

func (s *Store) rows(ctx context.Context, q *query, order string, limit int) ([]row, error) {
	const columns = `SELECT seq, id, tenant, key, model, stream, start, duration, first, input, cached, written, output,
		reasoning, cost, error, message, dialect, answered, score, purpose, log, segment, place, length FROM traces WHERE `
	found, err := s.read.QueryContext(ctx, columns+q.String()+" "+order, append(q.args, limit)...)
	if err != nil {
		return nil, wrap("list traces", err)
	}
	defer found.Close()
	var out []row
	for found.Next() {
		var r row
		var answered string
		var score float64
		t := &r.trace
		err := found.Scan(&r.cursor.seq, &t.ID, &t.Tenant, &t.Key, &t.Model, &t.Stream, &r.cursor.start, &t.Duration, &t.First,
			&t.Usage.Input, &t.Usage.Cached, &t.Usage.Written, &t.Usage.Output, &t.Usage.Reasoning, &t.Cost, &t.Error,
			&t.Message, &t.Dialect, &answered, &score, &t.Purpose, &r.place.log, &r.place.ref.Segment, &r.place.ref.Offset, &r.place.ref.Length)
		if err != nil {
			return nil, wrap("list traces", err)
		}
		t.Start = time.Unix(0, r.cursor.start).UTC()
		if answered != "" {
			t.Response = &model.Response{Model: answered, Score: score}
		}
		out = append(out, r)
	}
	return out, wrap("list traces", found.Err())
}

// cursor is the place of a row in the order of time.
type cursor struct{ start, seq int64 }

const minTime = -1 << 63

// String returns the cursor as clients see it.
func (c cursor) String() string { return fmt.Sprintf("%d.%d", c.start, c.seq) }

func parseCursor(s string) (c cursor, err error) {
	if n, err := fmt.Sscanf(s, "%d.%d", &c.start, &c.seq); err != nil || n != 2 || c.String() != s {
		return c, invalid("list traces", "cursor", "%q is no cursor: use what the page before returned", s)
	}
	return c, nil
}
