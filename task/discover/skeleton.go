// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package discover

import (
	"slices"
	"strings"
)

const (
	shortestRun = 3    // tokens of a constant part between two slots
	inMost      = 0.95 // share of the calls that have it, in order
	folded      = 24   // calls whose common subsequence is taken
	verified    = 400  // calls that its parts are checked against
	longestFold = 1500 // tokens of a call that are compared
)

// skeleton is a template: what all calls begin with, what they end with, and what they have between.
type skeleton struct {
	front, back int // tokens
	middle      [][]int32
}

// newSkeleton finds the constant parts of calls that share their first front and last back tokens.
func newSkeleton(prompts []prompt, calls []int32, front, back int) skeleton {
	s := skeleton{front: front, back: back}
	rest := func(c int32) []int32 {
		tokens := prompts[c].tokens
		tokens = tokens[front:max(front, len(tokens)-back)]
		ids := make([]int32, min(len(tokens), longestFold))
		for i := range ids {
			ids[i] = tokens[i].id
		}
		return ids
	}
	first := rest(calls[0])
	kept := make([]int, len(first)) // places in first that all calls so far have in order
	for i := range kept {
		kept[i] = i
	}
	for _, c := range spread(calls, folded) {
		kept = common(first, kept, rest(c))
		if len(kept) < shortestRun {
			return s
		}
	}
	sample := spread(calls, verified)
	for _, run := range runsOf(first, kept) {
		try := append(s.middle[:len(s.middle):len(s.middle)], run)
		have := 0
		for _, c := range sample {
			if _, ok := locate(rest(c), try); ok {
				have++
			}
		}
		if float64(have) >= inMost*float64(len(sample)) {
			s.middle = try
		}
	}
	return s
}

// spread returns up to n of the calls, from all over.
func spread(calls []int32, n int) []int32 {
	if len(calls) <= n {
		return calls
	}
	some := make([]int32, n)
	for i := range some {
		some[i] = calls[i*len(calls)/n]
	}
	return some
}

// common returns which of the kept places of first a longest common subsequence with other keeps.
func common(first []int32, kept []int, other []int32) []int {
	head := 0 // most calls agree in most of their ends, and what agrees there needs no search
	for head < min(len(kept), len(other)) && first[kept[head]] == other[head] {
		head++
	}
	tail := 0
	for tail < min(len(kept), len(other))-head && first[kept[len(kept)-1-tail]] == other[len(other)-1-tail] {
		tail++
	}
	middle := longest(first, kept[head:len(kept)-tail], other[head:len(other)-tail])
	return slices.Concat(kept[:head], middle, kept[len(kept)-tail:])
}

func longest(first []int32, kept []int, other []int32) []int {
	n, m := len(kept), len(other)
	best := make([]int16, (n+1)*(m+1))
	for i := n - 1; i >= 0; i-- {
		for j := m - 1; j >= 0; j-- {
			if first[kept[i]] == other[j] {
				best[i*(m+1)+j] = best[(i+1)*(m+1)+j+1] + 1
			} else {
				best[i*(m+1)+j] = max(best[(i+1)*(m+1)+j], best[i*(m+1)+j+1])
			}
		}
	}
	var left []int
	for i, j := 0, 0; i < n && j < m; {
		switch {
		case first[kept[i]] == other[j]:
			left = append(left, kept[i])
			i++
			j++
		case best[(i+1)*(m+1)+j] >= best[i*(m+1)+j+1]:
			i++
		default:
			j++
		}
	}
	return left
}

// runsOf returns the stretches of neighbouring places that are long enough.
func runsOf(first []int32, kept []int) [][]int32 {
	var runs [][]int32
	for i := 0; i < len(kept); {
		j := i + 1
		for j < len(kept) && kept[j] == kept[j-1]+1 {
			j++
		}
		if j-i >= shortestRun {
			runs = append(runs, first[kept[i]:kept[j-1]+1])
		}
		i = j
	}
	return runs
}

// locate finds the runs in ids, one behind the other, and says where each begins.
func locate(ids []int32, runs [][]int32) (at []int, ok bool) {
	from := 0
	for _, run := range runs {
		place := index(ids[from:], run)
		if place < 0 {
			return nil, false
		}
		at = append(at, from+place)
		from += place + len(run)
	}
	return at, true
}

func index(ids, run []int32) int {
	for i := 0; i+len(run) <= len(ids); i++ {
		if ids[i] == run[0] && equal(ids[i:i+len(run)], run) {
			return i
		}
	}
	return -1
}

func equal(a, b []int32) bool {
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// slots returns what a call put into the template. Not ok when the call lacks one of its parts. Turns of a conversation that
// were put in together are each a line of its role and its text, as a task's input has them.
func (s *skeleton) slots(p *prompt, names []string) (slots []string, ok bool) {
	end := max(s.front, len(p.tokens)-s.back)
	rest := p.tokens[s.front:end]
	ids := make([]int32, len(rest))
	for i, t := range rest {
		ids[i] = t.id
	}
	at, ok := locate(ids, s.middle)
	if !ok {
		return nil, false
	}
	from := 0
	for i, run := range s.middle {
		slots = append(slots, p.between(s.front+from, s.front+at[i], names))
		from = at[i] + len(run)
	}
	return append(slots, p.between(s.front+from, end, names)), true
}

// between returns the text that the tokens from one to another cover.
func (p *prompt) between(from, to int, names []string) string {
	var turns []string // texts of messages, each behind its role
	for begin := from; begin < to; {
		end := begin + 1
		for end < to && !p.tokens[end].mark() {
			end++
		}
		role := begin
		for role > 0 && !p.tokens[role].mark() {
			role--
		}
		if first := begin; !p.tokens[begin].mark() || begin+1 < end {
			if p.tokens[begin].mark() {
				first++
			}
			text := strings.TrimSpace(p.text[p.tokens[first].start:p.tokens[end-1].end])
			turns = append(turns, roleOf(names[p.tokens[role].id])+": "+text)
		}
		begin = end
	}
	switch len(turns) {
	case 0:
		return ""
	case 1:
		_, text, _ := strings.Cut(turns[0], ": ")
		return text
	}
	return strings.Join(turns, "\n")
}

// SlotMark stands for a slot in a template that is shown.
const SlotMark = "{…}"

// show writes the template as text, as one call has it.
func (s *skeleton) show(p *prompt, names []string) []Message {
	end := max(s.front, len(p.tokens)-s.back)
	ids := make([]int32, end-s.front)
	for i, t := range p.tokens[s.front:end] {
		ids[i] = t.id
	}
	constant := make([]bool, len(p.tokens))
	for i := range constant {
		constant[i] = i < s.front || i >= end
	}
	at, _ := locate(ids, s.middle)
	for r, place := range at {
		for i := range s.middle[r] {
			constant[s.front+place+i] = true
		}
	}
	var messages []Message
	var text strings.Builder
	flush := func() {
		if len(messages) > 0 {
			messages[len(messages)-1].Text = strings.TrimSpace(text.String())
		}
		text.Reset()
	}
	last, open := int32(0), false
	for i, t := range p.tokens {
		if t.mark() {
			flush()
			messages = append(messages, Message{Role: roleOf(names[t.id])})
			last, open = t.start, false
			continue
		}
		switch {
		case constant[i]:
			text.WriteString(p.text[last:t.end])
			open = false
		case !open:
			text.WriteString(p.text[last:t.start] + SlotMark)
			open = true
		}
		last = t.end
	}
	flush()
	return messages
}
