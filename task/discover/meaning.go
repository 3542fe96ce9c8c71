// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package discover

import (
	"cmp"
	"context"
	"encoding/json"
	"hash/fnv"
	"maps"
	"slices"
	"strings"

	"retort/student"
)

// What it takes for calls without a template to be a task.
const (
	takenFor   = 3     // different texts that must have an answer, for it to be a label
	mostlyIn   = 0.5   // share of a label's calls that must be told from others by their texts
	pruned     = 5     // how often labels that are not are left out, and the rest is told from others anew
	fitted     = 6_000 // calls that texts are told apart by
	fewOthers  = 20    // other calls that there must be, for texts to be told from them
	mixedUp    = 0.05  // share of a part's calls that may have an answer of another part
	nearlyTask = 0.8   // share of calls with a label from which on it is worth saying why they are no task
)

// loosely are calls without a template, or of one that says nothing of their answers.
type loosely struct {
	call int
	text string
	key  string // of the answer, where it may be a label or an object
	in   bool   // its answer is one of those that keep coming
	task int    // which of the tasks has its answer
	part int    // which task its text is of, out of fold; -1: none
	from int    // group that it is in so far; -1: none
}

// meaning finds tasks among calls that no template holds together: those whose texts alone say that their answer comes from a closed
// set. Which calls these are is told from texts, by models that did not see them, and never from a call's own answer, so
// that answers outside are counted as they come. What it finds is taken out of the groups it was in.
func meaning(ctx context.Context, groups []Group, calls []Call, least int) ([]Group, error) {
	byModel := map[string][]*loosely{}
	for _, l := range loose(groups, calls) {
		byModel[calls[l.call].Model] = append(byModel[calls[l.call].Model], l)
	}
	taken := map[int]map[int]bool{} // by group: its calls that are in another now
	var found []Group
	for _, name := range slices.Sorted(maps.Keys(byModel)) {
		cell := byModel[name]
		tasks, err := untold(ctx, cell, calls, least)
		if err != nil {
			return nil, err
		}
		for _, g := range tasks {
			in := map[int]bool{}
			for _, c := range g.Calls {
				in[c] = true
			}
			for _, l := range cell {
				if in[l.call] && l.from >= 0 {
					if taken[l.from] == nil {
						taken[l.from] = map[int]bool{}
					}
					taken[l.from][l.call] = true
				}
			}
		}
		found = append(found, tasks...)
	}
	var left []Group
	for i := range groups {
		if g, ok := groups[i].lacking(taken[i], calls, least); ok {
			left = append(left, g)
		}
	}
	return append(left, found...), nil
}

// lacking is a group without some of its calls. Not ok when too few are left.
func (g *Group) lacking(taken map[int]bool, calls []Call, least int) (Group, bool) {
	if len(taken) == 0 {
		return *g, true
	}
	var rows []row
	for i, c := range g.Calls {
		if !taken[c] {
			rows = append(rows, row{c, g.Inputs[i]})
		}
	}
	if len(rows) < least {
		return Group{}, false
	}
	out := *g
	out.fill(rows, calls)
	return out, true
}

// loose returns the calls that are in no group with a contract, with what was put in.
func loose(groups []Group, calls []Call) []*loosely {
	of := make([]*loosely, len(calls))
	settled := make([]bool, len(calls))
	for i := range groups {
		g := &groups[i]
		for j, c := range g.Calls {
			if g.Contract.Kind != Text || g.Contract.Objects {
				settled[c] = true
				continue
			}
			of[c] = &loosely{call: c, text: g.Inputs[j], from: i}
		}
	}
	var all []*loosely
	for c := range calls {
		if settled[c] {
			continue
		}
		l := of[c]
		if l == nil {
			l = &loosely{call: c, text: told(calls[c].Messages), from: -1}
		}
		if l.text == "" {
			continue
		}
		l.part = -1
		all = append(all, l)
	}
	return all
}

// told is what a call asked, as a task's input has it.
func told(messages []Message) string {
	if len(messages) == 1 {
		return strings.TrimSpace(messages[0].Text)
	}
	var lines []string
	for _, m := range messages {
		lines = append(lines, m.Role+": "+strings.TrimSpace(m.Text))
	}
	return strings.Join(lines, "\n")
}

// untold finds tasks among calls of one model.
func untold(ctx context.Context, all []*loosely, calls []Call, least int) ([]Group, error) {
	mark(all, calls)
	for range pruned {
		if recurring(all) < least {
			return nil, ctx.Err()
		}
		guess(all)
		if !prune(all) {
			break
		}
	}
	parts := split(all)
	if err := tell(ctx, all); err != nil {
		return nil, err
	}
	unite(all, parts)
	var found []Group
	for i, keys := range parts {
		if g, ok := gather(all, i, keys, calls, least); ok {
			found = append(found, g)
		}
	}
	return found, nil
}

// mark notes which calls have an answer that keeps coming: to several texts the same label, or objects with the same fields.
func mark(all []*loosely, calls []Call) {
	fields := &kinship{of: map[string]string{}}
	names := map[*loosely][]string{}
	for _, l := range all {
		answer := calls[l.call].Answer
		var object map[string]json.RawMessage
		if json.Unmarshal([]byte(objectOf(answer)), &object) == nil && len(object) > 0 {
			names[l] = slices.Sorted(maps.Keys(object))
			for _, name := range names[l][1:] {
				fields.join(names[l][0], name)
			}
			continue
		}
		l.key = keyOf(answer)
	}
	texts := map[string]map[string]bool{}
	for _, l := range all {
		if n := names[l]; n != nil {
			l.key = objectKey + fields.root(n[0])
		}
		if l.key == "" {
			continue
		}
		if texts[l.key] == nil {
			texts[l.key] = map[string]bool{}
		}
		if len(texts[l.key]) < takenFor {
			texts[l.key][l.text] = true
		}
	}
	for _, l := range all {
		l.in = len(texts[l.key]) >= takenFor
	}
}

// objectKey begins the keys of objects. No label has it.
const objectKey = "\x00"

// kinship says which names belong together.
type kinship struct{ of map[string]string }

func (k *kinship) root(name string) string {
	for {
		up, ok := k.of[name]
		if !ok {
			return name
		}
		name = up
	}
}

func (k *kinship) join(a, b string) {
	if a, b = k.root(a), k.root(b); a != b {
		k.of[max(a, b)] = min(a, b)
	}
}

func recurring(all []*loosely) (n int) {
	for _, l := range all {
		if l.in {
			n++
		}
	}
	return n
}

// guess is tell in haste: it says which calls are of any task.
func guess(all []*loosely) {
	halves := [2]*bayes{newBayes(), newBayes()}
	for _, l := range all {
		halves[l.half()].learn(l.text, partName(min(0, l.answered())))
	}
	for _, l := range all {
		if l.part = -1; halves[1-l.half()].answer(l.text) == partName(0) {
			l.part = 0
		}
	}
}

// half is 0 or 1, the same for the same text.
func (l *loosely) half() int {
	h := fnv.New32a()
	_, _ = h.Write([]byte(l.text)) // a hash cannot fail
	return int(h.Sum32() % 2)
}

// answered is the part that a call's answer says it is of; -1 for none.
func (l *loosely) answered() int {
	if l.in {
		return l.task
	}
	return -1
}

// tell finds out of which part each call is, by its text alone: each is told by models that did not see its text.
func tell(ctx context.Context, all []*loosely) error {
	others, parts := 0, map[int]bool{}
	for _, l := range all {
		if p := l.answered(); p < 0 {
			others++
		} else {
			parts[p] = true
		}
	}
	if others < fewOthers && len(parts) < 2 { // nothing to be told from
		for _, l := range all {
			l.part = 0
		}
		return nil
	}
	var examples []student.Example
	for i, l := range all {
		if fitted < len(all) && i*fitted/len(all) == (i-1)*fitted/len(all) && i > 0 {
			continue
		}
		examples = append(examples, student.Example{Text: l.text, Label: partName(l.answered())})
	}
	siblings, err := student.CrossFit(ctx, examples, student.Options{Seed: 1, Folds: 3})
	if err != nil {
		return err
	}
	numbers := map[string]int{partName(-1): -1}
	for p := range parts {
		numbers[partName(p)] = p
	}
	labels := siblings.Labels()
	var chances []float64
	for _, l := range all {
		chances = siblings.Distribution(chances, l.text)
		best := 0
		for i := range chances {
			if chances[i] > chances[best] {
				best = i
			}
		}
		l.part = numbers[labels[best]]
	}
	return nil
}

func partName(part int) string {
	if part < 0 {
		return "others"
	}
	return "part " + string(rune('A'+part))
}

// prune leaves labels out whose calls are mostly not told from others, and says whether there were any.
func prune(all []*loosely) bool {
	calls, in := map[string]int{}, map[string]int{}
	for _, l := range all {
		if l.in {
			if calls[l.key]++; l.part >= 0 {
				in[l.key]++
			}
		}
	}
	changed := false
	for _, l := range all {
		if l.in && float64(in[l.key]) < mostlyIn*float64(calls[l.key]) {
			l.in, changed = false, true
		}
	}
	return changed
}

// unite takes back what split did where texts do not tell the parts apart after all.
func unite(all []*loosely, parts []map[string]bool) {
	for {
		told, of := make([]int, len(parts)), make([][]int, len(parts)) // calls told to be of each part; and of these, of which they are
		for i := range of {
			of[i] = make([]int, len(parts))
		}
		for _, l := range all {
			if l.in && l.part >= 0 {
				told[l.part]++
				of[l.part][l.task]++
			}
		}
		from, to := -1, -1
		for i := range parts {
			for j := range parts {
				if i != j && float64(of[i][j]) > mixedUp*float64(told[i]) && (from < 0 || of[i][j] > of[from][to]) {
					from, to = i, j
				}
			}
		}
		if from < 0 {
			return
		}
		for key := range parts[from] {
			parts[to][key] = true
		}
		parts[from] = nil
		for _, l := range all {
			if l.task == from {
				l.task = to
			}
			if l.part == from {
				l.part = to
			}
		}
	}
}

// gather makes a group of the calls whose texts are of a part. Not ok when it is none worth mentioning.
func gather(all []*loosely, part int, label map[string]bool, calls []Call, least int) (Group, bool) {
	var rows []row
	texts := map[string]bool{}
	kept := 0
	label = own(all, part, label)
	for _, l := range all {
		if l.part != part {
			continue
		}
		rows = append(rows, row{l.call, l.text})
		texts[l.text] = true
		if l.in && label[l.key] {
			kept++
		}
	}
	if len(texts) < least || float64(kept) < nearlyTask*float64(len(rows)) {
		return Group{}, false
	}
	g := Group{Found: ByMeaning}
	g.fill(rows, calls)
	g.Contract.confine(label, len(rows))
	for _, m := range calls[g.Calls[0]].Messages {
		g.Template = append(g.Template, Message{m.Role, SlotMark})
	}
	g.Words = telling(all, part)
	return g, true
}

// own returns the labels of a part of whose calls enough are told to be of it.
func own(all []*loosely, part int, labels map[string]bool) map[string]bool {
	here, anywhere := map[string]int{}, map[string]int{}
	for _, l := range all {
		if l.in && l.part >= 0 {
			if anywhere[l.key]++; l.part == part {
				here[l.key]++
			}
		}
	}
	kept := map[string]bool{}
	for key := range labels {
		if here[key] > 0 && float64(here[key]) >= shared*float64(anywhere[key]) {
			kept[key] = true
		}
	}
	return kept
}

// confine takes labels out of a contract that are no labels of a part: answers to calls that were taken for calls of it.
func (c *Contract) confine(part map[string]bool, answers int) {
	if c.Kind != Labels {
		return
	}
	var labels []string
	for _, l := range c.Labels {
		if part[keyOf(l)] {
			labels = append(labels, l)
		} else {
			c.Outside += c.times[l]
		}
	}
	c.Labels = labels
	if s := (closedSet{outside: c.Outside}); s.loose(answers) || len(labels) < 2 {
		*c = Contract{Kind: Text, Outside: c.Outside, Unseen: c.Unseen, Why: whyLoose(c.Outside, answers, len(labels))}
	}
}

// telling returns the words that tell the texts of a part from all others best, the best first.
func telling(all []*loosely, part int) []string {
	type seen struct{ in, out float64 }
	words := map[string]*seen{}
	in, out := 0.0, 0.0
	for _, l := range all {
		own := l.part == part
		if own {
			in++
		} else {
			out++
		}
		for _, w := range slices.Compact(slices.Sorted(slices.Values(wordsOf(l.text)))) {
			s := words[w]
			if s == nil {
				s = &seen{}
				words[w] = s
			}
			if own {
				s.in++
			} else {
				s.out++
			}
		}
	}
	lead := map[string]float64{}
	for w, s := range words {
		if len(w) > 2 {
			lead[w] = s.in/max(1, in) - s.out/max(1, out)
		}
	}
	names := slices.SortedFunc(maps.Keys(lead), func(a, b string) int { return cmp.Or(cmp.Compare(lead[b], lead[a]), strings.Compare(a, b)) })
	return names[:min(len(names), shownWords)]
}

// shownWords is how many words describe a group without a template.
const shownWords = 8
