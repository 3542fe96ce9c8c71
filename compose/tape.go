// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package compose

import "retort/model"

// tape holds parts back, with copies of their events, to emit them later. The zero value is empty.
type tape struct {
	parts []model.Part
	data  []byte        // room for events; full ones are left to the parts that point into them
	room  [2]model.Part // for the first parts: many tapes never hold more
}

const tapeRoom = 1 << 10

func (t *tape) add(p model.Part) {
	if n := len(p.Event.Data); n > 0 {
		if cap(t.data)-len(t.data) < n {
			t.data = make([]byte, 0, max(tapeRoom, 2*n))
		}
		start := len(t.data)
		t.data = append(t.data, p.Event.Data...)
		p.Event.Data = t.data[start : start+n : start+n]
	}
	if t.parts == nil {
		t.parts = t.room[:0]
	}
	t.parts = append(t.parts, p)
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
