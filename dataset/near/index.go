// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package near

import (
	"bytes"
	"cmp"
	"slices"
)

// Match is an earlier text that is near.
type Match struct {
	ID      int     // its number: texts count from 0 in the order in which they were added
	Jaccard float64 // of the two sets of shingles
}

// Stats counts what an Index has done.
type Stats struct {
	Texts    int // added
	Distinct int // of them, such that no two are the same to a reader
	Compared int // pairs that shared a key and were compared
	Crowded  int // times that a bucket was too crowded to remember a text, which may have cost recall
}

// Index remembers texts and finds those near a new one. It is not safe for concurrent use. It holds each distinct text, and 12
// bytes for each band (16 bands at the default Options) beside 24 bytes or so. Adding a text allocates nothing of its own.
type Index struct {
	options Options
	rows    int
	shingler
	sketcher
	store

	stats Stats

	// of the text at hand
	text      []byte
	shingles  []uint64
	other     []uint64
	set       set
	bandKeys  []uint32 // and the key of the whole text
	crowded   []bool
	questions uint32
	matches   []Match

	// skip, where set, says that a text need not be compared; found is told of each that is near.
	skip  func(id int) bool
	found func(id int, jaccard float64)
}

// New returns an Index without texts. An error names the option out of range.
func New(o Options) (*Index, error) {
	o, err := o.complete()
	if err != nil {
		return nil, err
	}
	bands, rows := o.layout()
	x := &Index{options: o, rows: rows, shingler: newShingler(o), sketcher: newSketcher(bands*rows, o.Seed),
		store: newStore(bands + 1), bandKeys: make([]uint32, bands+1), crowded: make([]bool, bands+1)}
	x.found = func(id int, jaccard float64) { x.matches = append(x.matches, Match{id, jaccard}) }
	return x, nil
}

// Len returns how many texts were added.
func (x *Index) Len() int { return x.stats.Texts }

// Stats returns what has been done so far.
func (x *Index) Stats() Stats { return x.stats }

// Add remembers a text and returns the earlier ones near it, by number; of earlier texts that are the same to a reader, the
// first alone. The matches are valid until the next call.
func (x *Index) Add(text string) []Match {
	same := x.look(text)
	x.keep(same)
	return x.matches
}

// Find returns what Add would, without remembering the text.
func (x *Index) Find(text string) []Match {
	x.look(text)
	return x.matches
}

// AddNew remembers a text if no earlier one is near, and returns whether it did. Otherwise it returns the nearest of them,
// of equally near ones the first.
func (x *Index) AddNew(text string) (nearest Match, added bool) {
	same := x.look(text)
	if len(x.matches) == 0 {
		x.keep(same)
		return Match{}, true
	}
	return slices.MaxFunc(x.matches, func(a, b Match) int { return cmp.Compare(a.Jaccard, b.Jaccard) }), false
}

// keep adds the text at hand, which same says is known already.
func (x *Index) keep(same bool) {
	if !same {
		for _, c := range x.crowded {
			if c {
				x.stats.Crowded++
			}
		}
		x.add(x.text, len(x.set.list), x.stats.Texts, x.bandKeys, x.crowded)
		x.stats.Distinct++
	}
	x.stats.Texts++
}

// look finds what is near a text, and returns whether the very same is among it.
func (x *Index) look(text string) (same bool) {
	x.text = canonical(x.text[:0], text)
	x.shingles = x.shingler.hashes(x.shingles[:0], x.text)
	x.set.fill(x.shingles)
	keys(x.bandKeys[:x.tables-1], x.sketch(x.set.list), x.rows)
	x.bandKeys[x.tables-1] = sum(x.text)
	x.matches = x.matches[:0]
	x.ask()
	twin := x.twin()
	if twin != 0 {
		x.entry(twin).seen = x.questions
		x.found(int(x.entry(twin).id), 1)
	}
	for band, key := range x.bandKeys[:x.tables-1] {
		x.crowded[band] = x.inBand(band, key) >= x.options.Crowd
	}
	slices.SortFunc(x.matches, func(a, b Match) int { return cmp.Compare(a.ID, b.ID) })
	return twin != 0
}

// ask starts a new question.
func (x *Index) ask() {
	if x.questions++; x.questions == 0 { // after four billion: the marks start anew
		for _, c := range x.info {
			for i := range c {
				c[i].seen = 0
			}
		}
		x.questions = 1
	}
}

// twin returns the slot of the text at hand; 0: it is new.
func (x *Index) twin() uint32 {
	last := x.tables - 1
	key := x.bandKeys[last]
	for slot := x.first(last, key); slot != 0; slot = *x.link(slot, last) {
		if x.key(slot, last) == key && bytes.Equal(x.store.text(slot), x.text) {
			return slot
		}
	}
	return 0
}

// inBand compares the texts that share a band's key, and returns how many there are.
func (x *Index) inBand(band int, key uint32) (n int) {
	for slot := x.first(band, key); slot != 0; slot = *x.link(slot, band) {
		if x.key(slot, band) != key {
			continue
		}
		n++
		e := x.entry(slot)
		if e.seen == x.questions {
			continue
		}
		e.seen = x.questions
		if x.skip == nil || !x.skip(int(e.id)) {
			x.compare(slot)
		}
	}
	return n
}

// compare reports a text that is near.
func (x *Index) compare(slot uint32) {
	e := x.entry(slot)
	mine, its := len(x.set.list), int(e.shingles)
	if float64(min(mine, its)) < x.options.Jaccard*float64(max(mine, its)) {
		return
	}
	x.stats.Compared++
	x.other = x.shingler.hashes(x.other[:0], x.store.text(slot))
	least := x.options.Jaccard / (1 + x.options.Jaccard) * float64(mine+its)
	shared := x.set.count(x.other, int(least))
	if j := float64(shared) / float64(mine+its-shared); j >= x.options.Jaccard {
		x.found(int(e.id), j)
	}
}

func sum(text []byte) uint32 {
	h := uint64(len(text))
	for _, c := range text {
		h = (h ^ uint64(c)) * 0x100000001b3
	}
	return uint32(mix(h))
}
