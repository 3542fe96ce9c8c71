// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package discover

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"
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
	Kind    Kind     `json:"kind"`
	Labels  []string `json:"labels,omitempty"` // as most answers spell them, sorted
	Fields  []Field  `json:"fields,omitempty"` // sorted by name
	Outside int      `json:"outside"`          // answers that do not keep to it
	Unseen  float64  `json:"unseen"`           // estimated chance that the next answer is a label that was not seen yet
	Why     string   `json:"why,omitempty"`    // why there is no contract
}

// Field is a field of objects.
type Field struct {
	Name     string   `json:"name"`
	Type     string   `json:"type"`             // string, number, integer, boolean, as JSON Schema names them
	List     bool     `json:"list,omitempty"`   // a list of such
	Labels   []string `json:"labels,omitempty"` // of a string that is not a piece of the input
	Required bool     `json:"required,omitempty"`
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
	set, outside, unseen := closed(answers)
	switch {
	case unseen > mostUnseen:
		return Contract{Kind: Text, Unseen: unseen, Why: "answers are free text: new ones keep coming"}
	case len(set) > mostLabels:
		return Contract{Kind: Text, Unseen: unseen, Why: "answers are too many to be labels"}
	case len(set) < 2:
		return Contract{Kind: Text, Unseen: unseen, Why: "all answers are the same"}
	}
	return Contract{Kind: Labels, Labels: set, Outside: outside, Unseen: unseen}
}

// closed returns the labels of answers, how many answers are none of them, and the chance that the next is new.
func closed(answers []string) (set []string, outside int, unseen float64) {
	type label struct {
		count     int
		spellings map[string]int
	}
	by := map[string]*label{}
	for _, a := range answers {
		bare := bareOf(a)
		if len(bare) > longestLabel || bare == "" {
			outside++
			continue
		}
		key := fold(bare)
		l := by[key]
		if l == nil {
			l = &label{spellings: map[string]int{}}
			by[key] = l
		}
		l.count++
		l.spellings[bare]++
	}
	once := outside
	for _, l := range by {
		if l.count == 1 {
			once++
		}
		if l.count < 2 || float64(l.count) < rarest*float64(len(answers)) {
			outside += l.count
			continue
		}
		set = append(set, most(l.spellings))
	}
	slices.Sort(set)
	return set, outside, float64(once) / float64(max(1, len(answers)))
}

// bareOf returns an answer without what models put around a label: blanks, quotes, a full stop.
func bareOf(answer string) string {
	return strings.TrimSpace(strings.Trim(strings.TrimSuffix(strings.TrimSpace(answer), "."), "\"'`*"))
}

// fold returns what labels that are the same share: neither case nor blanks count.
func fold(label string) string { return strings.ToLower(strings.Join(strings.Fields(label), " ")) }

// most returns the most frequent spelling.
func most(spellings map[string]int) string {
	names := slices.Sorted(maps.Keys(spellings))
	return slices.MaxFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(spellings[a], spellings[b]), strings.Compare(b, a))
	})
}

// inferObjects returns the fields of answers that are JSON objects.
func inferObjects(inputs, answers []string) (Contract, bool) {
	values := map[string]*column{}
	objects := 0
	for i, a := range answers {
		var object map[string]any
		if json.Unmarshal([]byte(unfenced(a)), &object) != nil {
			continue
		}
		objects++
		for name, v := range object {
			if values[name] == nil {
				values[name] = &column{}
			}
			values[name].add(v, inputs[i])
		}
	}
	if float64(objects) < keeping*float64(len(answers)) || len(values) == 0 {
		return Contract{}, false
	}
	c := Contract{Kind: Objects, Outside: len(answers) - objects}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		field, why := values[name].field(name, objects)
		if why != "" {
			return Contract{Kind: Text, Why: "field " + name + ": " + why}, true
		}
		c.Fields = append(c.Fields, field)
	}
	return c, true
}

// unfenced returns an answer without the code fence around it.
func unfenced(answer string) string {
	bare, fenced := strings.CutPrefix(strings.TrimSpace(answer), "```")
	if !fenced {
		return answer
	}
	bare = strings.TrimPrefix(bare, "json")
	return strings.TrimSuffix(strings.TrimSpace(bare), "```")
}

// column is what a field held in all objects.
type column struct {
	objects  int // that have it, null counted
	nulls    int
	lists    int
	numbers  int
	whole    int
	booleans int
	strings  []string
	copied   int // of the strings, those that are in the input
	others   int
}

func (c *column) add(v any, input string) {
	c.objects++
	switch v := v.(type) {
	case nil:
		c.nulls++
	case []any:
		c.lists++
		for _, item := range v {
			c.value(item, input)
		}
	default:
		c.value(v, input)
	}
}

func (c *column) value(v any, input string) {
	switch v := v.(type) {
	case string:
		c.strings = append(c.strings, v)
		if strings.Contains(fold(input), fold(v)) {
			c.copied++
		}
	case float64:
		c.numbers++
		if v == float64(int64(v)) {
			c.whole++
		}
	case bool:
		c.booleans++
	default:
		c.others++
	}
}

// field says what a column is, or why it is nothing that can be learned.
func (c *column) field(name string, objects int) (Field, string) {
	f := Field{Name: name, List: c.lists > 0, Required: c.objects == objects && c.nulls == 0}
	kinds := 0
	for _, n := range []int{c.numbers, c.booleans, len(c.strings), c.others} {
		if n > 0 {
			kinds++
		}
	}
	switch {
	case c.others > 0:
		return f, "objects inside objects are not learned"
	case kinds > 1:
		return f, "values have several types"
	case c.lists > 0 && c.lists+c.nulls < c.objects:
		return f, "it is a list at times"
	case c.numbers > 0 && c.whole == c.numbers:
		f.Type = "integer"
	case c.numbers > 0:
		f.Type = "number"
	case c.booleans > 0:
		f.Type = "boolean"
	default:
		f.Type = "string"
		set, outside, unseen := closed(c.strings)
		isSet := unseen <= mostUnseen && float64(outside) <= (1-keeping)*float64(len(c.strings)) && len(set) <= mostLabels && len(set) > 0
		isCopy := float64(c.copied) >= keeping*float64(len(c.strings))
		switch {
		case isSet && !isCopy:
			f.Labels = set
		case !isCopy:
			return f, "its strings are neither of a closed set nor pieces of the input"
		}
	}
	return f, ""
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
