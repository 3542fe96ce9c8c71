// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package compose

import (
	"context"
	"slices"

	"retort/model"
)

// Arm is one of the models of a split.
type Arm struct {
	Model  model.Model
	Weight float64 // its share, compared to the others'
}

// Split returns a model that divides requests among arms, so that they can be compared: each unit stays in one arm.
//
//	models:
//	  test: {split: {by: user, arms: {smart: 0.9, fast: 0.1}}}
//	  other: {split: {by: metadata.session, salt: spring, arms: {smart: 1, fast: 1}}}
//
// The arm depends on nothing but the unit, the salt and the weights in the order of arms, so that it is the same in every
// process, after a restart, and for whoever computes it again: the first 8 bytes of the SHA-256 of salt, a zero byte and
// unit, most significant first, shifted right by 11 bits and divided by 2^53, is a number from 0 to below 1, and the
// arm is the one whose part of that range holds it. When a share changes, units move only where the borders do. Splits with
// different salts choose independently of each other.
//
// A unit of the conversation is the prompt cache's key if the request has one. Otherwise it is the text of each block of
// the messages up to the first of a user, followed by its media's URL, file id and data, each block ended by a zero byte.
//
// Requests that do not say their unit go to the arm with the largest weight, the first of several. Who answered is seen
// where it always is: in the response, in the header Retort-Model and in the trace.
func Split(arms []Arm, by Unit, salt string) model.Model {
	s := &split{arms: slices.Clone(arms), by: by, salt: salt}
	for i, a := range arms {
		s.sum += a.Weight
		if a.Weight > arms[s.largest].Weight {
			s.largest = i
		}
	}
	return s
}

type split struct {
	arms    []Arm
	by      Unit
	salt    string
	sum     float64
	largest int
}

// Generate asks the arm of the request's unit.
func (s *split) Generate(ctx context.Context, req *model.Request, emit func(model.Part) error) (*model.Response, error) {
	if len(s.arms) == 0 {
		return nil, &model.Error{Kind: model.Internal, Op: "split", Err: errNoModels}
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	hash, said, err := s.by.hash(s.salt, req)
	if err != nil {
		return nil, err
	}
	arm := s.largest
	if said {
		arm = s.arm(share(hash))
	}
	return s.arms[arm].Model.Generate(ctx, req, emit)
}

// arm returns the arm at a place from 0 to below 1.
func (s *split) arm(place float64) int {
	place *= s.sum
	for i := range s.arms {
		if place -= s.arms[i].Weight; place < 0 {
			return i
		}
	}
	return s.largest // rounding has left a gap at the end
}
