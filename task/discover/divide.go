// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package discover

import (
	"cmp"
	"encoding/binary"
	"slices"
	"strings"
)

// What counts as a template's constant part. The figures are shares of the calls that are still together.
const (
	together  = 0.98 // calls stay together while this share has the same next token
	longRun   = 5    // a next token that so many shared tokens follow begins a template of its own
	fewCover  = 0.98 // few next tokens that this share of the calls has are templates of their own
	half      = 0.5  // on the way to a long run, this share at least goes on
	fewTokens = 8    // how many are few
	fewShare  = 0.02 // and what each of them has at least
)

// divider puts calls together by how they begin, or read backwards, by how they end.
type divider struct {
	length func(call int32) int              // tokens to look at
	at     func(call int32, depth int) int32 // id of one of them
	least  int                               // calls that a group has at least
}

// alike are calls that share their first tokens.
type alike struct {
	calls []int32
	depth int // how many tokens they share
}

// divide returns the groups of calls that share their first depth tokens, and the calls that are in none.
func (d *divider) divide(calls []int32, depth int) (groups []alike, loose []int32) {
	since := depth
	for {
		next := d.next(calls, depth)
		if len(next) == 0 {
			return []alike{{calls, depth}}, loose
		}
		if !mostly(next[0], calls, together) {
			inner, rest := d.branch(calls, next, depth)
			if len(rest) >= d.least && (len(inner) == 0 || depth-since >= shortestRun) {
				return append(inner, alike{rest, depth}), loose
			}
			return inner, append(loose, rest...)
		}
		loose = append(loose, without(calls, next[0].calls)...)
		calls = next[0].calls
		depth++
	}
}

// mostly says whether a share of the calls has a token next.
func mostly(s step, calls []int32, share float64) bool {
	return float64(len(s.calls)) >= share*float64(len(calls))
}

// without returns the calls that are not among others. Both ascend.
func without(calls, others []int32) []int32 {
	var left []int32
	i := 0
	for _, c := range calls {
		for i < len(others) && others[i] < c {
			i++
		}
		if i == len(others) || others[i] != c {
			left = append(left, c)
		}
	}
	return left
}

// step are the calls that have one token next.
type step struct {
	id    int32
	calls []int32
}

// next returns the calls by their token at depth, the most frequent first; those that end before are in none.
func (d *divider) next(calls []int32, depth int) []step {
	by := map[int32]int{}
	var steps []step
	for _, c := range calls {
		if depth >= d.length(c) {
			continue
		}
		id := d.at(c, depth)
		i, known := by[id]
		if !known {
			i = len(steps)
			by[id] = i
			steps = append(steps, step{id: id})
		}
		steps[i].calls = append(steps[i].calls, c)
	}
	slices.SortStableFunc(steps, func(a, b step) int {
		return cmp.Or(cmp.Compare(len(b.calls), len(a.calls)), cmp.Compare(a.id, b.id))
	})
	return steps
}

// branch divides calls whose next tokens differ: into templates where they go on alike, and what is left, ascending.
// Next tokens behind which calls go on with the same run are what was put into one template, and no branches.
func (d *divider) branch(calls []int32, next []step, depth int) (groups []alike, rest []int32) {
	few := d.few(next, len(calls))
	type found struct {
		step
		run string
	}
	var candidates []found
	runs := map[string]int{}
	for _, s := range next {
		if len(s.calls) < d.least {
			break
		}
		run := d.run(s.calls, depth+1)
		if run != "" || slices.Contains(few, s.id) {
			candidates = append(candidates, found{s, run})
			runs[run]++
		}
	}
	var taken []int32
	for _, c := range candidates {
		if c.run != "" && runs[c.run] > 1 {
			continue
		}
		inner, loose := d.divide(c.calls, depth+1)
		groups = append(groups, inner...)
		slices.Sort(loose)
		taken = append(taken, without(c.calls, loose)...)
	}
	slices.Sort(taken)
	return groups, without(calls, taken)
}

// few returns the next tokens when few of them cover nearly all calls.
func (d *divider) few(next []step, calls int) []int32 {
	var ids []int32
	covered := 0
	for _, s := range next {
		if len(ids) == fewTokens || len(s.calls) < d.least || float64(len(s.calls)) < fewShare*float64(calls) {
			break
		}
		ids = append(ids, s.id)
		covered += len(s.calls)
	}
	if float64(covered) < fewCover*float64(calls) {
		return nil
	}
	return ids
}

// run returns the long run of tokens that calls share from depth on, as text, or nothing. On the way to it calls of other
// kinds may fall off, and calls may part for a few templates of which each goes on with a long run.
func (d *divider) run(calls []int32, depth int) string { return d.runs(calls, depth, 2*longRun) }

func (d *divider) runs(calls []int32, depth, tokens int) string {
	var run []byte
	length := 0
	for ; tokens > 0; tokens-- {
		next := d.next(calls, depth)
		if len(next) == 0 || len(next[0].calls) < d.least {
			return ""
		}
		if !mostly(next[0], calls, half) {
			return d.parted(next, calls, depth, tokens-1)
		}
		if !mostly(next[0], calls, together) {
			run, length = run[:0], 0
		} else {
			run = binary.LittleEndian.AppendUint32(run, uint32(next[0].id))
			length++
		}
		if length == longRun {
			return string(run)
		}
		calls = next[0].calls
		depth++
	}
	return ""
}

// parted returns the long runs of the few tokens that most calls have next; nothing unless half of the calls have one.
func (d *divider) parted(next []step, calls []int32, depth, tokens int) string {
	var all strings.Builder
	covered := 0
	for _, s := range next[:min(len(next), fewTokens)] {
		if len(s.calls) < d.least || float64(len(s.calls)) < fewShare*float64(len(calls)) {
			break
		}
		if run := d.runs(s.calls, depth+1, tokens); run != "" {
			all.WriteString(run)
			covered += len(s.calls)
		}
	}
	if float64(covered) < half*float64(len(calls)) {
		return ""
	}
	return all.String()
}
