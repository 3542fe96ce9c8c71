// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package bedrock

import "retort/model"

// maxPoints is how many cache points the API takes.
const maxPoints = 4

// surplus is how many cache points have to go, from the first on: the later ones cover what they do. The prompt begins
// with the tools, then come the instructions, then the messages.
type surplus struct{ tools, system, messages int }

// marked says whether a block has a cache point behind it.
func marked(b *model.Block) bool { return b.Cache != nil && b.Kind != model.ReasoningBlock }

// automatic says whether the last turn ends with the cache point of a request that wants its prompt cached without
// saying where. Two points must not follow each other.
func (e *encoder) automatic(last *turn) bool {
	_, able := e.family.caches()
	if !able || e.content.Cache == nil {
		return false
	}
	n := len(last.blocks)
	return n == 0 || !marked(last.blocks[n-1].b)
}

// trimPoints finds out how many cache points are too many.
func (e *encoder) trimPoints(system []placed, turns []turn) {
	inTools, able := e.family.caches()
	if !able {
		if e.content.Cache != nil {
			e.note("cache_marks")
		}
		return
	}
	var n surplus
	if inTools {
		n.tools = e.toolMarks(turns)
	}
	n.system = marks(system)
	for i := range turns {
		n.messages += marks(turns[i].blocks)
	}
	if e.automatic(&turns[len(turns)-1]) {
		n.messages++
	}
	over := n.tools + n.system + n.messages - maxPoints
	if over <= 0 {
		return
	}
	e.note("cache_marks")
	e.surplus.tools = min(over, n.tools)
	e.surplus.system = min(over-e.surplus.tools, n.system)
	e.surplus.messages = over - e.surplus.tools - e.surplus.system
}

func marks(blocks []placed) (n int) {
	for _, p := range blocks {
		if marked(p.b) {
			n++
		}
	}
	return n
}

// toolMarks counts the cache points among the tools that are written.
func (e *encoder) toolMarks(turns []turn) (n int) {
	if c := e.content.ToolChoice; c != nil && c.Mode == "none" && calledIn(turns) == nil {
		return 0
	}
	for _, t := range e.offered(e.content) {
		if t.Cache != nil && t.Native == nil {
			n++
		}
	}
	return n
}
