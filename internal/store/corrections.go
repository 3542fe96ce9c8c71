// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package store

import "context"

// Corrections returns the latest correction of each corrected trace of the tenant, by the trace's id.
func (s *Store) Corrections(ctx context.Context, tenant string) (map[string]string, error) {
	const op = "list corrections"
	rows, err := s.read.QueryContext(ctx, "SELECT trace, correction FROM feedback"+
		" WHERE tenant = ? AND correction IS NOT NULL ORDER BY seq", tenant)
	if err != nil {
		return nil, wrap(op, err)
	}
	defer rows.Close()
	out := map[string]string{}
	for rows.Next() {
		var trace, correction string
		if err := rows.Scan(&trace, &correction); err != nil {
			return nil, wrap(op, err)
		}
		out[trace] = correction
	}
	return out, wrap(op, rows.Err())
}
