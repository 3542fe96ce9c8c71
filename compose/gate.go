// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package compose

import "retort/model"

// gate lets parts through until their choice ends, and keeps the end and all after it.
//
// One wire event may hold several parts: the first carries it, the others say Same. If one of them ends the choice the
// whole event must wait, so a part that another follows at once is kept until that has come. That delays nothing: such
// a part would not have been flushed either.
type gate struct {
	emit  func(model.Part) error
	group tape      // parts of one event that is not whole yet
	kept  tape      // what is behind the gate
	ended [4]uint64 // the choices that have ended, a bit each
	ahead bool      // the last part that got through said that more would follow
}

func (g *gate) add(p model.Part) error {
	if !p.Event.Same {
		if err := g.settle(true); err != nil {
			return err
		}
	}
	if len(g.group.parts) == 0 && (!p.More || p.Event.Dialect == "") && p.Kind != model.FinishPart && !g.past(p.Choice) {
		return g.pass(p)
	}
	g.group.add(p)
	if p.More {
		return nil
	}
	return g.settle(false)
}

// settle decides about the group: through the gate or behind it. more says that another part follows.
func (g *gate) settle(more bool) error {
	if len(g.group.parts) == 0 {
		return nil
	}
	if !g.ends() {
		return g.group.play(g.pass, more)
	}
	for _, p := range g.group.parts {
		g.kept.add(p)
	}
	g.group.reset()
	if g.ahead && !more { // what should follow is kept: the writer must not wait for it
		return g.pass(model.Part{Kind: model.MetaPart})
	}
	return nil
}

func (g *gate) pass(p model.Part) error {
	g.ahead = p.More
	return g.emit(p)
}

// ends says whether the group must stay behind the gate, and remembers the choices that it ends.
func (g *gate) ends() bool {
	ends := false
	for i := range g.group.parts {
		p := &g.group.parts[i]
		if p.Kind == model.FinishPart {
			word, bit := place(p.Choice)
			g.ended[word] |= bit
		}
		ends = ends || g.past(p.Choice)
	}
	return ends
}

func (g *gate) past(choice int) bool {
	word, bit := place(choice)
	return g.ended[word]&bit != 0
}

// place returns where a choice has its bit. Choices beyond all reason share bits, which at worst keeps too much.
func place(choice int) (word uint, bit uint64) {
	return uint(choice) / 64 % 4, 1 << (uint(choice) % 64)
}

// release decides about what is left when the model has returned.
func (g *gate) release() error { return g.settle(true) }

// end opens the gate.
func (g *gate) end() error { return g.kept.play(g.emit, false) }
