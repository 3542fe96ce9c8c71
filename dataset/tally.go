// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package dataset

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
)

// tally counts examples for a card.
type tally struct {
	card  Card
	forms map[string][]string // of each label however it is cased and spaced: its spellings
}

func newTally() tally {
	return tally{card: Card{Labels: map[string]int{}, Teachers: map[string]int{}}, forms: map[string][]string{}}
}

func (t *tally) add(e *Example) {
	c := &t.card
	c.Examples++
	c.Gold += int(flag(e.Gold))
	c.Hard += int(flag(e.Hard))
	if e.Soft != nil {
		c.Soft++
	}
	if _, known := c.Labels[e.Label]; known || len(c.Labels) < MaxLabels {
		if !known {
			form := Canonical(e.Label)
			t.forms[form] = append(t.forms[form], e.Label)
		}
		c.Labels[e.Label]++
	}
	if _, known := c.Teachers[e.Teacher]; e.Teacher != "" && (known || len(c.Teachers) < MaxLabels) {
		c.Teachers[e.Teacher]++
	}
}

// shownLabels is how many labels a card names.
const shownLabels = 1000

func (t *tally) result() Card {
	c := t.card
	c.Distinct = len(c.Labels)
	if len(c.Labels) > shownLabels {
		c.Labels = make(map[string]int, shownLabels)
		for _, label := range MostFrequent(t.card.Labels)[:shownLabels] {
			c.Labels[label] = t.card.Labels[label]
		}
	}
	c.Notes = t.notes()
	return c
}

// notes says which labels look like one that is spelled in several ways.
func (t *tally) notes() []string {
	var out []string
	for _, form := range slices.Sorted(maps.Keys(t.forms)) {
		const most = 10
		if spelled := t.forms[form]; len(spelled) > 1 && len(out) < most {
			out = append(out, fmt.Sprintf("labels that differ by case and blanks alone: %s; give them one spelling, or create the version with a task that has them", list(spelled)))
		}
	}
	return out
}

// MostFrequent returns the keys of counts, those with the highest counts first, equals in alphabetical order.
func MostFrequent(counts map[string]int) []string {
	return slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
}
