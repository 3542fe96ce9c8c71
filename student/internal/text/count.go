// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package text

// Counter counts in how many texts each n-gram occurs. The zero value is ready.
type Counter struct {
	Texts int
	Plain bool // count what a plain Vectoriser looks up

	grams Grams
	slots []slot
	used  int
}

type slot struct {
	hash  uint64
	texts uint32
	last  uint32 // the last text seen, counted from one; 0: the slot is free
}

// Add counts the n-grams of one more text, which may be given in pieces.
func (c *Counter) Add(pieces ...string) {
	c.Texts++
	c.grams.Plain = c.Plain
	c.grams.Scan(pieces...)
	for _, h := range c.grams.Word {
		c.add(h)
	}
	for _, h := range c.grams.Char {
		c.add(h)
	}
}

func (c *Counter) add(h uint64) {
	if 2*c.used >= len(c.slots) {
		c.grow()
	}
	s := c.locate(h)
	if s.last == 0 {
		s.hash = h
		c.used++
	}
	if s.last != uint32(c.Texts) {
		s.last = uint32(c.Texts)
		s.texts++
	}
}

func (c *Counter) locate(h uint64) *slot {
	mask := uint64(len(c.slots) - 1)
	for i := h & mask; ; i = (i + 1) & mask {
		if s := &c.slots[i]; s.last == 0 || s.hash == h {
			return s
		}
	}
}

func (c *Counter) grow() {
	old := c.slots
	c.slots = make([]slot, max(1<<16, 2*len(old)))
	for _, s := range old {
		if s.last != 0 {
			*c.locate(s.hash) = s
		}
	}
}

// Common returns the n-grams found in at least least texts, in no useful order.
func (c *Counter) Common(least int) []uint64 {
	var hashes []uint64
	for _, s := range c.slots {
		if s.last != 0 && int(s.texts) >= least {
			hashes = append(hashes, s.hash)
		}
	}
	return hashes
}

// Count returns in how many texts the n-gram with hash h was found.
func (c *Counter) Count(h uint64) int {
	if len(c.slots) == 0 {
		return 0
	}
	return int(c.locate(h).texts)
}
