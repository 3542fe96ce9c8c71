// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package discover

import (
	"cmp"
	"context"
	"slices"
	"strings"
)

// Message is one message of a call.
type Message struct {
	Role string `json:"role"`
	Text string `json:"text"`
}

// Call is a recorded call that was answered.
type Call struct {
	Messages []Message
	Answer   string
	Model    string // that was asked; calls without a template are of one task only if they are of one model
}

// Options of Find. The zero value of each field means its default.
type Options struct {
	Least int // calls that a group has at least, the same ones counted once; default 50
}

// How calls of a group were found to belong together.
const (
	ByTemplate = "template" // they share its constant parts
	ByMeaning  = "meaning"  // their texts tell that their answers are of one kind
)

// Group are calls of one task.
type Group struct {
	Found    string      // ByTemplate or ByMeaning
	Template []Message   // with SlotMark where something was put in
	Further  [][]Message // templates of the same task, asked in other words
	Constant int         // tokens of the template that are constant, marks of messages not counted
	Words    []string    // without a template: words that tell its calls from others
	Calls    []int       // which of the calls, ascending
	Inputs   []string    // what each of them put in; several slots are joined by ends of lines
	Contract Contract    // what their answers keep to
}

// fewestConstant is how many tokens a template has at least.
const fewestConstant = 3

// Find puts calls of one task together, the largest group first: those of one template; then groups that are one task asked in
// other words; then calls that no template holds together but whose texts tell that their answers are of one kind. Calls of none of these,
// and groups that are too small, are in none. It keeps nothing of calls, and the same calls in the same order give the same groups. An
// error is that ctx is done.
func Find(ctx context.Context, calls []Call, o Options) ([]Group, error) {
	if o.Least <= 0 {
		o.Least = 50
	}
	known := words{}
	prompts := make([]prompt, len(calls))
	for i := range calls {
		prompts[i] = known.read(calls[i].Messages)
	}
	names := make([]string, len(known))
	for piece, id := range known {
		names[id] = piece
	}
	all, again := different(prompts)
	var groups []Group
	for _, a := range both(prompts, all, o.Least) {
		if g, ok := newGroup(calls, prompts, names, a, again, o.Least); ok {
			groups = append(groups, g)
		}
	}
	groups, err := meaning(ctx, meet(join(groups, calls), calls), calls, o.Least)
	if err != nil {
		return nil, err
	}
	groups = meet(groups, calls)
	slices.SortStableFunc(groups, func(a, b Group) int { return cmp.Compare(len(b.Calls), len(a.Calls)) })
	return groups, nil
}

// different returns the first of all calls that ask the same, and the further ones of each: what is asked often is no template.
func different(prompts []prompt) (first []int32, again map[int32][]int32) {
	known, again := map[string]int32{}, map[int32][]int32{}
	for i := range prompts {
		key := prompts[i].key()
		if c, asked := known[key]; asked {
			again[c] = append(again[c], int32(i))
			continue
		}
		known[key] = int32(i)
		first = append(first, int32(i))
	}
	return first, again
}

// ends are calls that begin and end alike.
type ends struct {
	calls       []int32
	front, back int
}

// both divides calls by how they begin, and these by how they end.
func both(prompts []prompt, calls []int32, least int) []ends {
	forward := divider{
		length: func(c int32) int { return len(prompts[c].tokens) },
		at:     func(c int32, depth int) int32 { return prompts[c].tokens[depth].id },
		least:  least,
	}
	var out []ends
	begun, loose := forward.divide(calls, 0)
	if slices.Sort(loose); len(loose) >= least {
		begun = append(begun, alike{loose, 0})
	}
	for _, a := range begun {
		backward := divider{
			length: func(c int32) int { return len(prompts[c].tokens) - a.depth },
			at:     func(c int32, depth int) int32 { t := prompts[c].tokens; return t[len(t)-1-depth].id },
			least:  least,
		}
		ended, open := backward.divide(a.calls, 0)
		loose := ends{calls: open, front: a.depth}
		for _, b := range ended {
			if b.depth < shortestRun { // how texts end, not a template
				loose.calls = append(loose.calls, b.calls...)
				continue
			}
			out = append(out, ends{b.calls, a.depth, b.depth})
		}
		if len(loose.calls) >= least {
			slices.Sort(loose.calls)
			out = append(out, loose)
		}
	}
	return out
}

// newGroup finds the template of calls and what they keep to. Not ok when they have no template or are too few.
func newGroup(calls []Call, prompts []prompt, names []string, a ends, again map[int32][]int32, least int) (Group, bool) {
	s := newSkeleton(prompts, a.calls, a.front, a.back)
	var rows []row
	shown, asked := -1, 0
	for _, c := range a.calls {
		slots, ok := s.slots(&prompts[c], names)
		if !ok {
			continue
		}
		if shown < 0 {
			shown = int(c)
		}
		asked++
		input := strings.Join(slices.DeleteFunc(slots, func(t string) bool { return t == "" }), "\n")
		rows = append(rows, row{int(c), input})
		for _, other := range again[c] {
			rows = append(rows, row{int(other), input})
		}
	}
	if asked < least {
		return Group{}, false
	}
	g := Group{Found: ByTemplate}
	g.fill(rows, calls)
	g.Template = s.show(&prompts[shown], names)
	g.Constant = s.constant(&prompts[shown])
	if g.Constant < fewestConstant {
		return Group{}, false
	}
	return g, true
}

// row is a call of a group with what it put in.
type row struct {
	call  int
	input string
}

// fill gives a group its calls, in order, and tells what their answers keep to.
func (g *Group) fill(rows []row, calls []Call) {
	slices.SortFunc(rows, func(a, b row) int { return cmp.Compare(a.call, b.call) })
	g.Calls, g.Inputs = nil, nil
	var answers []string
	for _, r := range rows {
		g.Calls = append(g.Calls, r.call)
		g.Inputs = append(g.Inputs, r.input)
		answers = append(answers, calls[r.call].Answer)
	}
	g.Contract = infer(g.Inputs, answers)
}

// constant counts the tokens of a template that are constant, marks of messages left out.
func (s *skeleton) constant(p *prompt) int {
	n := 0
	for i, t := range p.tokens {
		if !t.mark() && (i < s.front || i >= len(p.tokens)-s.back) {
			n++
		}
	}
	for _, run := range s.middle {
		n += len(run)
	}
	return n
}

// join puts groups together whose templates differ in little and whose answers keep to the same labels or fields.
func join(groups []Group, calls []Call) []Group {
	var out []Group
	for _, g := range groups {
		i := slices.IndexFunc(out, func(o Group) bool { return o.Contract.same(&g.Contract) && similar(o.Template, g.Template) })
		if i < 0 {
			out = append(out, g)
			continue
		}
		o := &out[i]
		var rows []row
		for _, from := range []*Group{o, &g} {
			for j, c := range from.Calls {
				rows = append(rows, row{c, from.Inputs[j]})
			}
		}
		o.fill(rows, calls)
	}
	return out
}

// similar says whether most of the words of two templates are the same.
func similar(a, b []Message) bool {
	count := func(messages []Message) map[string]int {
		n := map[string]int{}
		for _, m := range messages {
			for _, word := range strings.Fields(m.Text) {
				n[word]++
			}
		}
		return n
	}
	x, y := count(a), count(b)
	shared, total := 0, 0
	for word, n := range x {
		shared += min(n, y[word])
		total += max(n, y[word])
	}
	for word, n := range y {
		if x[word] == 0 {
			total += n
		}
	}
	return total > 0 && float64(shared) >= 0.8*float64(total)
}
