// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package compose

import (
	"context"

	"retort/model"
)

// Verifier judges an answer after it was given: how likely is it a good one?
type Verifier interface {
	// Verify returns a number in [0, 1], higher for better answers. It may ask models: what they cost goes on the trail in
	// ctx. It is safe for concurrent use and modifies neither request nor response. An error is no verdict.
	Verify(ctx context.Context, req *model.Request, resp *model.Response) (float64, error)
}

// Comparer judges two answers to one request: how likely is the first the better one?
type Comparer interface {
	// Compare returns a number in [0, 1]: 1 when a is better for sure, 0.5 when nothing tells them apart. What Verifier
	// says of cost, concurrency and errors holds here too.
	Compare(ctx context.Context, req *model.Request, a, b *model.Response) (float64, error)
}

// VerifierFunc makes a function a Verifier.
type VerifierFunc func(ctx context.Context, req *model.Request, resp *model.Response) (float64, error)

// Verify calls f.
func (f VerifierFunc) Verify(ctx context.Context, req *model.Request, resp *model.Response) (float64, error) {
	return f(ctx, req, resp)
}
