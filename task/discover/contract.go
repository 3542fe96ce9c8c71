// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package discover

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"retort/task"
)

// Kind is what answers are.
type Kind string

// The kinds of answers.
const (
	Labels  Kind = "labels"  // one of a closed set
	Objects Kind = "objects" // JSON objects with the fields of a schema
	Text    Kind = "text"    // neither
)

// Contract is what answers keep to.
type Contract struct {
	Kind    Kind           `json:"kind"`
	Labels  []string       `json:"labels,omitempty"` // as most answers spell them, sorted
	Fields  []Field        `json:"fields,omitempty"` // sorted by name
	Outside int            `json:"outside"`          // answers that do not keep to it
	Unseen  float64        `json:"unseen"`           // estimated chance that the next answer is a label that was not seen yet
	Why     string         `json:"why,omitempty"`    // why there is no contract
	Objects bool           `json:"-"`                // answers are objects, though they keep to no contract
	times   map[string]int // answers by label, as labels are spelled
}

// Field is a field of objects.
type Field struct {
	Name     string   `json:"name"`             // of one inside an object with a dot: address.city
	Path     []string `json:"path,omitempty"`   // of one inside an object: the names on the way to it, its own the last
	Type     string   `json:"type"`             // string, number, integer, boolean, as JSON Schema names them
	List     bool     `json:"list,omitempty"`   // a list of such
	Labels   []string `json:"labels,omitempty"` // of a string that is not a piece of the input
	Required bool     `json:"required,omitempty"`
}

// path is where the field is in objects.
func (f *Field) path() []string {
	if f.Path == nil {
		return []string{f.Name}
	}
	return f.Path
}

const (
	mostUnseen   = 0.02 // chance of a new label, for a set to count as closed
	longestLabel = 80   // bytes
	mostLabels   = 1000
	keeping      = 0.97 // share of answers that keep to a contract
	rarest       = 0.0005
)

// infer returns the contract that answers to inputs keep to.
func infer(inputs, answers []string) Contract {
	if c, ok := inferObjects(inputs, answers); ok {
		return c
	}
	return inferLabels(answers)
}

// inferLabels returns the closed set that answers come from.
func inferLabels(answers []string) Contract {
	s := closed(answers)
	c := Contract{Kind: Text, Unseen: s.unseen}
	switch {
	case s.recurrent < len(answers)/2:
		c.Why = "answers are free text: new ones keep coming"
	case s.unseen > mostUnseen:
		c.Why = fmt.Sprintf("answers may be labels, but too many of them were seen once to know them all: %d calls are not enough", len(answers))
	case s.loose(len(answers)):
		c.Why = whyLoose(s.outside, len(answers), len(s.labels))
	case len(s.labels) > mostLabels:
		c.Why = "answers are too many to be labels"
	case len(s.labels) < 2:
		c.Why = "all answers are the same"
	default:
		return Contract{Kind: Labels, Labels: s.labels, Outside: s.outside, Unseen: s.unseen, times: s.times}
	}
	return c
}

func whyLoose(outside, answers, labels int) string {
	return fmt.Sprintf("%d of %d answers are none of the %d labels of the others", outside, answers, labels)
}

// closedSet is what answers may be labels of.
type closedSet struct {
	labels    []string       // as most answers spell them, sorted
	recurrent int            // answers that are not the only one of their kind
	outside   int            // answers that are none of the labels
	unseen    float64        // estimated chance that the next answer is a new label
	times     map[string]int // answers by label
}

// loose says whether too many of so many answers are outside.
func (s *closedSet) loose(answers int) bool { return float64(s.outside) > (1-keeping)*float64(answers) }

// closed returns the set that answers come from. An answer that came once is a sign that more labels are to come; one that is
// much longer than all that came again is no label but a remark, and only outside.
func closed(answers []string) closedSet {
	type label struct {
		count     int
		spellings map[string]int
	}
	by := map[string]*label{}
	s := closedSet{times: map[string]int{}}
	for _, a := range answers {
		bare := bareOf(a)
		key := task.Fold(bare)
		if len(bare) > longestLabel || key == "" {
			s.outside++
			continue
		}
		l := by[key]
		if l == nil {
			l = &label{spellings: map[string]int{}}
			by[key] = l
		}
		l.count++
		l.spellings[bare]++
	}
	longest := 0
	for key, l := range by {
		if l.count > 1 {
			longest = max(longest, len(key))
			s.recurrent += l.count
		}
	}
	once := 0
	for key, l := range by {
		if l.count == 1 && len(key) <= longest+10 {
			once++
		}
		if l.count < 2 || float64(l.count) < rarest*float64(len(answers)) {
			s.outside += l.count
			continue
		}
		spelled := most(l.spellings)
		s.labels = append(s.labels, spelled)
		s.times[spelled] = l.count
	}
	slices.Sort(s.labels)
	s.unseen = float64(once) / float64(max(1, len(answers)))
	return s
}

// bareOf returns an answer without what models put around a label: blanks, quotes, a full stop.
func bareOf(answer string) string {
	return strings.TrimSpace(strings.Trim(strings.TrimSuffix(strings.TrimSpace(answer), "."), "\"'`*"))
}

// fold returns what pieces of a text share that are the same: neither case nor blanks count.
func fold(piece string) string { return strings.ToLower(strings.Join(strings.Fields(piece), " ")) }

// most returns the most frequent spelling.
func most(spellings map[string]int) string {
	names := slices.Sorted(maps.Keys(spellings))
	return slices.MaxFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(spellings[a], spellings[b]), strings.Compare(b, a))
	})
}

// same says whether two contracts are of one task: the same fields, or sets of labels that mostly meet.
func (c *Contract) same(d *Contract) bool {
	if c.Kind != d.Kind || c.Kind == Text {
		return false
	}
	if c.Kind == Objects {
		return slices.EqualFunc(c.Fields, d.Fields, func(a, b Field) bool { return a.Name == b.Name && a.Type == b.Type && a.List == b.List })
	}
	shared := 0
	for _, l := range c.Labels {
		if _, ok := slices.BinarySearch(d.Labels, l); ok {
			shared++
		}
	}
	return 2*shared >= min(len(c.Labels), len(d.Labels))
}
