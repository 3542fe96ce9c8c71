// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package near

import "math/bits"

// sketcher makes sketches: bins such that two sets agree in each with a probability that is their Jaccard index, as
// independent of each other as if each were a hash function of its own.
type sketcher struct {
	bins  []uint32
	seeds []uint64 // of the rounds
}

func newSketcher(bins int, seed uint64) sketcher {
	s := sketcher{bins: make([]uint32, bins), seeds: make([]uint64, 2*bins)}
	for i := range s.seeds {
		s.seeds[i] = mix(seed + uint64(i+1)*0x9e3779b97f4a7c15)
	}
	return s
}

const empty = ^uint32(0)

// sketch returns the bins of a set that is not empty, until the next call. In each round each element falls into one bin,
// where the earliest round and then the least hash stays. The last rounds throw all elements into one bin each, so that
// none stays empty.
func (s *sketcher) sketch(list []uint64) []uint32 {
	for i := range s.bins {
		s.bins[i] = empty
	}
	n := uint64(len(s.bins))
	left := len(s.bins)
	for round, seed := range s.seeds {
		high := uint32(round) << 24
		for _, x := range list {
			hi, lo := bits.Mul64(x^seed, 0xa0761d6478bd642f)
			h := hi ^ lo
			bin := (h >> 32) * n >> 32
			if round >= len(s.bins) {
				bin = uint64(round - len(s.bins))
			}
			old := s.bins[bin]
			if v := high | uint32(h)>>8; v < old {
				s.bins[bin] = v
				if old == empty {
					left--
				}
			}
		}
		if left == 0 {
			break
		}
	}
	return s.bins
}

// keys folds each band of rows bins into a key.
func keys(dst []uint32, bins []uint32, rows int) {
	for b := range dst {
		h := uint64(b)
		for _, v := range bins[b*rows : (b+1)*rows] {
			h = (h ^ uint64(v)) * 0x9fb21c651e98df25
			h ^= h >> 32
		}
		dst[b] = uint32(h >> 16)
	}
}
