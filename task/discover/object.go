// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package discover

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// inferObjects returns the fields of answers that are JSON objects; those of objects inside have a path. A few may be otherwise: cut
// off, with a field that others do not have, or with a value of another type. They are outside.
func inferObjects(inputs, answers []string) (Contract, bool) {
	t := grid{columns: map[string]*column{}, insides: map[string][]int{}}
	odd := map[int]bool{}
	for i, a := range answers {
		var object map[string]any
		if json.Unmarshal([]byte(objectOf(a)), &object) != nil {
			odd[i] = true
			continue
		}
		t.add(i, nil, object, inputs[i])
	}
	most := (1 - keeping) * float64(len(answers))
	if float64(len(odd)) > most || len(t.columns) == 0 {
		return Contract{}, false
	}
	c := Contract{Kind: Objects}
	for _, key := range slices.Sorted(maps.Keys(t.columns)) {
		col := t.columns[key]
		f, others := col.form()
		if inside := t.insides[key]; len(inside) > 0 { // an object at times, and at others none
			if len(inside) > len(col.values) {
				others, f = col.valued(), form{none: true}
			} else {
				others = append(others, inside...)
			}
		}
		for _, i := range others {
			odd[i] = true
		}
		if float64(len(odd)) > most {
			return Contract{Kind: Text, Objects: true, Why: fmt.Sprintf("field %q: %s", col.name(), col.mixed())}, true
		}
		if f.none {
			continue
		}
		field, why := f.field(col.path)
		if why == "" {
			c.Fields = append(c.Fields, field)
			continue
		}
		for _, i := range col.rows() {
			odd[i] = true
		}
		if float64(len(odd)) > most {
			return Contract{Kind: Text, Objects: true, Why: fmt.Sprintf("field %q: %s", col.name(), why)}, true
		}
	}
	t.require(c.Fields, len(answers), odd)
	if c.Outside = len(odd); len(c.Fields) == 0 {
		return Contract{Kind: Text, Objects: true, Why: "the objects have no field that can be learned"}, true
	}
	return c, true
}

// grid has the columns of objects, and where objects are inside, by their paths.
type grid struct {
	columns map[string]*column
	insides map[string][]int // objects that have an object there
}

func keyOfPath(path []string) string { return strings.Join(path, "\x00") }

// add notes the values of an object, and of those inside.
func (t *grid) add(at int, path []string, object map[string]any, input string) {
	for name, v := range object {
		path := append(slices.Clone(path), name)
		key := keyOfPath(path)
		if inside, ok := v.(map[string]any); ok && len(inside) > 0 {
			t.insides[key] = append(t.insides[key], at)
			t.add(at, path, inside, input)
			continue
		}
		if t.columns[key] == nil {
			t.columns[key] = &column{path: path}
		}
		if _, empty := v.(map[string]any); empty { // as good as none
			v = nil
		}
		t.columns[key].add(at, v, input)
	}
}

// require notes which fields have a value in all objects but the odd ones. One that is inside an object that is missing at times is not required: a
// student decides about each field apart.
func (t *grid) require(fields []Field, objects int, odd map[int]bool) {
	for i := range fields {
		f := &fields[i]
		f.Required = t.columns[keyOfPath(f.path())].always(objects, odd)
	}
}

// objectOf returns the JSON object of an answer, whatever stands around it; the answer where there is none.
func objectOf(answer string) string {
	from := strings.IndexByte(answer, '{')
	if from < 0 {
		return answer
	}
	d := json.NewDecoder(strings.NewReader(answer[from:]))
	var object json.RawMessage
	if d.Decode(&object) != nil || strings.Contains(answer[from+int(d.InputOffset()):], "{") {
		return answer
	}
	return string(object)
}

// column is what a field held in all objects.
type column struct {
	path   []string
	nulls  []int // objects that have it as null
	values []value
}

// value is what a field held in one object.
type value struct {
	object int
	list   bool
	items  []any // one, or those of the list
	copied int   // of the strings, those that are in the input
}

func (c *column) add(object int, v any, input string) {
	one := value{object: object}
	switch v := v.(type) {
	case nil:
		c.nulls = append(c.nulls, object)
		return
	case []any:
		one.list, one.items = true, v
	default:
		one.items = []any{v}
	}
	for _, item := range one.items {
		if s, ok := item.(string); ok && strings.Contains(fold(input), fold(s)) {
			one.copied++
		}
	}
	c.values = append(c.values, one)
}

func (c *column) name() string { return strings.Join(c.path, ".") }

// valued returns the objects that have a value of the field.
func (c *column) valued() (rows []int) {
	for i := range c.values {
		rows = append(rows, c.values[i].object)
	}
	return rows
}

// rows returns the objects that have the field.
func (c *column) rows() []int {
	return append(slices.Clone(c.nulls), c.valued()...)
}

// always says whether all objects but the odd ones have a value.
func (c *column) always(objects int, odd map[int]bool) bool {
	n := 0
	for i := range c.values {
		if !odd[c.values[i].object] {
			n++
		}
	}
	return n == objects-len(odd)
}

// typeOf is the type of a value, as JSON Schema names it but for whole numbers.
func typeOf(item any) string {
	switch item.(type) {
	case string:
		return "string"
	case float64:
		return "number"
	case bool:
		return "boolean"
	}
	return "object"
}

// typed returns the one type of a value's items: empty when they have several or there are none.
func (v *value) typed() (kind string, mixed bool) {
	for _, item := range v.items {
		if t := typeOf(item); kind != "" && t != kind {
			return "", true
		} else {
			kind = t
		}
	}
	return kind, false
}

// form is the type that most values of a column have.
type form struct {
	kind   string
	list   bool
	values []any
	copied int
	none   bool // it is an object, whose fields are columns of their own
}

// form returns what most values are, and the objects whose value is otherwise.
func (c *column) form() (f form, others []int) {
	kinds, lists := map[string]int{}, 0
	for i := range c.values {
		kind, _ := c.values[i].typed()
		if kind != "" {
			kinds[kind]++
		}
		if c.values[i].list {
			lists++
		}
	}
	f.list = 2*lists > len(c.values)
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		if kinds[kind] > kinds[f.kind] {
			f.kind = kind
		}
	}
	for i := range c.values {
		v := &c.values[i]
		kind, mixed := v.typed()
		if mixed || v.list != f.list || kind != "" && kind != f.kind {
			others = append(others, v.object)
			continue
		}
		f.values = append(f.values, v.items...)
		f.copied += v.copied
	}
	return f, others
}

// mixed says in what the values of a column differ.
func (c *column) mixed() string {
	lists := 0
	for i := range c.values {
		if c.values[i].list {
			lists++
		}
	}
	if lists > 0 && lists < len(c.values) {
		return "it is a list at times"
	}
	return "values have several types"
}

// field says what a column is, or why it is nothing that can be learned.
func (f *form) field(path []string) (Field, string) {
	out := Field{Name: strings.Join(path, "."), List: f.list, Type: f.kind}
	if len(path) > 1 {
		out.Path = path
	}
	switch f.kind {
	case "object":
		return out, "lists of objects, or of lists, are nothing that a student here learns"
	case "number":
		if !slices.ContainsFunc(f.values, func(v any) bool { n := v.(float64); return n != float64(int64(n)) }) {
			out.Type = "integer"
		}
	case "":
		out.Type = "string"
	case "string":
		why := f.strings(&out)
		return out, why
	}
	return out, ""
}

// strings says what the strings of a column are.
func (f *form) strings(out *Field) (why string) {
	all := make([]string, len(f.values))
	for i, v := range f.values {
		all[i], _ = v.(string)
	}
	set := closed(all)
	isSet := set.unseen <= mostUnseen && !set.loose(len(all)) && len(set.labels) <= mostLabels && len(set.labels) > 0
	switch isCopy := float64(f.copied) >= keeping*float64(len(all)); {
	case isSet && !isCopy:
		out.Labels = set.labels
	case !isCopy:
		return "its strings are neither of a closed set nor pieces of the input"
	}
	return ""
}
