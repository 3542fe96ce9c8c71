// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package refine

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"retort/dataset"
)

// doubtful are the examples whose labels are probably wrong.
type doubtful struct {
	judged   int
	suspects []Suspect
	pairs    map[[2]string]int // label given and label believed
}

// add takes what is doubted of a part of the examples, of which rows are the places.
func (f *doubtful) add(d *Doubts, rows []int32) {
	found := d.table.Find()
	f.judged += found.Judged
	for _, s := range found.Ranked[:found.Errors] {
		if s.Suggested >= 0 && s.Score < 0 {
			f.suspects = append(f.suspects, Suspect{int(rows[s.Example]), d.labels[s.Suggested], s.Score})
		}
	}
	if f.pairs == nil {
		f.pairs = map[[2]string]int{}
	}
	for _, p := range found.Pairs {
		f.pairs[[2]string{d.labels[p.Given], d.labels[p.Believed]}] += p.Examples
	}
}

// note writes the report, the most suspicious first, and returns what is left of the examples.
func (f *doubtful) note(remove bool, examples []dataset.Example, note *notes) []dataset.Example {
	slices.SortFunc(f.suspects, func(a, b Suspect) int {
		return cmp.Or(cmp.Compare(a.Score, b.Score), cmp.Compare(a.Example, b.Example))
	})
	out := make([]bool, len(examples))
	for _, s := range f.suspects {
		e := &examples[s.Example]
		note.remove(remove, "label probably wrong", e, fmt.Sprintf("%s, perhaps %s (score %.2f)", e.Label, s.Suggested, s.Score))
		out[s.Example] = remove
	}
	note.detail("judged", f.judged)
	if pairs := f.most(); len(pairs) > 0 {
		note.detail("often", pairs)
	}
	return only(examples, func(i int) bool { return !out[i] })
}

// most returns the labels most often written for another, in words.
func (f *doubtful) most() []string {
	const shown = 10
	var names [][2]string
	for pair := range f.pairs {
		names = append(names, pair)
	}
	slices.SortFunc(names, func(a, b [2]string) int {
		return cmp.Or(cmp.Compare(f.pairs[b], f.pairs[a]), strings.Compare(a[0], b[0]), strings.Compare(a[1], b[1]))
	})
	var out []string
	for _, pair := range names[:min(shown, len(names))] {
		out = append(out, fmt.Sprintf("%s instead of %s: %d", pair[0], pair[1], f.pairs[pair]))
	}
	return out
}

// unlearnable says why no model can judge the examples' labels; empty when one can.
func unlearnable(examples []dataset.Example) string {
	if objects(examples) {
		return "the answers are objects"
	}
	for i := range examples {
		if examples[i].Label != examples[0].Label {
			return ""
		}
	}
	return "there are no two labels"
}

// objects reports whether the answers are objects, by the first.
func objects(examples []dataset.Example) bool {
	return len(examples) > 0 && strings.HasPrefix(examples[0].Label, "{") && json.Valid([]byte(examples[0].Label))
}

// blocks divides the examples into parts of about the same size, none much above block, by a hash of their texts.
func blocks(examples []dataset.Example, seed uint64) [][]int32 {
	parts := make([][]int32, (len(examples)+block-1)/block)
	for i := range examples {
		k := scatter(examples[i].Text, seed) % uint64(len(parts))
		parts[k] = append(parts[k], int32(i))
	}
	return slices.DeleteFunc(parts, func(p []int32) bool { return len(p) == 0 })
}

func pick(examples []dataset.Example, rows []int32) []dataset.Example {
	out := make([]dataset.Example, len(rows))
	for k, i := range rows {
		out[k] = examples[i]
	}
	return out
}
