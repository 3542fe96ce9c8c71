// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package task

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Object is answers that are JSON: objects, or single values where Bare says so.
type Object struct {
	Schema json.RawMessage // their JSON Schema, which a teacher is told; nil where there is no teacher
	// Bare answers are no objects. Teachers, whose upstreams insist on an object, give them as the field "answer" of one.
	Bare   bool
	Fields []string // names of its properties, in the order of the canonical form
	// Canonical checks an object that answers text and returns its canonical form: two objects mean the same if and only if
	// theirs are equal. What is canonical stays so. The error says what is outside the schema. Safe for concurrent use.
	Canonical func(text string, object []byte) ([]byte, error)
}

func (o *Object) canonical(input, answer string) (string, error) {
	said, err := o.Canonical(input, []byte(answer))
	return string(said), err
}

var (
	errNoObject   = errors.New("there is no JSON object in it")
	errTwoObjects = errors.New("there is more than one JSON object in it")
)

// read takes the one object of an answer, whatever stands around it; of bare answers also the value alone.
func (o *Object) read(input, answer string) (string, error) {
	if o.Bare {
		if said, err := o.canonical(input, fence.ReplaceAllString(strings.TrimSpace(answer), "")); err == nil {
			return said, nil
		}
	}
	from := strings.IndexByte(answer, '{')
	if from < 0 {
		return "", errNoObject
	}
	d := json.NewDecoder(strings.NewReader(answer[from:]))
	var object json.RawMessage
	if err := d.Decode(&object); err != nil {
		return "", fmt.Errorf("%w: %w", errNoObject, err)
	}
	if strings.Contains(answer[from+int(d.InputOffset()):], "{") {
		return "", errTwoObjects
	}
	if o.Bare {
		var fields map[string]json.RawMessage
		if err := json.Unmarshal(object, &fields); err != nil || len(fields) != 1 || fields[bareField] == nil {
			return "", fmt.Errorf("the object has not the one field %q", bareField)
		}
		object = fields[bareField]
	}
	return o.canonical(input, string(object))
}

// bareField holds a bare answer in a teacher's object.
const bareField = "answer"

// fence is what Markdown has around code.
var fence = regexp.MustCompile("^```[a-z]*\\s*|\\s*```$")

// told is the schema that teachers are told.
func (o *Object) told() json.RawMessage {
	if !o.Bare {
		return o.Schema
	}
	return slices.Concat(json.RawMessage(`{"type":"object","properties":{"`+bareField+`":`), o.Schema, json.RawMessage(`},"required":["`+bareField+`"]}`))
}

// shown is an answer as a teacher is to give it.
func (o *Object) shown(answer string) string {
	if !o.Bare {
		return answer
	}
	return `{"` + bareField + `":` + answer + `}`
}

func (o *Object) ask() wording {
	const alone = "Answer with one JSON object that keeps to the schema, and nothing else."
	a := wording{duty: "Extract what the message says.", word: "Answer", again: alone, tell: true, shown: o.shown,
		rules: alone + ` Copy strings from the message as they stand there. Leave out what it does not say, or give null where a value is required. The JSON Schema:
` + string(o.told()) + "\n"}
	if schema, err := complete(o.told()); err == nil {
		a.format = strict(schema)
	}
	return a
}

// complete returns a schema in the form that upstreams insist on to keep to it: there is every property and no other, and one
// that may be missing is null instead.
func complete(schema json.RawMessage) (json.RawMessage, error) {
	properties, names, err := completed(schema)
	if err != nil {
		return nil, err
	}
	return json.Marshal(struct {
		Type       string          `json:"type"`
		Properties json.RawMessage `json:"properties"`
		Required   []string        `json:"required"`
		Additional bool            `json:"additionalProperties"`
	}{"object", properties, names, false})
}

// completed returns the properties of an object in that form, in their order.
func completed(schema json.RawMessage) (properties json.RawMessage, names []string, err error) {
	var root struct {
		Properties json.RawMessage
		Required   []string
	}
	if err := json.Unmarshal(schema, &root); err != nil {
		return nil, nil, err
	}
	d := json.NewDecoder(bytes.NewReader(root.Properties))
	if _, err := d.Token(); err != nil {
		return nil, nil, err
	}
	properties = json.RawMessage{'{'}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return nil, nil, err
		}
		name, _ := token.(string)
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return nil, nil, err
		}
		property, err := completeProperty(raw)
		if err != nil {
			return nil, nil, err
		}
		if !slices.Contains(root.Required, name) {
			allowNull(property)
		}
		pair, err := json.Marshal(map[string]any{name: property})
		if err != nil {
			return nil, nil, err
		}
		if len(names) > 0 {
			properties = append(properties, ',')
		}
		names, properties = append(names, name), append(properties, pair[1:len(pair)-1]...)
	}
	return append(properties, '}'), names, nil
}

// completeProperty reads a property; one that is an object is completed itself.
func completeProperty(raw json.RawMessage) (map[string]any, error) {
	property := map[string]any{}
	if err := json.Unmarshal(raw, &property); err != nil {
		return nil, err
	}
	if _, inner := property["properties"]; !inner {
		return property, nil
	}
	properties, names, err := completed(raw)
	if err != nil {
		return nil, err
	}
	property["properties"], property["required"], property["additionalProperties"] = properties, names, false
	return property, nil
}

// allowNull lets the value of a property be null.
func allowNull(property map[string]any) {
	values, enum := property["enum"].([]any)
	switch kind := property["type"].(type) {
	case string:
		property["type"] = []any{kind, "null"}
	case []any:
		if slices.Contains(kind, any("null")) {
			return
		}
		property["type"] = append(kind, "null")
	default:
		property["type"] = []any{typeOf(values), "null"} // an enum may be without
	}
	if enum && !slices.Contains(values, nil) {
		property["enum"] = append(values, nil)
	}
}

// typeOf is the type of the values of an enum.
func typeOf(values []any) string {
	if len(values) > 0 {
		if _, ok := values[0].(float64); ok {
			return "number"
		}
	}
	return "string"
}
