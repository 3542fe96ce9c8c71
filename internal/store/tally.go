// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"slices"
	"time"

	"retort/model"
)

// Tally is how many answers to a model or task traffic and audits brought from a time on, by who gave them. Failures are left out, and so is what no
// tokens were paid for, or was not captured.
type Tally struct {
	Tenant, Name string
	Since        time.Time // zero: no limit
	// Counts says of a whole trace whether its answer counts; nil: all do. It takes that each is read from its log, once.
	Counts func(*model.Trace) bool
	By     map[string]int

	last int64 // the latest row that counts, or was looked at
}

// Recount brings a tally up to date. It reads each row of the model or task the first time, and later those that came since, of whatever model.
func (s *Store) Recount(ctx context.Context, t *Tally) error {
	const op = "count answers"
	var last int64
	err := s.read.QueryRowContext(ctx, "SELECT coalesce(max(seq), 0) FROM traces").Scan(&last)
	if err != nil {
		return wrap(op, err)
	}
	if last < t.last { // a log was cut that had been read
		t.last = 0
	}
	if last == t.last && t.By != nil {
		return nil
	}
	q := new(query)
	if t.last == 0 {
		t.By = map[string]int{}
		q.where("tenant = ? AND model = ?", t.Tenant, t.Name)
	} else { // few rows: the indexes lead to many
		q.where("seq > ? AND +tenant = ? AND +model = ?", t.last, t.Tenant, t.Name)
	}
	q.where("seq <= ? AND purpose IN ('', ?) AND error = '' AND content AND NOT (input = 0 AND output = 0 AND cost = 0)", last, string(model.Auditing))
	if !t.Since.IsZero() {
		q.where(map[bool]string{true: "start >= ?", false: "+start >= ?"}[t.last == 0], t.Since.UnixNano())
	}
	found := map[string]int{}
	if t.Counts == nil {
		err = s.countAnswers(ctx, q, found)
	} else {
		err = s.countTraces(ctx, q, t.Counts, found)
	}
	if err != nil {
		return err
	}
	for who, n := range found { // all or nothing
		t.By[who] += n
	}
	t.last = last
	return nil
}

func (s *Store) countAnswers(ctx context.Context, q *query, found map[string]int) error {
	const op = "count answers"
	rows, err := s.read.QueryContext(ctx, "SELECT answered, count(*) FROM traces WHERE "+q.String()+" GROUP BY 1", q.args...)
	if err != nil {
		return wrap(op, err)
	}
	defer rows.Close()
	for rows.Next() {
		var who string
		var n int
		if err := rows.Scan(&who, &n); err != nil {
			return wrap(op, err)
		}
		found[who] = n
	}
	return wrap(op, rows.Err())
}

// countTraces counts those that count. What cannot be read does not.
func (s *Store) countTraces(ctx context.Context, q *query, counts func(*model.Trace) bool, found map[string]int) error {
	const page = 200
	for after := int64(0); ; {
		one := &query{args: slices.Clone(q.args)}
		one.WriteString(q.String())
		one.where("seq > ?", after)
		rows, err := s.rows(ctx, one, "ORDER BY seq LIMIT ?", page)
		if err != nil {
			return err
		}
		for i := range rows {
			if t, err := s.content(rows[i].place); err == nil && t.Response != nil && counts(t) {
				found[t.Response.Model]++
			}
		}
		if len(rows) < page {
			return nil
		}
		after = rows[page-1].cursor.seq
	}
}
