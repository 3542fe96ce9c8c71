// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package store

import "context"

// Opinion is what people said of a trace's answer, the latest of each kind. A trace with an Opinion has some feedback.
type Opinion struct {
	Rating     *float64
	Correction *string
}

// Corrected returns the correction; empty: there is none.
func (o Opinion) Corrected() string {
	if o.Correction == nil {
		return ""
	}
	return *o.Correction
}

// Opinions returns what was said of each trace of the tenant that has feedback, by the trace's id.
func (s *Store) Opinions(ctx context.Context, tenant string) (map[string]Opinion, error) {
	const op = "list feedback"
	rows, err := s.read.QueryContext(ctx, "SELECT trace, rating, correction FROM feedback WHERE tenant = ? ORDER BY seq", tenant)
	if err != nil {
		return nil, wrap(op, err)
	}
	defer rows.Close()
	out := map[string]Opinion{}
	for rows.Next() {
		var trace string
		var said Opinion
		if err := rows.Scan(&trace, &said.Rating, &said.Correction); err != nil {
			return nil, wrap(op, err)
		}
		known := out[trace]
		if said.Rating != nil {
			known.Rating = said.Rating
		}
		if said.Correction != nil {
			known.Correction = said.Correction
		}
		out[trace] = known
	}
	return out, wrap(op, rows.Err())
}
