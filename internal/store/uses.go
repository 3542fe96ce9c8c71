// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"math"
	"time"

	"retort/model"
)

// Use is what the requests to a model or task took that are alike: made for the same, answered by the same, or failed.
type Use struct {
	Purpose  model.Work
	Answered string // the concrete model; empty where all failed
	Cached   bool   // no model was asked, and none of the tokens paid
	Failed   bool

	Requests int
	Cost     model.Money   // of all
	Took     time.Duration // all together
	// CostSquares and TookSquares are sums of squares, in dollars and seconds.
	CostSquares, TookSquares float64
}

// Uses returns what the requests to a model or task took that began from since on and before until, both of which may be zero for no
// limit. It reads each of their rows, some hundred thousand a second.
func (s *Store) Uses(ctx context.Context, tenant, name string, since, until time.Time) ([]Use, error) {
	const op = "count requests"
	q := (&Filter{Tenant: tenant, Model: name, Since: since, Until: until, Purpose: AnyWork}).query()
	rows, err := s.read.QueryContext(ctx, `SELECT purpose, answered, error = '' AND input = 0 AND output = 0 AND cost = 0, error <> '', count(*), sum(cost), sum(duration),
		sum(CAST(cost AS REAL) * cost), sum(CAST(duration AS REAL) * duration) FROM traces WHERE `+q.String()+` GROUP BY 1, 2, 3, 4`, q.args...)
	if err != nil {
		return nil, wrap(op, err)
	}
	defer rows.Close()
	var out []Use
	for rows.Next() {
		var u Use
		err := rows.Scan(&u.Purpose, &u.Answered, &u.Cached, &u.Failed, &u.Requests, &u.Cost, &u.Took, &u.CostSquares, &u.TookSquares)
		if err != nil {
			return nil, wrap(op, err)
		}
		u.CostSquares /= float64(model.Dollar) * float64(model.Dollar)
		u.TookSquares /= float64(time.Second) * float64(time.Second)
		out = append(out, u)
	}
	return out, wrap(op, rows.Err())
}

// Spent returns what requests of all tenants to a model or task cost that Retort made for a purpose of its own, from since on.
func (s *Store) Spent(ctx context.Context, name string, purpose model.Work, since time.Time) (cost model.Money, err error) {
	err = s.read.QueryRowContext(ctx, "SELECT coalesce(sum(cost), 0) FROM traces WHERE model = ? AND purpose = ? AND purpose <> '' AND start >= ?",
		name, string(purpose), since.UnixNano()).Scan(&cost)
	return cost, wrap("sum up costs", err)
}

// Corrections returns how many requests to a model or task, of those that Uses would count, were corrected.
func (s *Store) Corrections(ctx context.Context, tenant, name string, since, until time.Time) (n int, err error) {
	from, to := int64(minTime), int64(math.MaxInt64)
	if !since.IsZero() {
		from = since.UnixNano()
	}
	if !until.IsZero() {
		to = until.UnixNano()
	}
	err = s.read.QueryRowContext(ctx, `SELECT count(DISTINCT f.trace) FROM feedback f CROSS JOIN traces t ON t.id = f.trace
		WHERE f.tenant = ? AND f.correction IS NOT NULL AND t.model = ? AND t.start >= ? AND t.start < ?`, tenant, name, from, to).Scan(&n)
	return n, wrap("count corrections", err)
}
