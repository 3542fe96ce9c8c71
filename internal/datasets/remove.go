// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package datasets

import (
	"context"
	"errors"
	"time"

	"retort/dataset"
)

// Remove removes a version, and its examples unless another version has the same. One that something was made from, or that a tag points
// to, is a *store.InUseError unless force is set.
func (s *Shelf) Remove(ctx context.Context, v *dataset.Version, force bool) error {
	if err := s.store.RemoveVersion(ctx, v.Tenant, refOf(v), force); err != nil {
		return err
	}
	return errors.Join(s.release(ctx, v.Blob), s.sweep(ctx))
}

// release removes a blob that nothing refers to.
func (s *Shelf) release(ctx context.Context, key string) error {
	return s.store.ReleaseBlob(ctx, key, func() error { return s.blobs.Remove(key) })
}

// grace is how long a blob that nothing refers to may lie: whoever wrote it has long said so, or is dead.
const grace = 24 * time.Hour

// sweep removes what processes left that were killed.
func (s *Shelf) sweep(ctx context.Context) error {
	used, err := s.store.UsedBlobs(ctx)
	if err != nil {
		return err
	}
	return s.blobs.Sweep(grace, func(key string) bool { return used[key] })
}
