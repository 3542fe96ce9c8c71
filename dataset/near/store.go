// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package near

// chunk is how many texts' data are allocated at a time; a power of two.
const chunk = 1 << 12

// arenaSize is how many bytes of texts are allocated at a time.
const arenaSize = 1 << 20

// absent marks a text that a crowded bucket has not taken in.
const absent = ^uint32(0)

// store remembers distinct texts and finds those that share a key. A text's slot counts from 1. Nothing in it is moved as it
// grows, but the heads.
type store struct {
	tables int // keys of each text

	texts [][]byte
	info  [][]entry
	keys  [][]uint32 // tables for each slot
	next  [][]uint32 // the slot of the next text with the same head
	heads [][]uint32 // of each table: the latest slot
	slots int
}

// entry says where a text is.
type entry struct {
	start, end int
	arena      uint32
	shingles   uint32 // distinct ones
	id         uint32 // as callers count
	seen       uint32 // the last question in which it was looked at
}

func newStore(tables int) store {
	s := store{tables: tables, heads: make([][]uint32, tables)}
	for t := range s.heads {
		s.heads[t] = make([]uint32, chunk)
	}
	return s
}

func (s *store) entry(slot uint32) *entry {
	return &s.info[(slot-1)/chunk][(slot-1)%chunk]
}

func (s *store) text(slot uint32) []byte {
	e := s.entry(slot)
	return s.texts[e.arena][e.start:e.end]
}

func (s *store) key(slot uint32, table int) uint32 {
	return s.keys[(slot-1)/chunk][int((slot-1)%chunk)*s.tables+table]
}

func (s *store) link(slot uint32, table int) *uint32 {
	return &s.next[(slot-1)/chunk][int((slot-1)%chunk)*s.tables+table]
}

// first returns the latest slot that may have this key in this table; 0: none. More follow by link.
func (s *store) first(table int, key uint32) uint32 {
	heads := s.heads[table]
	return heads[key&uint32(len(heads)-1)]
}

// add remembers a text with its keys, but not in the tables where it is crowded out.
func (s *store) add(text []byte, shingles, id int, keys []uint32, crowded []bool) {
	if s.slots%chunk == 0 {
		s.info = append(s.info, make([]entry, chunk))
		s.keys = append(s.keys, make([]uint32, chunk*s.tables))
		s.next = append(s.next, make([]uint32, chunk*s.tables))
	}
	s.slots++
	slot := uint32(s.slots)
	*s.entry(slot) = s.keep(text)
	s.entry(slot).shingles, s.entry(slot).id = uint32(shingles), uint32(id)
	for t, key := range keys {
		s.keys[(slot-1)/chunk][int((slot-1)%chunk)*s.tables+t] = key
		if crowded[t] {
			*s.link(slot, t) = absent
		} else {
			s.put(slot, t, key)
		}
	}
	if s.slots == len(s.heads[0]) {
		s.grow()
	}
}

func (s *store) put(slot uint32, table int, key uint32) {
	heads := s.heads[table]
	head := &heads[key&uint32(len(heads)-1)]
	*s.link(slot, table), *head = *head, slot
}

// keep copies a text to an arena.
func (s *store) keep(text []byte) entry {
	last := len(s.texts) - 1
	if last < 0 || len(s.texts[last])+len(text) > cap(s.texts[last]) {
		s.texts = append(s.texts, make([]byte, 0, max(arenaSize, len(text))))
		last++
	}
	start := len(s.texts[last])
	s.texts[last] = append(s.texts[last], text...)
	return entry{arena: uint32(last), start: start, end: start + len(text)}
}

// grow doubles the heads.
func (s *store) grow() {
	for t := range s.heads {
		s.heads[t] = make([]uint32, 2*len(s.heads[t]))
		for slot := uint32(1); slot <= uint32(s.slots); slot++ {
			if *s.link(slot, t) != absent {
				s.put(slot, t, s.key(slot, t))
			}
		}
	}
}
