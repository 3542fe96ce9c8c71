// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package compose

import (
	"context"

	"retort/model"
)

// Cascade is a model that lets Cheap answer and keeps the answer when Accept takes it; otherwise Strong answers. Until
// it is taken no part of the cheap answer is emitted.
//
//	models:
//	  thrifty: {cascade: {cheap: fast, strong: smart, accept: {score: 0.95}}}
//
// A task with a champion is a cascade too: its student is Cheap, its teacher Strong, and Accept compares the score
// with the certified threshold.
//
// An answer that is not taken is marked as rejected on the trail. Any failure of Cheap leads to Strong, unless the
// context has ended. When Strong fails its error is returned: the rejected answer does not come back.
type Cascade struct {
	Cheap  model.Model
	Strong model.Model
	Accept func(*model.Response) bool // must be safe for concurrent use and not modify the response
}

// Generate asks Cheap and, unless its answer is taken, Strong.
func (c Cascade) Generate(ctx context.Context, req *model.Request, emit func(model.Part) error) (*model.Response, error) {
	var held shortTape
	resp, err := c.Cheap.Generate(ctx, req, func(p model.Part) error {
		held.add(&p)
		return nil
	})
	if ctxErr := ctx.Err(); ctxErr != nil {
		return nil, ctxErr
	}
	if err == nil && c.Accept(resp) {
		if err := held.play(emit, false); err != nil {
			return nil, err
		}
		return resp, nil
	}
	if err == nil {
		model.TrailOf(ctx).Reject(resp.Model)
	}
	return c.Strong.Generate(ctx, req, emit)
}
