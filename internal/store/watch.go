// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"time"
)

// Revision returns a number that rises with every change of keys or students by any process. Reading it costs some
// microseconds. Imported traces do not raise it.
func (s *Store) Revision(ctx context.Context) (int64, error) {
	var n int64
	err := s.read.QueryRowContext(ctx, "SELECT n FROM revision").Scan(&n)
	return n, wrap("read revision", err)
}

// Watch returns a channel that receives when keys or students have changed since the call or the last receive, by this
// process or another. It looks every interval, and closes the channel when ctx ends or the store is closed.
func (s *Store) Watch(ctx context.Context, interval time.Duration) <-chan struct{} {
	changed := make(chan struct{}, 1)
	seen, err := s.Revision(ctx)
	if err != nil {
		seen = -1 // not known: the first look reports a change
	}
	s.watchers.Go(func() {
		defer close(changed)
		tick := time.NewTicker(interval)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-s.closed:
				return
			case <-tick.C:
			}
			// An error passes or shows elsewhere: a look that fails is made up for by the next.
			if n, err := s.Revision(ctx); err == nil && n != seen {
				seen = n
				select {
				case changed <- struct{}{}:
				default:
				}
			}
		}
	})
	return changed
}
