// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package recall

import (
	"cmp"
	"hash/maphash"
	"math"
	"slices"
)

const (
	// budget is how many places of lists a look-up visits, however many texts are remembered. The lists of rare n-grams
	// come first.
	budget = 16_000
	// compared is how many candidates are compared in full, and voters how many of them vote.
	compared = 32
	voters   = 16
	// steep is the power of its likeness with which a text votes.
	steep = 6
)

// Recollection is what a Memory says of a text.
type Recollection struct {
	Label string
	// Score is in [0, 1]: how much speaks for the label. 0 when nothing does; Label is empty then.
	Score float64
}

// neighbour is a text that is remembered and like the one asked about.
type neighbour struct {
	key      uint64
	label    string
	likeness float64
}

// candidate is a place that may hold a near text.
type candidate struct {
	place uint32
	sum   float32
}

// Recall says what label a text would have.
func (m *Memory) Recall(text string) Recollection {
	near := m.nearest(text)
	if len(near) == 0 {
		return Recollection{}
	}
	if near[0].key == maphash.String(m.seed, text) {
		return Recollection{Label: near[0].label, Score: 1}
	}
	votes := make(map[string]float64, len(near))
	var all float64
	best := near[0].label
	for _, n := range near {
		vote := math.Pow(n.likeness, steep)
		votes[n.label] += vote
		all += vote
	}
	for _, n := range near { // in order, so that of equal ones the nearer wins
		if votes[n.label] > votes[best] {
			best = n.label
		}
	}
	if all == 0 {
		return Recollection{}
	}
	return Recollection{Label: best, Score: min(1, math.Sqrt(near[0].likeness)*votes[best]/all)}
}

// nearest returns the texts that vote, the nearest first; the text itself, where it is remembered, before all others.
func (m *Memory) nearest(text string) []neighbour {
	s := m.pool.Get().(*scratch)
	defer m.pool.Put(s)
	asked := s.read(text, m.shift)
	key := maphash.String(m.seed, text)
	m.mu.RLock()
	defer m.mu.RUnlock()
	since := m.since()
	for _, c := range m.candidates(s, asked, m.rare(), since) {
		e := &m.entries[c.place]
		s.best = append(s.best, candidate{c.place, s.likeness(e)})
	}
	for _, block := range asked {
		for _, g := range block {
			s.weights[g.number()] = 0
		}
	}
	slices.SortFunc(s.best, func(a, b candidate) int { return cmp.Or(cmp.Compare(b.sum, a.sum), cmp.Compare(a.place, b.place)) })
	near := make([]neighbour, 0, voters+1)
	if place, known := m.places[key]; known && m.entries[place].at >= since {
		near = append(near, neighbour{key, m.labels[m.entries[place].label].text, 1})
	}
	for _, c := range s.best {
		if e := &m.entries[c.place]; len(near) < voters && e.key != key && c.sum > 0 {
			near = append(near, neighbour{e.key, m.labels[e.label].text, min(1, float64(c.sum))})
		}
	}
	return near
}

// candidates weighs the n-grams of a text into s.weights, each with its rarity twice: once for the text itself and once
// for the one that it will be compared with. It returns the places that share the most of the rare ones. It
// leaves s.best empty.
func (m *Memory) candidates(s *scratch, asked grams, rare float32, since int64) []candidate {
	s.order = s.order[:0]
	for _, block := range asked {
		scale := m.scale(block, rare)
		for _, g := range block {
			rarity := rare - m.logs[g.number()]
			s.weights[g.number()] = scale * dampened[g.times()] * rarity * rarity
			if n := len(m.lists[g.number()]); n > 0 {
				s.order = append(s.order, uint64(n)<<32|uint64(g))
			}
		}
	}
	slices.Sort(s.order)
	s.sums = slices.Grow(s.sums[:0], len(m.entries))[:len(m.entries)]
	clear(s.sums)
	left := budget
	for _, next := range s.order {
		number := gram(next).number()
		list := m.lists[number]
		if len(list) > left {
			break
		}
		left -= len(list)
		w := s.weights[number]
		for _, place := range list {
			s.sums[place] += w
		}
	}
	return m.top(s, since)
}

// top returns the live places of the highest sums, in no order.
func (m *Memory) top(s *scratch, since int64) []candidate {
	heap := make([]candidate, 0, compared) // the lowest sum first
	for place, sum := range s.sums {
		if sum <= 0 || len(heap) == compared && sum <= heap[0].sum {
			continue
		}
		if e := &m.entries[place]; e.label == forgotten || e.at < since {
			continue
		}
		c := candidate{uint32(place), sum}
		if len(heap) < compared {
			heap = append(heap, c)
			if len(heap) == compared {
				slices.SortFunc(heap, func(a, b candidate) int { return cmp.Compare(a.sum, b.sum) })
			}
			continue
		}
		heap[0] = c
		sink(heap)
	}
	s.best = s.best[:0]
	return heap
}

// sink puts the first element of a heap where it belongs.
func sink(heap []candidate) {
	for i := 0; ; {
		child := 2*i + 1
		if child >= len(heap) {
			return
		}
		if child+1 < len(heap) && heap[child+1].sum < heap[child].sum {
			child++
		}
		if heap[i].sum <= heap[child].sum {
			return
		}
		heap[i], heap[child] = heap[child], heap[i]
		i = child
	}
}

// likeness is the mean of the cosines of an entry's two blocks with those of the text in s.weights.
func (s *scratch) likeness(e *entry) float32 {
	var sum float32
	for b, block := range e.grams {
		var dot float32
		for _, g := range block {
			dot += dampened[g.times()] * s.weights[g.number()]
		}
		sum += dot * e.scales[b]
	}
	return sum / float32(len(e.grams))
}

// scale is what gives the vector of a block length 1.
func (m *Memory) scale(block []gram, rare float32) float32 {
	var square float32
	for _, g := range block {
		w := dampened[g.times()] * (rare - m.logs[g.number()])
		square += w * w
	}
	if square == 0 {
		return 0
	}
	return 1 / float32(math.Sqrt(float64(square)))
}

// rare is the rarity of an n-gram that no text has.
func (m *Memory) rare() float32 { return float32(1 + math.Log(float64(1+m.used))) }

// rescale brings the scales of some entries up to date, the next ones each time, so that those of all are at most an
// eighth of the texts old.
func (m *Memory) rescale() {
	const some = 8
	rare := m.rare()
	for range min(some, len(m.entries)) {
		m.next = (m.next + 1) % len(m.entries)
		e := &m.entries[m.next]
		for b, block := range e.grams {
			e.scales[b] = m.scale(block, rare)
		}
	}
}
