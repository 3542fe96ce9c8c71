// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package openai

import "retort/model"

// begun are the tool calls of a choice that have begun, in order. Some servers stream several calls under one index:
// then it is the id that tells them apart.
type begun []begunCall

type begunCall struct {
	wire int    // the index that the upstream gives it
	id   string // as it came first
	at   int    // the index that it has here
}

// most is how many choices may have details, calls and sounds; those beyond are an error of the Collector's.
const most = 256

// place gives a piece of a call its index. A call begins with an index that is new, or with a name and an id that the
// index has not had: an id alone is not enough, as servers are known that give every piece an id of its own.
func (c *chunks) place(p *model.Part) {
	for len(c.begun) <= min(p.Choice, most) {
		c.begun = append(c.begun, nil)
	}
	calls := &c.begun[min(p.Choice, most)]
	current, next, taken := -1, 0, false
	for i := range *calls {
		call := &(*calls)[i]
		next, taken = max(next, call.at+1), taken || call.at == p.Index
		switch {
		case call.wire != p.Index:
		case p.ID != "" && call.id == p.ID:
			calls.touch(i)
			p.Index = (*calls)[len(*calls)-1].at
			return
		default:
			current = i
		}
	}
	if current >= 0 {
		call := &(*calls)[current]
		if p.ID == "" || p.Name == "" || call.id == "" {
			if call.id == "" {
				call.id = p.ID
			}
			p.Index = call.at
			return
		}
	}
	at := p.Index
	if taken {
		at = next
	}
	if len(*calls) <= maxCalls {
		*calls = append(*calls, begunCall{p.Index, p.ID, at})
	}
	p.Index = at
}

// touch makes a call the one that pieces without an id continue: the last one of its index.
func (b begun) touch(i int) {
	call := b[i]
	copy(b[i:], b[i+1:])
	b[len(b)-1] = call
}
