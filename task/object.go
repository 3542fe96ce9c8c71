// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package task

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Object is answers that are JSON objects.
type Object struct {
	Schema json.RawMessage // a JSON Schema of type object, which a teacher is told; nil where there is no teacher
	Fields []string        // names of its properties, in the order of the canonical form
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

// read takes the one object of an answer, whatever stands around it.
func (o *Object) read(input, answer string) (string, error) {
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
	return o.canonical(input, string(object))
}

func (o *Object) ask() wording {
	const alone = "Answer with one JSON object that keeps to the schema, and nothing else."
	a := wording{duty: "Extract what the message says.", word: "Answer", again: alone, tell: true,
		rules: alone + ` Copy strings from the message as they stand there. Leave out what it does not say, or give null where a value is required. The JSON Schema:
` + string(o.Schema) + "\n"}
	if schema, err := complete(o.Schema); err == nil {
		a.format = strict(schema)
	}
	return a
}

// complete returns a schema in the form that upstreams insist on to keep to it: there is every property and no other, and one
// that may be missing is null instead.
func complete(schema json.RawMessage) (json.RawMessage, error) {
	var root struct {
		Properties json.RawMessage
		Required   []string
	}
	if err := json.Unmarshal(schema, &root); err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(root.Properties))
	if _, err := d.Token(); err != nil {
		return nil, err
	}
	var names []string
	properties := []byte{'{'}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return nil, err
		}
		name, _ := token.(string)
		property := map[string]any{}
		if err := d.Decode(&property); err != nil {
			return nil, err
		}
		if !slices.Contains(root.Required, name) {
			allowNull(property)
		}
		pair, err := json.Marshal(map[string]any{name: property})
		if err != nil {
			return nil, err
		}
		if len(names) > 0 {
			properties = append(properties, ',')
		}
		names, properties = append(names, name), append(properties, pair[1:len(pair)-1]...)
	}
	return json.Marshal(struct {
		Type       string          `json:"type"`
		Properties json.RawMessage `json:"properties"`
		Required   []string        `json:"required"`
		Additional bool            `json:"additionalProperties"`
	}{"object", append(properties, '}'), names, false})
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
		property["type"] = []any{"string", "null"} // as an enum is
	}
	if enum && !slices.Contains(values, nil) {
		property["enum"] = append(values, nil)
	}
}
