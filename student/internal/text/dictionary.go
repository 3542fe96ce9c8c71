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
// Starts[b] to Starts[b+1]; Marks has the lower half of each hash. Two n-grams that agree in the topmost bits but one and
// in the lower half are taken for one, which happens to about one unknown n-gram in five hundred million.
type Dictionary struct {
	Starts []uint32 // a power of two of buckets, plus one
	Marks  []uint32 // one per n-gram

	cells []cell // what both say, for look-ups, and one behind the last; see Prepare
}

// cell holds two buckets, or the only one, in half a line of a processor's cache, so that most look-ups wait for memory
// once: the first number shifted left by sizeBits, plus how many there are, and the first marks.
type cell [1 + roomy]uint32

const (
	roomy    = 7 // n-grams that a cell has room for; of a hundred two to five have more
	sizeBits = 4
	crowded  = 1<<sizeBits - 1 // the size of a cell with more; their marks are in Marks alone
)

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
	d.fill()
	return d
}

// Prepare checks that d, which may come from outside, can be looked up safely, and makes it ready for that.
func (d *Dictionary) Prepare() error {
	if err := d.check(); err != nil {
		return err
	}
	d.fill()
	return nil
}

func (d *Dictionary) check() error {
	buckets := len(d.Starts) - 1
	if buckets < 1 || buckets&(buckets-1) != 0 {
		return fmt.Errorf("dictionary has %d buckets, want a power of two", buckets)
	}
	if len(d.Marks) >= 1<<(32-sizeBits) {
		return fmt.Errorf("dictionary has %d n-grams, at most %d", len(d.Marks), 1<<(32-sizeBits)-1)
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

// fill makes the cells.
func (d *Dictionary) fill() {
	last := len(d.Starts) - 1
	each := min(2, last)
	d.cells = make([]cell, last/each+1)
	for i := range last / each {
		from, to := d.Starts[i*each], d.Starts[(i+1)*each]
		size := to - from
		if size > roomy {
			size = crowded
		}
		d.cells[i][0] = from<<sizeBits | size
		copy(d.cells[i][1:], d.Marks[from:to])
	}
	d.cells[last/each][0] = uint32(len(d.Marks)) << sizeBits
}

// Len is the number of n-grams.
func (d *Dictionary) Len() int { return len(d.Marks) }

// width is how many bits of a hash say its cell.
func (d *Dictionary) width() int { return bits.Len(uint(len(d.cells)-1)) - 1 }

// batch is how many n-grams are looked up together: enough that what is prefetched for the last is on its way while the
// first are read, few enough that it stays near. Places in a batch are bytes.
const batch = 256

// findAll looks up the first hashes, at most batch, puts the number of each n-gram into found, or Len for one that the
// dictionary does not have, and returns how many it looked up.
//
// A look-up waits for memory, in a server that does other things between two texts nearly always; prefetching the cells
// of all lets more of these waits overlap than a processor looks ahead. The loops have no branches that depend on the
// n-grams: which are known, and where in their cells, is as good as random, so that a processor would guess wrong and throw
// away what it has begun.
func (d *Dictionary) findAll(found *[batch]uint32, hashes []uint64) int {
	n := min(len(hashes), batch)
	hashes = hashes[:n]
	cells, shift := d.cells, uint(63-d.width())&63
	for j, h := range hashes {
		found[j] = uint32(h >> 1 >> shift)
	}
	kernel.Prefetch(cells, 1, found[:n])
	none := uint32(len(d.Marks))
	var far [batch]uint8 // those that may be the rest of a crowded cell
	fars := 0
	for j, h := range hashes {
		c, mark := &cells[found[j]], uint32(h)
		at := uint32(roomy)
		if c[7] == mark {
			at = 6
		}
		if c[6] == mark {
			at = 5
		}
		if c[5] == mark {
			at = 4
		}
		if c[4] == mark {
			at = 3
		}
		if c[3] == mark {
			at = 2
		}
		if c[2] == mark {
			at = 1
		}
		if c[1] == mark {
			at = 0
		}
		size := c[0] & crowded
		number := c[0]>>sizeBits + at
		if at >= min(size, roomy) { // no mark is there
			number = none
		}
		far[fars&(batch-1)] = uint8(j)
		if size-at == crowded-roomy {
			fars++
		}
		found[j] = number
	}
	for _, j := range far[:fars] {
		found[j] = d.findFar(hashes[j]>>1>>shift, uint32(hashes[j]))
	}
	return n
}

// findFar looks for a mark among those of a crowded cell for which it has no room.
func (d *Dictionary) findFar(cell uint64, mark uint32) uint32 {
	from, to := d.cells[cell][0]>>sizeBits+roomy, d.cells[cell+1][0]>>sizeBits
	for i, m := range d.Marks[from:to] {
		if m == mark {
			return from + uint32(i)
		}
	}
	return uint32(len(d.Marks))
}
