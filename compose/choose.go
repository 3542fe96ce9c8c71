// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package compose

import (
	"math"
	"time"
)

// choose returns one of the seats that are open, or nil. The caller holds the lock.
func (b *balance) choose(t *turn, open func(*seat) bool, now time.Time) *seat {
	switch {
	case t.sticky:
		return b.home(t.unit, open)
	case b.how.By == ByWeights:
		return b.inTurn(open)
	case b.how.By == ByOutstanding:
		return b.fewest(open)
	}
	return b.sooner(open, t.stream, now)
}

// home returns the seat of a unit: the one with the highest score for it.
func (b *balance) home(unit uint64, open func(*seat) bool) (best *seat) {
	var highest float64
	for _, s := range b.seats {
		if !open(s) {
			continue
		}
		u := share(mix(unit ^ s.hash))
		if score := -s.Weight / math.Log(u+0x1p-54); best == nil || score > highest {
			best, highest = s, score
		}
	}
	return best
}

// mix spreads a number over all its bits (the finaliser of SplitMix64, Steele et al. 2014).
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// inTurn returns the seat that is owed most.
func (b *balance) inTurn(open func(*seat) bool) (best *seat) {
	sum := 0.0
	for _, s := range b.seats {
		if !open(s) {
			continue
		}
		sum += s.Weight
		s.turns += s.Weight
		if best == nil || s.turns > best.turns {
			best = s
		}
	}
	if best != nil {
		best.turns -= sum
	}
	return best
}

// fewest returns the seat with the least to do, one of several at random.
func (b *balance) fewest(open func(*seat) bool) (best *seat) {
	var least float64
	same := 0.0
	for _, s := range b.seats {
		if !open(s) {
			continue
		}
		load := float64(s.active+1) / s.Weight
		switch {
		case best == nil || load < least:
			best, least, same = s, load, 1
		case load == least:
			if same++; b.how.Random()*same < 1 {
				best = s
			}
		}
	}
	return best
}

// sooner returns the better of two seats drawn at random by their weights (Efraimidis and Spirakis, 2006).
func (b *balance) sooner(open func(*seat) bool, stream int, now time.Time) *seat {
	var first, second *seat
	var early, late float64
	for _, s := range b.seats {
		if !open(s) {
			continue
		}
		at := -math.Log(1-b.how.Random()) / s.Weight
		switch {
		case first == nil || at < early:
			first, second, early, late = s, first, at, early
		case second == nil || at < late:
			second, late = s, at
		}
	}
	if second != nil && second.cost(stream, now) < first.cost(stream, now) {
		return second
	}
	return first
}
