// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package compose

import (
	"context"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"retort/model"
)

// Memory remembers answers and says which of them a similar input would get. It is safe for concurrent use, and
// keeps tenants apart.
type Memory interface {
	// Recall says what the answer to an input of the tenant would be, by the answers to inputs like it.
	Recall(tenant, input string) Recollection
	// Learn is told the fresh answer to an input, and what Recall said before. judge says that the two may be compared:
	// the input was not chosen by anything that depends on it.
	Learn(tenant, input string, said Recollection, fresh string, judge bool)
}

// Recollection is what a Memory says of an input.
type Recollection struct {
	Answer string
	Score  float64 // how much speaks for the answer, in [0, 1]
	Given  bool    // the answer may be given: answers of this score are known to agree with fresh ones
	Speaks bool    // there are scores at which answers may be given
}

// Similarity says how Similar answers.
type Similarity struct {
	Name   string // in answers and traces, of the model that answers from memory
	Memory Memory
	// Input returns what a request asks, when that is all its answer depends on: other requests are the model's.
	Input func(context.Context, *model.Request) (string, error)
	Audit float64          // share of the requests that are asked fresh whatever the memory says, in [0, 1]
	Now   func() time.Time // the clock; nil: time.Now
	// Random returns numbers from 0 to below 1 and is safe for concurrent use; nil: that of math/rand/v2.
	Random func() float64
}

// Reminded is a model that answers what is like earlier questions from memory. See Similar.
type Reminded struct {
	model              model.Model
	how                Similarity
	given, left, asked atomic.Int64
}

// SimilarCounts says what became of requests with an input.
type SimilarCounts struct {
	Given int64 // answered from memory
	Left  int64 // left to the model by a memory that speaks
	Asked int64 // asked of the model whatever the memory says, those that failed included
}

// Similar returns a model that answers from the answers which m gave to similar inputs, where these are known to
// agree with what m would say. It is for tasks with a contract alone: their answers agree or they do not, so that a
// memory can be judged.
//
//	tasks:
//	  support: {similar: {agreement: 0.95, ttl: 24h}}
//
// Until the memory speaks, m answers everything and each answer is compared with what the memory would have said.
// From then on the memory answers where it may; a share of the requests, picked by chance before the memory is asked,
// goes to m all the same, and these are what is compared. An answer from memory costs nothing and is a Cached
// attempt; where a memory that speaks leaves the answer to m, a Rejected attempt says so, because such answers are
// no fair sample of the traffic. Only answers whose one choice came to its own end are learned.
func Similar(m model.Model, how Similarity) *Reminded {
	if how.Now == nil {
		how.Now = time.Now
	}
	if how.Random == nil {
		how.Random = rand.Float64
	}
	return &Reminded{model: m, how: how}
}

// Counts returns what became of requests since the beginning.
func (s *Reminded) Counts() SimilarCounts {
	return SimilarCounts{Given: s.given.Load(), Left: s.left.Load(), Asked: s.asked.Load()}
}

// Generate answers from memory or asks the model.
func (s *Reminded) Generate(ctx context.Context, req *model.Request, emit func(model.Part) error) (*model.Response, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	input, err := s.how.Input(ctx, req)
	if err != nil { // which the model says better
		return s.model.Generate(ctx, req, emit)
	}
	start := s.how.Now()
	audit := s.how.Random() < s.how.Audit
	said := s.how.Memory.Recall(req.Tenant, input)
	if said.Speaks && !audit {
		took := s.how.Now().Sub(start)
		attempt := model.Attempt{Model: s.how.Name, Start: start, Duration: took, First: took, Score: said.Score, Cached: said.Given, Rejected: !said.Given}
		model.TrailOf(ctx).Add(attempt)
		if said.Given {
			s.given.Add(1)
			return s.give(said, start, emit)
		}
		s.left.Add(1)
	} else {
		s.asked.Add(1)
	}
	resp, err := s.model.Generate(ctx, req, emit)
	if err == nil && len(resp.Choices) == 1 && complete(resp) {
		s.how.Memory.Learn(req.Tenant, input, said, resp.Text(), audit || !said.Speaks)
	}
	return resp, err
}

// give answers from memory.
func (s *Reminded) give(said Recollection, now time.Time, emit func(model.Part) error) (*model.Response, error) {
	resp := model.Answer(s.how.Name, said.Answer)
	resp.Score, resp.Created = said.Score, now.Unix()
	if err := resp.Emit(emit); err != nil {
		return nil, err
	}
	return resp, nil
}
