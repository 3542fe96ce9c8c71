// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package dataset

import "hash/fnv"

// Split divides examples into a part that holds about the given share of the texts and the rest, each in the order given.
// Where an example goes depends on the seed and its canonical text alone: equal texts stay together, and adding examples
// moves none. A greater share only adds to the part. A share of 0 or less gives an empty part, 1 or more everything.
func Split(examples []Example, share float64, seed uint64) (part, rest []Example) {
	for _, ex := range examples {
		if Draw(ex.Text, seed) < share {
			part = append(part, ex)
		} else {
			rest = append(rest, ex)
		}
	}
	return part, rest
}

// Draw returns a number in [0, 1) that depends on the seed and the canonical text alone, as if drawn at random.
func Draw(text string, seed uint64) float64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(Canonical(text))) // a hash cannot fail
	return float64(mix(h.Sum64()^mix(seed))>>11) / (1 << 53)
}

// mix spreads the bits of x over all others: the finalizer of Steele, Lea and Flood's SplitMix64 (2014).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
