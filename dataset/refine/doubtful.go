// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package refine

import (
	"encoding/json"
	"fmt"
	"strings"

	"retort/dataset"
	"retort/dataset/confident"
)

// note writes the report, the most suspicious first, and returns what is left of the examples.
func (d *Doubts) note(remove bool, note *notes) []dataset.Example {
	f := d.find()
	out := make([]bool, len(d.examples))
	for _, s := range f.Ranked[:f.Errors] {
		if s.Suggested < 0 || s.Score >= 0 {
			continue
		}
		e := &d.examples[s.Example]
		note.remove(remove, "label probably wrong", e, fmt.Sprintf("%s, perhaps %s (score %.2f)", e.Label, d.labels[s.Suggested], s.Score))
		out[s.Example] = remove
	}
	note.detail("judged", f.Judged)
	if d.learned > 0 && d.learned < len(d.examples) {
		note.detail("learned_from", d.learned)
	}
	if pairs := d.most(f.Pairs); len(pairs) > 0 {
		note.detail("often", pairs)
	}
	return only(d.examples, func(i int) bool { return !out[i] })
}

// most returns the labels most often written for another, in words.
func (d *Doubts) most(pairs []confident.Pair) []string {
	const shown = 10
	var out []string
	for _, p := range pairs[:min(shown, len(pairs))] {
		out = append(out, fmt.Sprintf("%s instead of %s: %d", d.labels[p.Given], d.labels[p.Believed], p.Examples))
	}
	return out
}

// unlearnable says why no model can judge the examples' labels; empty when one can.
func (d *Doubts) unlearnable() string {
	n := 0
	for _, label := range d.labels {
		if d.size[label] >= judgeable {
			n++
		}
	}
	switch {
	case objects(d.examples):
		return "the answers are objects"
	case len(d.size) < 2:
		return "there are no two labels"
	case n < 2:
		return fmt.Sprintf("no two labels have %d examples", judgeable)
	case n > mostLabels:
		return fmt.Sprintf("%d labels are too many; there may be %d", n, mostLabels)
	}
	return ""
}

// objects reports whether the answers are objects, by the first.
func objects(examples []dataset.Example) bool {
	return len(examples) > 0 && strings.HasPrefix(examples[0].Label, "{") && json.Valid([]byte(examples[0].Label))
}
