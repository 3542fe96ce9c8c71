// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package compose

import (
	"context"
	"slices"
	"sync/atomic"

	"retort/model"
)

// Arm is one of the models of a split.
type Arm struct {
	Model  model.Model
	Weight float64 // its share, compared to the others'
	Name   string  // on the trace
}

// Splitting says how a split divides requests.
type Splitting struct {
	Name string // of the split, on the trace
	By   Unit   // what stays in one arm
	Salt string // splits with the same salt choose alike
}

// Split returns a model that divides requests among arms, so that they can be compared: each unit stays in one arm.
//
//	models:
//	  test: {split: {by: user, arms: {smart: 0.9, fast: 0.1}}}
//	  other: {split: {by: metadata.session, salt: spring, arms: {smart: 0.5, fast: 0.5}}}
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
// where it always is: in the response, in the header Retort-Model and in the trace, which also names the arm.
func Split(arms []Arm, how Splitting) *Divided {
	s := &Divided{arms: slices.Clone(arms), how: how}
	for i, a := range arms {
		s.sum += a.Weight
		if a.Weight > arms[s.largest].Weight {
			s.largest = i
		}
	}
	return s
}

// Divided is a model that divides requests among arms. See Split.
type Divided struct {
	arms    []Arm
	how     Splitting
	sum     float64
	largest int
	winner  atomic.Int32 // 1 + the arm that answers for all; 0: none does
}

// Settle makes the arm of that name answer all requests from now on, and divides them again when name is empty. It reports
// whether there is such an arm; if not, nothing changes.
func (s *Divided) Settle(name string) bool {
	if name == "" {
		s.winner.Store(0)
		return true
	}
	for i := range s.arms {
		if s.arms[i].Name == name {
			s.winner.Store(int32(i) + 1)
			return true
		}
	}
	return false
}

// Generate asks the arm of the request's unit.
func (s *Divided) Generate(ctx context.Context, req *model.Request, emit func(model.Part) error) (*model.Response, error) {
	if len(s.arms) == 0 {
		return nil, &model.Error{Kind: model.Internal, Op: "split", Err: errNoModels}
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	arm, unit, err := s.choose(req)
	if err != nil {
		return nil, err
	}
	model.TrailOf(ctx).Choose(model.Arm{Split: s.how.Name, Name: s.arms[arm].Name, Unit: unit})
	return s.arms[arm].Model.Generate(ctx, req, emit)
}

// Winner returns the name of the arm that answers all requests; empty while they are divided.
func (s *Divided) Winner() string {
	if winner := s.winner.Load(); winner > 0 {
		return s.arms[winner-1].Name
	}
	return ""
}

// choose returns the arm of a request, and the unit that it was drawn by or 0.
func (s *Divided) choose(req *model.Request) (arm int, unit uint64, err error) {
	if winner := s.winner.Load(); winner > 0 {
		return int(winner) - 1, 0, nil
	}
	hash, said, err := s.how.By.hash(s.how.Salt, req)
	if err != nil || !said {
		return s.largest, 0, err
	}
	return s.arm(share(hash)), max(1, hash), nil
}

// arm returns the arm at a place from 0 to below 1.
func (s *Divided) arm(place float64) int {
	place *= s.sum
	for i := range s.arms {
		if place -= s.arms[i].Weight; place < 0 {
			return i
		}
	}
	return s.largest // rounding has left a gap at the end
}
