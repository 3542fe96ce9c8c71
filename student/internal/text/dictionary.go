// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package text

import (
	"fmt"
	"math/bits"
	"slices"

	"retort/student/internal/kernel"
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

// batch is how many n-grams are looked up together: enough that what is prefetched for the last is on its way while the
// first are read, few enough that it stays near. Places in a batch are bytes.
const batch = 256

// atOnce is how many marks of a bucket are compared at once. Few buckets have more.
const atOnce = 4

// findAll looks up the first hashes, at most batch, puts the number of each n-gram into found, or Len for one that the
// dictionary does not have, and returns how many it looked up.
//
// A look-up alone would wait for memory twice, first for the bucket and then for its marks; doing first the one for all
// and then the other lets the waits overlap, and prefetching lets more of them overlap than a processor looks ahead: in
// a server that does other things between two texts nearly every one is a wait. The loops have no branches that depend on the n-grams: which are known, and
// where in their buckets, is as good as random, so that a processor would guess wrong and throw away what it has begun.
func (d *Dictionary) findAll(found *[batch]uint32, hashes []uint64) int {
	n := min(len(hashes), batch)
	hashes = hashes[:n]
	var sizes [batch]uint32
	starts, shift := d.Starts, uint(63-d.width())&63
	for j, h := range hashes {
		found[j] = uint32(h >> 1 >> shift)
	}
	kernel.Prefetch(starts, 1, found[:n])
	for j, b := range found[:n] {
		found[j] = starts[b]
		sizes[j] = starts[b+1] - starts[b]
	}
	kernel.Prefetch(d.Marks, 1, found[:n])
	marks, none := d.Marks, uint32(len(d.Marks))
	if len(marks) < atOnce {
		for j, h := range hashes {
			found[j] = d.find(found[j], sizes[j], uint32(h))
		}
		return n
	}
	last := none - atOnce
	var large [batch]uint8 // those in buckets of more than atOnce
	larges := 0
	for j, h := range hashes {
		from, size, mark := found[j], sizes[j], uint32(h)
		first := min(from, last)
		some := (*[atOnce]uint32)(marks[first:])
		at := none
		if some[3] == mark {
			at = first + 3
		}
		if some[2] == mark {
			at = first + 2
		}
		if some[1] == mark {
			at = first + 1
		}
		if some[0] == mark {
			at = first
		}
		if at-from >= size { // it is in another bucket
			at = none
		}
		large[larges&(batch-1)] = uint8(j)
		if size > atOnce {
			larges++
			at = from
		}
		found[j] = at
	}
	for _, j := range large[:larges] {
		found[j] = d.find(found[j], sizes[j], uint32(hashes[j]))
	}
	return n
}

// find looks for a mark among size n-grams.
func (d *Dictionary) find(from, size, mark uint32) uint32 {
	for i, m := range d.Marks[from : from+size] {
		if m == mark {
			return from + uint32(i)
		}
	}
	return uint32(len(d.Marks))
}
