// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"math"
	"time"
)

// Outcome is what became of an answer, as its measure has it: such as whether the customer wrote again.
type Outcome struct {
	Name  string  `json:"name"` // of the measure
	Value float64 `json:"value"`
}

// MaxOutcomeName bounds the name of a measure, in bytes.
const MaxOutcomeName = 64

// check says what is wrong with an outcome.
func (o *Outcome) check(op string) error {
	switch {
	case o.Name == "" || len(o.Name) > MaxOutcomeName:
		return invalid(op, "outcome.name", "a measure has a name of 1 to %d bytes", MaxOutcomeName)
	case math.IsNaN(o.Value) || math.IsInf(o.Value, 0):
		return invalid(op, "outcome.value", "it must be a finite number")
	}
	return nil
}

// Measured is how the answers of one model did by one measure: the latest outcome of each answer counts.
type Measured struct {
	Measure  string
	Answered string // the concrete model
	N        int
	Sum      float64
}

// Measured returns how the answers to clients' requests to a model or task did that began from since on and before until, both of
// which may be zero for no limit.
func (s *Store) Measured(ctx context.Context, tenant, name string, since, until time.Time) ([]Measured, error) {
	const op = "list outcomes"
	from, to := int64(minTime), int64(math.MaxInt64)
	if !since.IsZero() {
		from = since.UnixNano()
	}
	if !until.IsZero() {
		to = until.UnixNano()
	}
	rows, err := s.read.QueryContext(ctx, `SELECT f.measure, t.answered, count(*), sum(f.value) FROM feedback f CROSS JOIN traces t ON t.id = f.trace
		WHERE f.tenant = ? AND f.measure IS NOT NULL AND t.model = ? AND t.purpose = '' AND t.start >= ? AND t.start < ?
		AND f.seq = (SELECT max(seq) FROM feedback WHERE trace = f.trace AND measure = f.measure) GROUP BY 1, 2 ORDER BY 1, 2`, tenant, name, from, to)
	if err != nil {
		return nil, wrap(op, err)
	}
	defer rows.Close()
	var out []Measured
	for rows.Next() {
		var m Measured
		if err := rows.Scan(&m.Measure, &m.Answered, &m.N, &m.Sum); err != nil {
			return nil, wrap(op, err)
		}
		out = append(out, m)
	}
	return out, wrap(op, rows.Err())
}
