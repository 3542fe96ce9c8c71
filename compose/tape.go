// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package compose

import (
	"sync"

	"retort/model"
)

// tape holds parts back, with copies of their events, to emit them later. The zero value is empty.
type tape struct {
	parts []model.Part
	data  []byte // room for events; full ones are left to the parts that point into them
}

// shortTape is a tape with room of its own for as many parts as a short answer has. It is not copied once in use.
type shortTape struct {
	tape
	room [2]model.Part
}

func (t *shortTape) add(p *model.Part) {
	if t.parts == nil {
		t.parts = t.room[:0]
	}
	t.tape.add(p)
}

const tapeRoom = 1 << 10

// add takes a copy of p.
func (t *tape) add(p *model.Part) {
	t.parts = append(t.parts, *p)
	n := len(p.Event.Data)
	if n == 0 {
		return
	}
	if cap(t.data)-len(t.data) < n {
		t.data = make([]byte, 0, max(tapeRoom, 2*n))
	}
	start := len(t.data)
	t.data = append(t.data, p.Event.Data...)
	t.parts[len(t.parts)-1].Event.Data = t.data[start : start+n : start+n]
}

// play emits what is held, in order, and forgets it. more says that further parts follow at once.
func (t *tape) play(emit func(model.Part) error, more bool) error {
	for i := range t.parts {
		p := t.parts[i]
		p.More = more || i < len(t.parts)-1
		if err := emit(p); err != nil {
			return err
		}
	}
	t.reset()
	return nil
}

// reset forgets what is held and keeps the room. No part may be in use any more.
func (t *tape) reset() { t.parts, t.data = t.parts[:0], t.data[:0] }

// holding is a tape for the whole of an answer that nobody may see before it was judged.
type holding struct {
	tape  tape
	bare  bool                   // keep no log-probabilities, nor the events that have them
	over  bool                   // the answer has come, or failed to
	adder func(model.Part) error // add, made once: a method as a value takes memory each time
}

// holdings lends holdings, since every request takes one for each cascade that it goes through.
var holdings = sync.Pool{New: func() any {
	h := new(holding)
	h.adder = h.add
	return h
}}

// hold returns an empty tape. Who takes it gives it back with release when the model that he handed its adder to has
// returned.
func hold(bare bool) *holding {
	h := holdings.Get().(*holding)
	h.bare, h.over = bare, false
	return h
}

func (h *holding) add(p model.Part) error {
	if h.over {
		return errTooLate
	}
	if h.bare {
		p.Logprobs, p.Event = nil, model.Event{}
	}
	h.tape.add(&p)
	return nil
}

// release gives the tape back with the room it has for a usual answer, and nothing of this one.
func (h *holding) release() {
	const usual, usualData = 64, 8 << 10
	h.tape.reset()
	if cap(h.tape.parts) > usual {
		h.tape.parts = nil
	}
	clear(h.tape.parts[:cap(h.tape.parts)])
	if cap(h.tape.data) > usualData {
		h.tape.data = nil
	}
	h.over = true
	holdings.Put(h)
}
