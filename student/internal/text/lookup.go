// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package text

// Find returns the number of an n-gram by its hash, or Len for one that the dictionary does not have.
func (d *Dictionary) Find(hash uint64) uint32 {
	at, mark := hash>>1>>(uint(63-d.width())&63), uint32(hash)
	c := &d.cells[at]
	size := c[0] & crowded
	for k := range min(size, roomy) {
		if c[1+k] == mark {
			return c[0]>>sizeBits + k
		}
	}
	if size == crowded {
		return d.findFar(at, mark)
	}
	return uint32(d.Len())
}

// AppendNumbers appends the number of each n-gram, as Find returns it, to dst. Looking up many at once is faster.
func (d *Dictionary) AppendNumbers(dst []uint32, hashes []uint64) []uint32 {
	var found [batch]uint32
	for len(hashes) > 0 {
		n := d.findAll(&found, hashes)
		hashes = hashes[n:]
		dst = append(dst, found[:n]...)
	}
	return dst
}

// Known moves the numbers of n-grams that the dictionary has to the front, in their order, and returns these.
func (d *Dictionary) Known(numbers []uint32) []uint32 {
	none, n := uint32(d.Len()), 0
	for _, f := range numbers {
		numbers[n] = f
		if f != none {
			n++
		}
	}
	return numbers[:n]
}

// AddHashes counts a text that has the n-grams with these hashes.
func (c *Counter) AddHashes(hashes []uint64) {
	c.Texts++
	for _, h := range hashes {
		c.add(h)
	}
}
