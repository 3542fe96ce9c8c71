// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTaskFiles(t *testing.T) {
	for name, test := range map[string]struct {
		file, text string
		labels     []string
		schema     string
	}{
		"a task":          {"t.yaml", "instructions: Sort.\noutput: {enum: [a, b]}\nagreement: 0.9\n", []string{"a", "b"}, ""},
		"objects":         {"t.yaml", "output:\n  schema: {type: object, properties: {n: {type: integer}}}\n", nil, `{"type":"object","properties":{"n":{"type":"integer"}}}`},
		"a schema":        {"t.json", `{"type": "object", "properties": {"b": {"type": "string"}, "a": {"type": "boolean"}}}`, nil, `{"type":"object","properties":{"b":{"type":"string"},"a":{"type":"boolean"}}}`},
		"labels alone":    {"t.json", `{"title": "mood", "type": "string", "enum": ["good", "bad"]}`, []string{"good", "bad"}, ""},
		"numbers to pick": {"t.json", `{"enum": [1, 2]}`, nil, `{"enum":[1,2]}`},
		"a list":          {"t.yaml", "type: array\nitems: {type: string, format: date}\n", nil, `{"type":"array","items":{"type":"string","format":"date"}}`},
		"a field output":  {"t.yaml", "type: object\nproperties: {output: {type: string}}\n", nil, `{"type":"object","properties":{"output":{"type":"string"}}}`},
	} {
		got, err := parseTask(test.file, "t", []byte(test.text), os.LookupEnv)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		schema := ""
		if !got.Output.Schema.IsZero() {
			schema = got.Output.Schema.Text()
		}
		if d := cmp.Diff(test.labels, got.Output.Enum); d != "" || schema != test.schema {
			t.Errorf("%s: labels %s, schema %s", name, d, schema)
		}
		if got.Confidence != 0.95 {
			t.Errorf("%s: confidence %v, want the default", name, got.Confidence)
		}
	}
}

func TestBadTaskFilesNameThePart(t *testing.T) {
	for name, test := range map[string]struct{ text, want, fix string }{
		"nested": {"output:\n  schema:\n    type: object\n    properties:\n      address: {type: object}\n",
			"t.yaml:5:7: /output/schema/properties/address/properties: no JSON object", "want an object such as"},
		"a list of objects": {`{"type": "object", "properties": {"x": {"type": "array", "items": {"type": "object"}}}}`,
			"t.yaml:1:58: /properties/x/items: ", "make each of its fields a list of its own"},
		"a bound":         {`{"type": "object", "properties": {"a/b": {"type": "integer", "minimum": 1}}}`, "/properties/a~1b/minimum: a student cannot keep to this", "check it behind"},
		"another root":    {`{"type": "array", "items": {"type": "boolean"}}`, "/items: a list of values of type boolean is not learned", "leave the task to its teacher"},
		"a mixed enum":    {`{"enum": [1, "a"]}`, "", "write them as strings"},
		"no output":       {"instructions: x\n", "output: says nothing; give enum", ""},
		"unknown key":     {"output: {enum: [a, b]}\nanswers: x\n", "t.yaml:2:1: answers: unknown key", ""},
		"one label":       {"output: {enum: [a]}\n", "output.enum: one label leaves nothing to decide", ""},
		"a wrong share":   {"output: {enum: [a, b]}\nagreement: 2\n", "agreement: 2 is not between 0 and 1", ""},
		"half an example": {"output: {enum: [a, b]}\nexamples: [{input: x}]\n", "examples[0].output: is missing", ""},
		"a wrong example": {"output: {enum: [a, b]}\nexamples: [{input: x, output: c}]\n", `examples[0].output: "c" is not one of the labels`, ""},
		"no mapping":      {"[a, b]\n", "must be a mapping", ""},
		"no YAML":         {"a: [\n", "t.yaml:", ""},
		"nothing":         {"", "output: says nothing", ""},
	} {
		_, err := parseTask("t.yaml", "t", []byte(test.text), os.LookupEnv)
		var e *Error
		if !errors.As(err, &e) || !strings.Contains(err.Error(), test.want) || !strings.Contains(e.Fix, test.fix) {
			t.Errorf("%s: got %v, with fix %q; want %q and %q", name, err, fixOf(e), test.want, test.fix)
		}
	}
	if _, err := parseTask("t.yaml", "a b", []byte("output: {enum: [a, b]}"), os.LookupEnv); err == nil || !strings.Contains(err.Error(), "is no name for a task") {
		t.Errorf("a name with a blank gives %v", err)
	}
	if _, err := LoadTask(filepath.Join(t.TempDir(), "none"), "t"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file gives %v", err)
	}
}

func fixOf(e *Error) string {
	if e == nil {
		return ""
	}
	return e.Fix
}

func FuzzTaskFile(f *testing.F) {
	f.Add("output: {enum: [a, b]}")
	f.Add(`{"type": "object", "properties": {"x": {"type": "array", "items": {"type": "string"}}}}`)
	f.Add("enum: [a, 1]\ntype: string")
	f.Fuzz(func(t *testing.T, text string) {
		task, err := parseTask("t", "t", []byte(text), func(string) (string, bool) { return "", false })
		if (task == nil) == (err == nil) {
			t.Errorf("%q: %v and %v", text, task, err)
		}
		if err == nil {
			if _, err := task.Contract("t"); err != nil {
				t.Errorf("%q was taken, yet %v", text, err)
			}
		}
	})
}
