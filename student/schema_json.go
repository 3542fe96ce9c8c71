// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package student

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
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
	"const": "use enum", "properties": "flatten objects inside objects into fields of one object, or leave the task to its teacher",
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
		if _, enum := n.at["enum"]; enum {
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

func parseField(name string, raw json.RawMessage) (Field, error) {
	path := pointerTo(name)
	n, err := readNode(raw, path)
	if err != nil {
		return Field{}, err
	}
	kind, nullable, err := n.kind()
	if err != nil {
		return Field{}, err
	}
	f := Field{Name: name, Nullable: nullable}
	switch kind {
	case "boolean":
		f.Kind = KindBool
		return f, n.only("type")
	case "number", "integer":
		f.Kind, f.Integer = KindNumber, kind == "integer"
		return f, n.only("type")
	case "string":
		f.Kind, f.Values, err = n.text(nullable)
		return f, err
	case "array":
		if err := n.only("type", "items"); err != nil {
			return f, err
		}
		items, err := readNode(n.at["items"], path+"/items")
		if err != nil {
			return f, err
		}
		if inner, null, err := items.kind(); err != nil || inner != "string" || null {
			return f, &SchemaError{items.path, "the items are no strings", "lists of enums and of spans are learned; leave other lists to the teacher"}
		}
		single, values, err := items.text(false)
		if single == KindDate {
			return f, &SchemaError{items.path, "lists of dates are not learned", "name each date as a field of its own"}
		}
		f.Kind, f.Values = map[Kind]Kind{KindEnum: KindEnums, KindSpan: KindSpans}[single], values
		return f, err
	case "object":
		return f, &SchemaError{path, "an object inside an object is not learned", advice["properties"]}
	}
	return f, &SchemaError{path + "/type", fmt.Sprintf("%q is not learned", kind), "kinds learned are strings from the text, enums, booleans, numbers, dates, and lists of the first two"}
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
