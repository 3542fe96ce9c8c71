// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package origin

import (
	"slices"

	"retort/internal/config"
	"retort/model"
)

// Credit tells which part of a blend gave an answer. A trace that leaves it open teaches nothing: what was said of one
// model's answer must not count for another. It is safe for concurrent use.
type Credit struct {
	blend string
	parts []string
	named []Names // the parts' names in answers
	other Names   // names of what answers in the parts' stead: a cascade's strong model
}

// CreditOf returns who has a blend's answers to its credit: one of these parts.
func CreditOf(c *config.Config, blend string, parts []string) *Credit {
	out := &Credit{blend: blend, parts: parts}
	for _, name := range parts {
		out.named = append(out.named, NamesOf(c, name))
	}
	if of := c.Models[blend].Cascade; of != nil {
		out.other = NamesOf(c, of.Strong)
	}
	return out
}

// Of returns the place of the part that gave a trace's answer; -1: none did, or it cannot be told.
func (c *Credit) Of(trace *model.Trace) int {
	if trace.Response == nil {
		return -1
	}
	if at := slices.Index(c.parts, trace.Model); at >= 0 {
		return at
	}
	var may []int // have the name of who answered
	for at, names := range c.named {
		if names.Has(trace.Response.Model) {
			may = append(may, at)
		}
	}
	whole := trace.Model == c.blend // nothing but the blend can have answered
	if whole && len(may) == 1 && !c.other.Has(trace.Response.Model) {
		return may[0]
	}
	found := -1
	for _, at := range may {
		if !c.picked(trace, at) || !clean(trace, len(c.named[at]) == 1, whole) {
			continue
		}
		if found >= 0 {
			return -1
		}
		found = at
	}
	return found
}

func (c *Credit) picked(trace *model.Trace, at int) bool {
	return slices.ContainsFunc(trace.Picks, func(p model.Pick) bool { return p.Blend == c.blend && p.Model == c.parts[at] })
}

// clean says whether the answer can only be that of the part that was picked, one of whose names it has. Who answered must have
// been asked once, so that nobody else's call to the same model is taken for the part's. A part of several names may
// have failed or been refused by another of them, and another blend have asked who answered: no call may have failed, and
// none been refused unless the part alone can have refused it.
func clean(trace *model.Trace, single, whole bool) bool {
	calls := 0
	for i := range trace.Attempts {
		a := &trace.Attempts[i]
		if a.Judging {
			continue
		}
		own := a.Model == trace.Response.Model
		if own {
			calls++
		}
		failed, refused := a.Error != "", a.Rejected && (own || !whole)
		if (own || !single) && (failed || refused) {
			return false
		}
	}
	return calls == 1
}
