// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package recall

import (
	"hash/maphash"
	"math"
	"math/bits"
	"sync"
	"time"
)

// Most is the largest number of texts that a Memory can hold.
const Most = 100_000

// Options of a Memory; the zero value is ready to use.
type Options struct {
	Max int           // texts remembered, up to Most; the oldest make room; 0: 10,000
	TTL time.Duration // how long a text is remembered; 0: for good
	Now func() time.Time
}

// Memory remembers texts with their labels. It keeps no text, only hashes of its n-grams: about 2 kB for a text of
// twelve words and 9 kB at most, and 24 bytes for each of the lists of its index, of which it has 16 for each text that
// fits, and a million at most. It is safe for concurrent use.
type Memory struct {
	options Options
	seed    maphash.Seed
	shift   int // hashes are shifted right by it to give the number of a list
	pool    sync.Pool

	mu      sync.RWMutex
	entries []entry // a ring
	oldest  int     // place of the oldest entry
	used    int     // places in use, the forgotten ones included
	live    int
	next    int        // place of the entry rescaled last
	lists   [][]uint32 // by n-gram: the places that have it, the oldest first
	logs    []float32  // by n-gram: ln(1 + len(list))
	places  map[uint64]uint32
	labels  []label // by number
	numbers map[string]int32
	unused  []int32 // numbers that no live entry has
}

// label is a label with how many live entries have it.
type label struct {
	text string
	used int
}

// entry is a text that is remembered.
type entry struct {
	key   uint64 // hash of the text
	label int32  // number of its label; forgotten: none
	at    int64  // Unix nanoseconds
	grams grams

	scales [2]float32 // what gives the vectors of the blocks length 1, with the rarities of not long ago
}

const forgotten = -1

// New returns an empty Memory.
func New(o Options) *Memory {
	if o.Max <= 0 {
		o.Max = 10_000
	}
	o.Max = min(o.Max, Most)
	if o.Now == nil {
		o.Now = time.Now
	}
	const listsPerText, mostBits = 16, 20
	width := min(bits.Len(uint(o.Max*listsPerText-1)), mostBits)
	m := &Memory{options: o, seed: maphash.MakeSeed(), shift: 64 - width,
		lists: make([][]uint32, 1<<width), logs: make([]float32, 1<<width),
		places: map[uint64]uint32{}, numbers: map[string]int32{}}
	m.pool.New = func() any { return &scratch{weights: make([]float32, len(m.lists))} }
	return m
}

// Len returns how many texts are remembered.
func (m *Memory) Len() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.expire()
	return m.live
}

// Keep remembers a text with its label; what was remembered of the same text is replaced.
func (m *Memory) Keep(text, label string) {
	s := m.pool.Get().(*scratch)
	defer m.pool.Put(s)
	own := s.read(text, m.shift).clone()
	key := maphash.String(m.seed, text)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.expire()
	m.drop(key)
	if m.used == m.options.Max {
		m.pop()
	}
	m.push(entry{key: key, label: m.number(label), at: m.options.Now().UnixNano(), grams: own})
}

// Forget forgets a text, and of the others that speak for a wrong label the one most like it. It returns how many.
func (m *Memory) Forget(text, wrong string) int {
	near := m.nearest(text)
	m.mu.Lock()
	defer m.mu.Unlock()
	before := m.live
	m.drop(maphash.String(m.seed, text))
	for _, n := range near {
		if n.label == wrong {
			m.drop(n.key)
			break
		}
	}
	return before - m.live
}

// number counts one more entry with a label and returns the label's number.
func (m *Memory) number(text string) int32 {
	number, known := m.numbers[text]
	if !known {
		if last := len(m.unused) - 1; last >= 0 {
			number, m.unused = m.unused[last], m.unused[:last]
		} else {
			number = int32(len(m.labels))
			m.labels = append(m.labels, label{})
		}
		m.labels[number].text = text
		m.numbers[text] = number
	}
	m.labels[number].used++
	return number
}

// release takes an entry's label off it, and forgets the label when no other entry has it.
func (m *Memory) release(e *entry) {
	l := &m.labels[e.label]
	if l.used--; l.used == 0 {
		delete(m.numbers, l.text)
		l.text = ""
		m.unused = append(m.unused, e.label)
	}
	e.label = forgotten
	delete(m.places, e.key)
	m.live--
}

// push puts an entry at the end of the ring, which has room.
func (m *Memory) push(e entry) {
	place := (m.oldest + m.used) % m.options.Max
	if place == len(m.entries) {
		m.entries = append(m.entries, e)
	} else {
		m.entries[place] = e
	}
	m.places[e.key] = uint32(place)
	m.used++
	m.live++
	for _, block := range e.grams {
		for _, g := range block {
			list := append(m.lists[g.number()], uint32(place))
			m.lists[g.number()] = list
			m.logs[g.number()] = float32(math.Log(float64(1 + len(list))))
		}
	}
	for b, block := range e.grams {
		m.entries[place].scales[b] = m.scale(block, m.rare())
	}
	m.rescale()
}

// pop takes the oldest entry off the ring, and off the head of each of its lists.
func (m *Memory) pop() {
	e := &m.entries[m.oldest]
	for _, block := range e.grams {
		for _, g := range block {
			list := m.lists[g.number()][1:]
			if len(list) == 0 {
				list = nil
			}
			m.lists[g.number()] = list
			m.logs[g.number()] = float32(math.Log(float64(1 + len(list))))
		}
	}
	if e.label != forgotten {
		m.release(e)
	}
	*e = entry{label: forgotten}
	m.oldest = (m.oldest + 1) % m.options.Max
	m.used--
}

// drop forgets a text at once. Its place is taken off the lists when it has become the oldest.
func (m *Memory) drop(key uint64) {
	if place, known := m.places[key]; known {
		m.release(&m.entries[place])
	}
}

// expire pops what is too old.
func (m *Memory) expire() {
	since := m.since()
	for m.used > 0 && (m.entries[m.oldest].at < since || m.entries[m.oldest].label == forgotten) {
		m.pop()
	}
}

// since is when the oldest text that still counts was kept.
func (m *Memory) since() int64 {
	if m.options.TTL <= 0 {
		return math.MinInt64
	}
	return m.options.Now().Add(-m.options.TTL).UnixNano()
}
