// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package active

import (
	"slices"

	"retort/dataset"
)

// standing is what is known of an input.
type standing uint8

const (
	open   standing = iota // not asked
	fair                   // labelled, part of the random sample
	picked                 // labelled, trains only
	gone                   // asked in vain
)

// pool is inputs with what is known of them.
type pool struct {
	texts    []string
	labels   []dataset.Example // by text; those of fair and picked ones
	stand    []standing
	reserved []bool         // open, and to be drawn: not picked
	order    []int          // in which texts are drawn
	places   map[string]int // of each canonical text
}

// newPool gathers labelled examples and inputs, each canonical text once. Of several labels the first that is fair counts.
func newPool(inputs []string, known []dataset.Example, seed uint64) *pool {
	p := &pool{places: make(map[string]int, len(inputs)+len(known))}
	for i := range known {
		at, isNew := p.place(known[i].Text)
		switch {
		case !known[i].Hard && (isNew || p.stand[at] == picked):
			p.labels[at], p.stand[at] = known[i], fair
		case isNew:
			p.labels[at], p.stand[at] = known[i], picked
		}
	}
	for _, t := range inputs {
		p.place(t)
	}
	p.order = order(p.texts, seed)
	p.reserved = make([]bool, len(p.texts))
	return p
}

// place returns the number of a text, which it adds where it is new.
func (p *pool) place(text string) (at int, isNew bool) {
	key := dataset.Canonical(text)
	at, known := p.places[key]
	if !known {
		at = len(p.texts)
		p.places[key] = at
		p.texts, p.labels, p.stand = append(p.texts, text), append(p.labels, dataset.Example{}), append(p.stand, open)
	}
	return at, !known
}

func (p *pool) count(s standing) int {
	n := 0
	for _, x := range p.stand {
		if x == s {
			n++
		}
	}
	return n
}

func (p *pool) labelled() int { return p.count(fair) + p.count(picked) }

// plan prepares for n further labels. Fair examples beyond what is planned, at most n of them, train only from now on, so
// that they may say what is picked. Inputs that are to be drawn are not picked. What was picked before and would be drawn
// becomes fair, without which the sample would lack what is hard.
func (p *pool) plan(n int) {
	total := p.labelled() + n
	want := Fair(total)
	p.demote(min(p.count(fair)-want, n))
	have := p.count(fair)
	for _, i := range p.order {
		if have >= want {
			return
		}
		switch p.stand[i] {
		case open:
			p.reserved[i] = true
			have++
		case picked:
			p.stand[i] = fair
			have++
		}
	}
}

// demote makes n fair examples, those drawn last, train only.
func (p *pool) demote(n int) {
	for _, i := range slices.Backward(p.order) {
		if n > 0 && p.stand[i] == fair {
			p.stand[i] = picked
			n--
		}
	}
}

// draw returns the open inputs that would make the fair part one of n examples, in order.
func (p *pool) draw(n int) []int {
	have := p.count(fair)
	var asked []int
	for _, i := range p.order {
		if have+len(asked) >= n {
			break
		}
		if p.stand[i] == open {
			asked = append(asked, i)
		}
	}
	return asked
}

// most bounds how many inputs are looked at to pick from.
const most = 50_000

// candidates returns the inputs that may be picked, at most limit.
func (p *pool) candidates(limit int) (places []int, texts []string) {
	for _, i := range p.order {
		if p.stand[i] == open && !p.reserved[i] && len(places) < limit {
			places, texts = append(places, i), append(texts, p.texts[i])
		}
	}
	return places, texts
}

// examples returns the labelled examples of a standing in the order of drawing, marked Hard where they train only.
func (p *pool) examples(s standing) []dataset.Example {
	var out []dataset.Example
	for _, i := range p.order {
		if p.stand[i] == s {
			e := p.labels[i]
			e.Hard = s == picked
			out = append(out, e)
		}
	}
	return out
}
