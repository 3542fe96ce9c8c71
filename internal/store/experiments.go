// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"time"

	"retort/model"
)

// Observation is one request that a split gave to an arm, with what was said of its answer.
type Observation struct {
	Trace    string
	Arm      string
	Unit     uint64 // as model.Arm.Unit, never 0
	Start    time.Time
	Duration time.Duration
	Cost     model.Money
	Failed   bool
	// Said is what feedback said, the earliest first; feedback that has neither a rating nor a correction is left out.
	Said []Feedback
}

// Observations returns the requests that a split of the tenant drew an arm for since a time, the earliest first. Requests
// that did not say their unit are left out, and so are those of times when one arm answered for all.
func (s *Store) Observations(ctx context.Context, tenant, split string, since time.Time) ([]Observation, error) {
	const op = "list observations"
	from := int64(minTime)
	if !since.IsZero() {
		from = since.UnixNano()
	}
	rows, err := s.read.QueryContext(ctx, `SELECT t.id, a.arm, a.unit, t.start, t.duration, t.cost, t.error <> '',
		f.rating, f.correction, f.created
		FROM arms a JOIN traces t ON t.id = a.trace
		LEFT JOIN feedback f ON f.trace = a.trace AND (f.rating IS NOT NULL OR f.correction IS NOT NULL)
		WHERE a.tenant = ? AND a.split = ? AND a.start >= ? AND a.unit <> 0 ORDER BY a.start, a.trace, f.seq`,
		tenant, split, from)
	if err != nil {
		return nil, wrap(op, err)
	}
	defer rows.Close()
	var out []Observation
	for rows.Next() {
		var o Observation
		var f Feedback
		var unit, start int64
		var said *int64
		if err := rows.Scan(&o.Trace, &o.Arm, &unit, &start, &o.Duration, &o.Cost, &o.Failed, &f.Rating, &f.Correction, &said); err != nil {
			return nil, wrap(op, err)
		}
		o.Unit, o.Start = uint64(unit), time.Unix(0, start).UTC()
		if n := len(out); n == 0 || out[n-1].Trace != o.Trace {
			out = append(out, o)
		}
		if said != nil {
			f.Trace, f.Created = o.Trace, time.Unix(0, *said).UTC()
			last := &out[len(out)-1]
			last.Said = append(last.Said, f)
		}
	}
	return out, wrap(op, rows.Err())
}
