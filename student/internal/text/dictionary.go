// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package text

import (
	"fmt"
	"math/bits"
	"slices"
)

// Dictionary numbers the n-grams that a student knows. Its two arrays are stored in the student's file as they are.
//
// The n-grams are sorted by hash and numbered in that order. Bucket b holds those whose topmost bits are b: numbers
// Starts[b] to Starts[b+1]; Marks has the lower half of each hash. Two n-grams that agree in the topmost bits and
// in the lower half are taken for one, which happens to about one unknown n-gram in a thousand million.
type Dictionary struct {
	Starts []uint32 // a power of two of buckets, plus one
	Marks  []uint32 // one per n-gram
}

// NewDictionary numbers the n-grams with the given hashes, which it sorts. Equal hashes must occur once.
func NewDictionary(hashes []uint64) Dictionary {
	slices.Sort(hashes)
	width := bits.Len(uint(len(hashes) / 2))
	d := Dictionary{Starts: make([]uint32, 1<<width+1), Marks: make([]uint32, len(hashes))}
	for i, h := range hashes {
		d.Marks[i] = uint32(h)
		d.Starts[h>>1>>(63-width)+1]++
	}
	for b := range 1 << width {
		d.Starts[b+1] += d.Starts[b]
	}
	return d
}

// Check reports whether d, which may come from outside, can be looked up safely.
func (d Dictionary) Check() error {
	buckets := len(d.Starts) - 1
	if buckets < 1 || buckets&(buckets-1) != 0 {
		return fmt.Errorf("dictionary has %d buckets, want a power of two", buckets)
	}
	for b := range buckets {
		if d.Starts[b] > d.Starts[b+1] {
			return fmt.Errorf("dictionary bucket %d ends before it starts", b)
		}
	}
	if d.Starts[0] != 0 || int64(d.Starts[buckets]) != int64(len(d.Marks)) {
		return fmt.Errorf("dictionary buckets cover %d to %d of %d n-grams", d.Starts[0], d.Starts[buckets], len(d.Marks))
	}
	return nil
}

// Len is the number of n-grams.
func (d Dictionary) Len() int { return len(d.Marks) }

func (d Dictionary) width() int { return bits.Len(uint(len(d.Starts)-1)) - 1 }

// batch is how many n-grams are looked up together.
const batch = 64

// none is the number of an n-gram that the dictionary does not have.
const none = ^uint32(0)

// findAll looks up the first hashes, at most batch, puts the number of each n-gram or none into found, and returns how
// many it looked up. A look-up alone would wait for memory twice, first for the bucket and then for its marks; doing
// first the one for all and then the other lets the waits overlap.
func (d Dictionary) findAll(found *[batch]uint32, hashes []uint64) int {
	n := min(len(hashes), batch)
	shift := 63 - d.width()
	var next [batch]uint32
	for j, h := range hashes[:n] {
		b := h >> 1 >> shift
		found[j], next[j] = d.Starts[b], d.Starts[b+1]
	}
	for j, h := range hashes[:n] {
		mark, at := uint32(h), none
		for i := found[j]; i < next[j]; i++ {
			if d.Marks[i] == mark {
				at = i
			}
		}
		found[j] = at
	}
	return n
}
