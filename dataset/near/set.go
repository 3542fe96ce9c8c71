// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package near

// set holds the shingles of one text, for use again and again.
type set struct {
	list  []uint64 // each once
	table []place
	mask  uint64
	round uint32 // of count
}

type place struct {
	hash  uint64
	round uint32 // in which it was counted last
}

// fill makes it the set of these hashes.
func (s *set) fill(hashes []uint64) {
	size := 16
	for size < 2*len(hashes) {
		size *= 2
	}
	if size > len(s.table) {
		s.table = make([]place, size)
	} else {
		clear(s.table[:size])
	}
	s.mask = uint64(size - 1)
	s.round = 0
	s.list = s.list[:0]
	for _, h := range hashes {
		at := h & s.mask
		for s.table[at].hash != 0 && s.table[at].hash != h {
			at = (at + 1) & s.mask
		}
		if s.table[at].hash == 0 {
			s.table[at].hash = h
			s.list = append(s.list, h)
		}
	}
}

// count returns how many of the set's shingles are among hashes, or less than enough as soon as it cannot be enough.
func (s *set) count(hashes []uint64, enough int) int {
	s.round++
	n := 0
	for i, h := range hashes {
		if n+len(hashes)-i < enough {
			break
		}
		at := h & s.mask
		for s.table[at].hash != 0 && s.table[at].hash != h {
			at = (at + 1) & s.mask
		}
		if s.table[at].hash == h && s.table[at].round != s.round {
			s.table[at].round = s.round
			n++
		}
	}
	return n
}
