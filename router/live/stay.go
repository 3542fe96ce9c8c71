// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package live

import (
	"fmt"
	"time"

	"github.com/maypok86/otter/v2"

	"retort/model"
)

// Stay is where a conversation is.
type Stay struct {
	Place  int // of the model that answered last
	Tokens int // of the prompt and its answer, which that model's prompt cache may hold
}

// burned returns what leaving costs, in US dollars: the tokens that are read at the full price elsewhere.
func (d *Decider) burned(s *Stay) float64 {
	if s.Place >= len(d.how.Prices) {
		return 0
	}
	p := d.how.Prices[s.Place]
	if p.Cached <= 0 || p.Cached >= p.Input { // not given: there is no cache to lose
		return 0
	}
	return float64(s.Tokens) * (p.Input - p.Cached) / 1e6
}

// Stays remembers where conversations are, the latest of them, for as long as upstreams keep prompts. It is safe for
// concurrent use.
type Stays struct{ cache *otter.Cache[uint64, Stay] }

// kept is how long upstreams keep prompts, by and large.
const kept = 10 * time.Minute

// NewStays returns a memory for so many conversations.
func NewStays(size int) (*Stays, error) {
	cache, err := otter.New(&otter.Options[uint64, Stay]{MaximumSize: size, ExpiryCalculator: otter.ExpiryWriting[uint64, Stay](kept)})
	if err != nil {
		return nil, fmt.Errorf("remember conversations: %w", err)
	}
	return &Stays{cache}, nil
}

// Of returns where a conversation is, or nil.
func (s *Stays) Of(conversation uint64) *Stay {
	if s == nil {
		return nil
	}
	stay, ok := s.cache.GetIfPresent(conversation)
	if !ok {
		return nil
	}
	return &stay
}

// Note remembers who answered a conversation.
func (s *Stays) Note(conversation uint64, place int, usage model.Usage) {
	if s != nil {
		s.cache.Set(conversation, Stay{Place: place, Tokens: usage.Input + usage.Output})
	}
}
