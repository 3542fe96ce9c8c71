// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package compose

import "retort/model"

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
