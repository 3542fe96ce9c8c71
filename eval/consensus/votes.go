// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package consensus

import (
	"fmt"
	"slices"
)

// None stands for no vote, and for a true class that is not known.
const None = -1

// Votes are the answers of several answerers to the same items.
type Votes struct {
	Answerers []string
	Classes   []string
	Items     []string // names of the rows, where they have any
	Rows      [][]int  // for each item, for each answerer: the index of the class it said, or None
}

// Vote is one answer.
type Vote struct{ Item, Answerer, Class string }

// Tabulate sorts votes into rows. Items stay in the order in which they first come, answerers and classes are sorted; of
// several votes of an answerer on one item the last counts. Classes for which nobody voted may be given beside.
func Tabulate(votes []Vote, classes ...string) *Votes {
	v := &Votes{Classes: slices.Clone(classes)}
	rows := map[string]int{}
	for i := range votes {
		v.Classes = append(v.Classes, votes[i].Class)
		v.Answerers = append(v.Answerers, votes[i].Answerer)
		if _, known := rows[votes[i].Item]; !known {
			rows[votes[i].Item] = len(v.Items)
			v.Items = append(v.Items, votes[i].Item)
		}
	}
	slices.Sort(v.Classes)
	slices.Sort(v.Answerers)
	v.Classes, v.Answerers = slices.Compact(v.Classes), slices.Compact(v.Answerers)
	v.Rows = make([][]int, len(v.Items))
	for i := range v.Rows {
		v.Rows[i] = slices.Repeat([]int{None}, len(v.Answerers))
	}
	classOf, answererOf := places(v.Classes), places(v.Answerers)
	for i := range votes {
		v.Rows[rows[votes[i].Item]][answererOf[votes[i].Answerer]] = classOf[votes[i].Class]
	}
	return v
}

// Gold returns the true class of each row by the names of the items; None where truth has none, or one that is no class.
func (v *Votes) Gold(truth map[string]string) []int {
	classOf := places(v.Classes)
	gold := make([]int, len(v.Rows))
	for i := range gold {
		gold[i] = None
		if i < len(v.Items) {
			if k, ok := classOf[truth[v.Items[i]]]; ok {
				gold[i] = k
			}
		}
	}
	return gold
}

func places(names []string) map[string]int {
	at := make(map[string]int, len(names))
	for i, name := range names {
		at[name] = i
	}
	return at
}

// check reports the first thing wrong with votes.
func (v *Votes) check() error {
	switch {
	case len(v.Classes) == 0:
		return fmt.Errorf("there are no classes")
	case len(v.Answerers) == 0:
		return fmt.Errorf("there are no answerers")
	case len(v.Rows) == 0:
		return fmt.Errorf("there are no items")
	}
	if name, twice := repeated(v.Classes); twice {
		return fmt.Errorf("the class %q is there twice", name)
	}
	if name, twice := repeated(v.Answerers); twice {
		return fmt.Errorf("the answerer %q is there twice", name)
	}
	for i, row := range v.Rows {
		if len(row) != len(v.Answerers) {
			return fmt.Errorf("row %d has %d votes for %d answerers", i, len(row), len(v.Answerers))
		}
		for a, said := range row {
			if said < None || said >= len(v.Classes) {
				return fmt.Errorf("row %d: %s voted for class %d of %d", i, v.Answerers[a], said, len(v.Classes))
			}
		}
	}
	return nil
}

func repeated(names []string) (string, bool) {
	seen := make(map[string]bool, len(names))
	for _, name := range names {
		if seen[name] {
			return name, true
		}
		seen[name] = true
	}
	return "", false
}
