// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package student

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// node is one schema inside a JSON Schema.
type node struct {
	path string
	at   map[string]json.RawMessage
}

func readNode(raw []byte, path string) (node, error) {
	n := node{path: path}
	if err := json.Unmarshal(raw, &n.at); err != nil || n.at == nil {
		return n, &SchemaError{path, "no JSON object", ""}
	}
	return n, nil
}

// advice says what to do about keywords that are known but not learned.
var advice = map[string]string{
	"anyOf": "write one object with optional fields", "oneOf": "write one object with optional fields", "allOf": "write the fields into one object",
	"$ref": "write the schema out", "$defs": "write the schemas out",
	"pattern": "check it behind the student", "minLength": "check it behind the student", "maxLength": "check it behind the student",
	"minimum": "check it behind the student", "maximum": "check it behind the student", "multipleOf": "check it behind the student",
	"minItems": "check it behind the student", "maxItems": "check it behind the student", "uniqueItems": "check it behind the student",
	"const": "use enum",
}

// only reports the first keyword that is neither among those known nor a mere note.
func (n node) only(known ...string) error {
	notes := []string{"title", "description", "default", "examples", "example", "$schema", "$id", "$comment", "deprecated", "readOnly", "writeOnly"}
	for _, key := range slices.Sorted(maps.Keys(n.at)) {
		if slices.Contains(known, key) || slices.Contains(notes, key) {
			continue
		}
		return &SchemaError{below(n.path, key), "a student cannot keep to this", advice[key]}
	}
	return nil
}

// kind returns the type of a node and whether null is allowed beside it.
func (n node) kind() (string, bool, error) {
	raw, ok := n.at["type"]
	if !ok {
		if enum, ok := n.at["enum"]; ok {
			var numbers []float64
			if json.Unmarshal(enum, &numbers) == nil && len(numbers) > 0 {
				return "number", false, nil
			}
			return "string", false, nil
		}
		return "", false, &SchemaError{n.path, "no type", `add one, such as "type": "string"`}
	}
	var one string
	if json.Unmarshal(raw, &one) == nil {
		return one, false, nil
	}
	var several []string
	if err := json.Unmarshal(raw, &several); err != nil {
		return "", false, &SchemaError{n.path + "/type", "no name of a type", ""}
	}
	rest := slices.DeleteFunc(slices.Clone(several), func(s string) bool { return s == "null" })
	if len(rest) != 1 {
		return "", false, &SchemaError{n.path + "/type", fmt.Sprintf("%s are several types", strings.Join(several, ", ")), `choose one, with "null" (in quotes) beside it or not`}
	}
	return rest[0], len(rest) < len(several), nil
}

// ParseSchema reads a JSON Schema. What a student learns is a subset of it, objects whose properties are
//
//	{"type": "string", "enum": [...]}                          KindEnum
//	{"type": "number", "enum": [...]}                          KindEnum, Numeric; integers too
//	{"type": "array", "items": {"type": "string", "enum": …}}  KindEnums; numbers too
//	{"type": "boolean"}                                        KindBool
//	{"type": "string"}                                         KindSpan: copied from the text, not free
//	{"type": "array", "items": {"type": "string"}}             KindSpans
//	{"type": "number"}, {"type": "integer"}                    KindNumber
//	{"type": "array", "items": {"type": "number"}}             KindNumbers; integers too
//	{"type": "string", "format": "date"}                       KindDate
//	{"type": "array", "items": {"type": "string", "format": "date"}}  KindDates
//	{"type": "object", "properties": …}                        fields with a Path
//
// each optional or required, and with null beside the type or not; or one of these alone, but for enums of strings, which are
// labels. A field that must be there in an object that need not be is refused, since one would depend on the other. Titles,
// descriptions and the like are passed over. Anything else is a *[SchemaError]: a student that ignored a rule would break it.
func ParseSchema(raw []byte) (*Schema, error) {
	root, err := readNode(raw, "")
	if err != nil {
		return nil, err
	}
	s := &Schema{}
	kind, nullable, err := root.kind()
	switch {
	case err != nil:
		return nil, err
	case kind == "object" && nullable:
		return nil, &SchemaError{"/type", "the answer may be null", "let its fields be missing instead"}
	case kind == "object":
		if err := s.parseObject(root, nil); err != nil {
			return nil, err
		}
		return s, s.Check()
	}
	f := Field{Name: bareName, Required: true, Nullable: nullable}
	if err := f.parse(root, kind); err != nil {
		return nil, err
	}
	if f.Kind == KindEnum && !f.Numeric {
		return nil, &SchemaError{"/enum", "the answer is one label", "a task whose answer is one label has output.enum"}
	}
	s.Fields, s.Bare = []Field{f}, true
	return s, s.Check()
}

// parseObject adds the fields of an object at a path.
func (s *Schema) parseObject(n node, path []string) error {
	if err := n.only("type", "properties", "required", "additionalProperties"); err != nil {
		return err
	}
	names, err := keys(n.at["properties"])
	if err != nil {
		return &SchemaError{n.path + "/properties", err.Error(), `want an object such as {"name": {"type": "string"}}`}
	}
	properties := map[string]json.RawMessage{}
	_ = json.Unmarshal(n.at["properties"], &properties) // keys has read it
	var required []string
	if raw, ok := n.at["required"]; ok && json.Unmarshal(raw, &required) != nil {
		return &SchemaError{n.path + "/required", "no list of names", ""}
	}
	for _, name := range required {
		if !slices.Contains(names, name) {
			return &SchemaError{n.path + "/required", fmt.Sprintf("%q is not among the properties", name), "add it or leave it out"}
		}
	}
	for _, name := range names {
		inner, err := readNode(properties[name], below(n.path+"/properties", name))
		if err != nil {
			return err
		}
		if err := s.parseProperty(inner, append(slices.Clone(path), name), slices.Contains(required, name)); err != nil {
			return err
		}
	}
	return nil
}

// parseProperty adds one property of an object: a field, or the fields of an object in it.
func (s *Schema) parseProperty(n node, path []string, required bool) error {
	kind, nullable, err := n.kind()
	if err != nil {
		return err
	}
	if kind == "object" {
		if len(path) > maxDepth {
			return &SchemaError{n.path, fmt.Sprintf("objects lie more than %d deep in each other", maxDepth), "flatten them"}
		}
		s.Objects = append(s.Objects, Inner{Path: path, Required: required, Nullable: nullable})
		return s.parseObject(n, path)
	}
	f := Field{Name: strings.Join(path, "."), Required: required, Nullable: nullable}
	if len(path) > 1 {
		f.Path = path
	}
	if err := f.parse(n, kind); err != nil {
		return err
	}
	s.Fields = append(s.Fields, f)
	return nil
}

// parse reads the kind of a field from a node of a type that is no object.
func (f *Field) parse(n node, kind string) (err error) {
	switch kind {
	case "boolean":
		f.Kind = KindBool
		return n.only("type")
	case "number", "integer", "string":
		return f.parseItem(n, kind, f.Nullable)
	case "array":
		return f.parseList(n)
	}
	return &SchemaError{n.path + "/type", fmt.Sprintf("%q is not learned", kind), "what is learned are strings from the text, enums, booleans, numbers, dates, lists of these but booleans, and objects of them"}
}

// parseItem reads the kind of what is a value by itself, or in a list.
func (f *Field) parseItem(n node, kind string, nullable bool) (err error) {
	if kind == "string" {
		f.Kind, f.Values, err = n.text(nullable)
		return err
	}
	f.Kind, f.Integer = KindNumber, kind == "integer"
	if _, ok := n.at["enum"]; ok {
		f.Kind, f.Numeric, f.Integer = KindEnum, true, false
		if err := n.only("type", "enum"); err != nil {
			return err
		}
		f.Values, err = n.numbers(kind == "integer", nullable)
		return err
	}
	if err := n.bounded(); err != nil {
		return err
	}
	return n.only("type")
}

// parseList reads the kind of the items of a list.
func (f *Field) parseList(n node) error {
	if err := n.only("type", "items"); err != nil {
		return err
	}
	items, err := readNode(n.at["items"], n.path+"/items")
	if err != nil {
		return &SchemaError{n.path + "/items", "it is not said what is in the list", `add it, such as "items": {"type": "string"}`}
	}
	kind, null, err := items.kind()
	const teacher = "leave the task to its teacher, or to a generative student"
	switch {
	case err != nil:
		return err
	case null:
		return &SchemaError{items.path + "/type", "items may be null", "leave null out: what is not there is not in the list"}
	case kind == "object":
		return &SchemaError{items.path, "a list of objects is not learned: no student here tells which values belong together",
			"make each of its fields a list of its own, or " + teacher}
	case kind == "array" || kind == "boolean":
		return &SchemaError{items.path, fmt.Sprintf("a list of values of type %s is not learned", kind), teacher}
	case kind != "string" && kind != "number" && kind != "integer":
		return &SchemaError{items.path + "/type", fmt.Sprintf("%q is not learned", kind), "lists of strings from the text, enums, numbers and dates are"}
	}
	if err := f.parseItem(items, kind, false); err != nil {
		return err
	}
	f.Kind = map[Kind]Kind{KindEnum: KindEnums, KindSpan: KindSpans, KindNumber: KindNumbers, KindDate: KindDates}[f.Kind]
	return nil
}

// bounded refuses bounds of numbers; where they leave few whole ones, these can be listed.
func (n node) bounded() error {
	var least, most int64
	if json.Unmarshal(n.at["minimum"], &least) != nil || json.Unmarshal(n.at["maximum"], &most) != nil || most < least || most-least >= 20 {
		return nil // only says what is wrong
	}
	var list []string
	for i := least; i <= most; i++ {
		list = append(list, strconv.FormatInt(i, 10))
	}
	return &SchemaError{n.path + "/minimum", "a student cannot keep to this",
		fmt.Sprintf(`list the values, "enum": [%s], or leave the bounds out to have the number read from the text`, strings.Join(list, ", "))}
}

// numbers reads the values of an enum of numbers.
func (n node) numbers(whole, nullable bool) ([]string, error) {
	var values []*json.Number
	decoder := json.NewDecoder(bytes.NewReader(n.at["enum"]))
	decoder.UseNumber()
	if err := decoder.Decode(&values); err != nil || bytes.ContainsRune(n.at["enum"], '"') {
		return nil, &SchemaError{n.path + "/enum", "not all values are numbers", "write them as numbers, or the type as string"}
	}
	var known []string
	for _, v := range values {
		if v == nil && nullable {
			continue
		}
		if v == nil {
			return nil, &SchemaError{n.path + "/enum", "null is not of the type", `write "type": ["number", "null"]`}
		}
		said := shortest(*v)
		if said == "" || whole && strings.Contains(said, ".") {
			return nil, &SchemaError{n.path + "/enum", fmt.Sprintf("%s is not of the type", *v), ""}
		}
		known = append(known, said)
	}
	return known, nil
}

// shortest returns a number in its shortest form without powers of ten; empty where it has none.
func shortest(n json.Number) string {
	x, err := n.Float64()
	if err != nil {
		return ""
	}
	return strconv.FormatFloat(x+0, 'f', -1, 64) // +0 turns -0 into 0
}

// text returns the kind of a string, and its values if it is an enum.
func (n node) text(nullable bool) (Kind, []string, error) {
	if err := n.only("type", "enum", "format"); err != nil {
		return "", nil, err
	}
	if raw, ok := n.at["enum"]; ok {
		var values []*string
		if err := json.Unmarshal(raw, &values); err != nil {
			return "", nil, &SchemaError{n.path + "/enum", "not all values are strings", "write them as strings"}
		}
		var known []string
		for _, v := range values {
			if v != nil {
				known = append(known, *v)
			} else if !nullable {
				return "", nil, &SchemaError{n.path + "/enum", "null is not of the type", `write "type": ["string", "null"]`}
			}
		}
		return KindEnum, known, nil
	}
	if raw, ok := n.at["format"]; ok {
		if string(bytes.TrimSpace(raw)) != `"date"` {
			return "", nil, &SchemaError{n.path + "/format", fmt.Sprintf("%s is not learned", raw), `"date" is; leave format out to have the string copied from the text`}
		}
		return KindDate, nil, nil
	}
	return KindSpan, nil, nil
}

// keys returns the keys of a JSON object in their order, each once.
func keys(raw []byte) ([]string, error) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	if open, err := decoder.Token(); err != nil || open != json.Delim('{') {
		return nil, errors.New("no JSON object")
	}
	var names []string
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return nil, err
		}
		var skipped json.RawMessage
		if err := decoder.Decode(&skipped); err != nil {
			return nil, err
		}
		if slices.Contains(names, name.(string)) {
			return nil, fmt.Errorf("the key %q is there twice", name)
		}
		names = append(names, name.(string))
	}
	return names, nil
}
