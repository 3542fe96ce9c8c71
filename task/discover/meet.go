// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package discover

import (
	"cmp"
	"encoding/json"
	"math"
	"slices"

	"retort/task"
)

// What it takes for groups to be one task that is asked in several ways.
const (
	recurs      = 3   // calls of all groups that a label has at least
	labelLike   = 0.9 // share of a group's answers that are such
	sharedMost  = 0.8 // share of a group's answers that the other group knows
	transferred = 0.7 // of what a group tells of its own answers, what the other must tell of them
	surely      = 0.2 // of what is beyond chance, what the other must tell surely
	judgedLeast = 20  // answers that must be judged
)

// keyOf is the same for answers that are the same label; empty for those that are too long for one.
func keyOf(answer string) string {
	bare := bareOf(answer)
	if len(bare) > longestLabel {
		return ""
	}
	return task.Fold(bare)
}

// meet puts groups together that are one task asked in several ways, whatever the words: their answers are the same labels, and
// what the calls of one tell of these holds for the other. What is asked for is the same then, since the same text has the
// same answer. Groups that are questions of their own on the same texts, each answered with yes or no, tell nothing of each other.
func meet(groups []Group, calls []Call) []Group {
	var ways []*way
	times := map[string]int{}
	for i := range groups {
		w := newWay(&groups[i], calls)
		for _, key := range w.keys {
			times[w.telling.Name+"\x00"+key]++
		}
		ways = append(ways, w)
	}
	ways = slices.DeleteFunc(ways, func(w *way) bool { return !w.labelled(times) })
	slices.SortStableFunc(ways, func(a, b *way) int { return cmp.Compare(len(b.keys), len(a.keys)) })
	gone := map[*Group]bool{}
	for i, first := range ways {
		if gone[first.group] {
			continue
		}
		whole, others := *first.group, []*way(nil)
		for grown := true; grown; { // what has grown may know more
			grown = false
			for _, w := range ways[i+1:] {
				if gone[w.group] || !first.tells(w) {
					continue
				}
				first = first.with(w)
				others = append(others, w)
				gone[w.group], grown = true, true
			}
		}
		if len(others) == 0 {
			continue
		}
		merged := whole.with(others, calls)
		if merged.Contract.Kind == Text { // each for itself, then
			for _, w := range others {
				delete(gone, w.group)
			}
			continue
		}
		*ways[i].group = merged
	}
	var left []Group
	for i := range groups {
		if !gone[&groups[i]] {
			left = append(left, groups[i])
		}
	}
	return left
}

// way is one way of asking for labels.
type way struct {
	group   *Group
	telling Field // of objects, the field whose labels count: the one with the most
	answers []string
	texts   []string
	keys    []string // of the answer to each; empty where it is no label
	known   map[string]bool
	own     float64 // how well its calls tell of each other's answers, beyond chance
}

// newWay reads a group.
func newWay(g *Group, calls []Call) *way {
	w := &way{group: g, texts: g.Inputs}
	for _, c := range g.Calls {
		w.answers = append(w.answers, calls[c].Answer)
	}
	for _, f := range g.Contract.Fields {
		if !f.List && len(f.Labels) > len(w.telling.Labels) {
			w.telling = f
		}
	}
	w.keys = w.labels(w.telling)
	return w
}

// labels are the labels that the answers are, or that a field of them has; empty where there is none.
func (w *way) labels(telling Field) []string {
	keys := make([]string, len(w.answers))
	for i, answer := range w.answers {
		var object map[string]any
		switch {
		case w.group.Contract.Kind != Objects:
			keys[i] = keyOf(answer)
		case json.Unmarshal([]byte(objectOf(answer)), &object) == nil:
			keys[i] = keyOf(telling.read(object))
		}
	}
	return keys
}

// among says whether fields are all among others, with the same types. Of few calls some fields are not seen.
func among(few, many []Field) bool {
	for _, f := range few {
		if !slices.ContainsFunc(many, func(o Field) bool { return o.Name == f.Name && o.Type == f.Type && o.List == f.List }) {
			return false
		}
	}
	return true
}

// read returns the string that a field holds in an object; empty for none.
func (f *Field) read(object map[string]any) string {
	path := f.path()
	for _, name := range path[:len(path)-1] {
		object, _ = object[name].(map[string]any)
	}
	s, _ := object[path[len(path)-1]].(string)
	return s
}

// labelled says whether the answers are labels, which come often enough in all groups, and prepares a way for being compared.
func (w *way) labelled(times map[string]int) bool {
	labels := 0
	for i, key := range w.keys {
		if times[w.telling.Name+"\x00"+key] < recurs {
			w.keys[i] = ""
		}
		if w.keys[i] != "" {
			labels++
		}
	}
	if float64(labels) < labelLike*float64(len(w.keys)) {
		return false
	}
	w.note()
	return true
}

// note finds out which answers a way has, and how well its calls tell of each other's.
func (w *way) note() {
	w.known = map[string]bool{}
	for _, key := range w.keys {
		w.known[key] = true
	}
	delete(w.known, "")
	halves := [2]*bayes{newBayes(), newBayes()}
	for i, key := range w.keys {
		if key != "" {
			halves[i%2].learn(w.texts[i], key)
		}
	}
	var t toll
	for i, key := range w.keys {
		if b := halves[1-i%2]; key != "" {
			if _, known := b.keys[key]; known {
				t.judge(key, b.answer(w.texts[i]))
			}
		}
	}
	w.own, _ = t.beyond()
}

// with is a way and another taken together.
func (w *way) with(o *way) *way {
	both := &way{group: w.group, telling: w.telling, answers: slices.Concat(w.answers, o.answers), texts: slices.Concat(w.texts, o.texts), keys: slices.Concat(w.keys, o.keysBy(w))}
	both.note()
	return both
}

// keysBy are the labels of a way as another one counts them.
func (w *way) keysBy(o *way) []string {
	if w.telling.Name == o.telling.Name {
		return w.keys
	}
	return w.labels(o.telling)
}

// tells says whether what is known of one way's answers holds for another's.
func (w *way) tells(o *way) bool {
	if a, b := &w.group.Contract, &o.group.Contract; (a.Kind == Objects) != (b.Kind == Objects) || !among(b.Fields, a.Fields) {
		return false
	}
	keys := o.keysBy(w)
	shared, labels := 0, 0
	for _, key := range keys {
		if key != "" {
			labels++
			if w.known[key] {
				shared++
			}
		}
	}
	if float64(shared) < sharedMost*float64(labels) {
		return false
	}
	b := newBayes()
	for i, key := range w.keys {
		if key != "" {
			b.learn(w.texts[i], key)
		}
	}
	var t toll
	for i, key := range keys {
		if w.known[key] {
			t.judge(key, b.answer(o.texts[i]))
		}
	}
	told, off := t.beyond()
	return t.judged >= judgedLeast && told >= transferred*w.own && told-2*off >= surely
}

// toll counts how often answers are foretold.
type toll struct {
	judged, right int
	times         map[string]int
}

func (t *toll) judge(key, foretold string) {
	if t.times == nil {
		t.times = map[string]int{}
	}
	t.judged++
	t.times[key]++
	if key == foretold {
		t.right++
	}
}

// beyond is the share of right answers beyond that of the most frequent one, of what could be, with its standard error.
func (t *toll) beyond() (share, off float64) {
	if t.judged == 0 {
		return 0, 0
	}
	most := 0
	for _, n := range t.times {
		most = max(most, n)
	}
	n := float64(t.judged)
	right, chance := float64(t.right)/n, float64(most)/n
	if chance >= 1 {
		return 0, 0
	}
	return (right - chance) / (1 - chance), math.Sqrt(right*(1-right)/n) / (1 - chance)
}

// with is a group with the calls of others.
func (g *Group) with(others []*way, calls []Call) Group {
	out := *g
	var rows []row
	add := func(from *Group) {
		for i, c := range from.Calls {
			rows = append(rows, row{c, from.Inputs[i]})
		}
	}
	add(g)
	out.Further = slices.Clone(g.Further)
	for _, w := range others {
		add(w.group)
		out.Further = append(append(out.Further, w.group.Template), w.group.Further...)
	}
	out.fill(rows, calls)
	return out
}
