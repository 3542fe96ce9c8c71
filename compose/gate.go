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
	kept  shortTape // what is behind the gate
	ended [4]uint64 // the choices that have ended, a bit each
	ahead bool      // the last part that got through said that more would follow
}

func (g *gate) add(p model.Part) error {
	if !p.Event.Same {
		if err := g.settle(true); err != nil {
			return err
		}
	}
	if alone := !p.More || p.Event.Dialect == ""; alone && len(g.group.parts) == 0 {
		if !g.behind(&p) {
			return g.pass(p)
		}
		g.kept.add(&p)
		return g.held(p.More)
	}
	g.group.add(&p)
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
	for i := range g.group.parts {
		g.kept.add(&g.group.parts[i])
	}
	g.group.reset()
	return g.held(more)
}

// held is called when a part has been kept instead of let through. more says that another part follows.
func (g *gate) held(more bool) error {
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
		ends = g.behind(&g.group.parts[i]) || ends
	}
	return ends
}

// behind says whether the choice of a part has ended, with that part or before it.
func (g *gate) behind(p *model.Part) bool {
	word, bit := place(p.Choice)
	if p.Kind == model.FinishPart {
		g.ended[word] |= bit
	}
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
