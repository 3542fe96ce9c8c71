// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package text

// Find returns the number of an n-gram by its hash, or Len for one that the dictionary does not have.
func (d *Dictionary) Find(hash uint64) uint32 {
	b := hash >> 1 >> (uint(63-d.width()) & 63)
	return d.find(d.Starts[b], d.Starts[b+1]-d.Starts[b], uint32(hash))
}

// AppendKnown appends the numbers of those of the n-grams that the dictionary has to dst.
func (d *Dictionary) AppendKnown(dst []uint32, hashes []uint64) []uint32 {
	var found [batch]uint32
	none := uint32(d.Len())
	for len(hashes) > 0 {
		n := d.findAll(&found, hashes)
		hashes = hashes[n:]
		for _, f := range found[:n] {
			if f != none {
				dst = append(dst, f)
			}
		}
	}
	return dst
}

// AddHashes counts a text that has the n-grams with these hashes.
func (c *Counter) AddHashes(hashes []uint64) {
	c.Texts++
	for _, h := range hashes {
		c.add(h)
	}
}
