// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package config

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// LoadTask reads a task from a file of its own, YAML or JSON: the same fields as in the section tasks, of which only output
// must be given, or a bare JSON Schema, which is the output alone. A bare {"enum": [...]} of strings is a task of labels.
// name is the task's. An error about the file's content is of type Errors; one about a part of a schema that no student can
// learn has that part's JSON pointer as its path, and what would do instead as its fix.
func LoadTask(path, name string) (*Task, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read task: %w", err)
	}
	return parseTask(path, name, text, os.LookupEnv)
}

func parseTask(file, name string, text []byte, env func(string) (string, bool)) (*Task, error) {
	d := &decoder{
		file: file, env: env, anchors: map[string]ast.Node{},
		places: map[string]*token.Position{}, written: map[string]string{}, expanded: map[string]string{},
	}
	t := &Task{}
	setDefaults(reflect.ValueOf(t).Elem())
	bare := false
	if !entityName.MatchString(name) {
		d.fail("", "%q is no name for a task: it begins with a letter or digit, goes on with letters, digits and . _ : / @ + - and has at most 128 characters", clip(name))
	}
	if body := d.parse(text); body != nil {
		ast.Walk(collector(d.anchors), body)
		if bare = isSchema(body); bare {
			d.schema(body, &t.Output)
		} else {
			d.value("", body, reflect.ValueOf(t).Elem(), field{}, 0)
		}
	}
	if len(d.errs) == 0 {
		(&Config{}).required(d, "examples", reflect.ValueOf(t.Examples))
		t.checkFile(d, name, bare)
	}
	if len(d.errs) > 0 {
		d.errs.sort()
		return nil, d.errs
	}
	return t, nil
}

// isSchema reports whether a file is a JSON Schema by itself: it has a schema's keys and no output.
func isSchema(body ast.Node) bool {
	pairs, ok := mapping(body)
	if !ok {
		return false
	}
	found := false
	for _, p := range pairs {
		key, _ := keyOf(p.Key)
		if key == "output" {
			return false
		}
		found = found || slices.Contains([]string{"type", "properties", "enum", "$schema", "$ref", "$defs", "anyOf", "oneOf", "allOf"}, key)
	}
	return found
}

// schema decodes a bare schema as the output of a task.
func (d *decoder) schema(body ast.Node, to *Output) {
	d.document("", body, reflect.ValueOf(&to.Schema).Elem(), 0)
	root, ok := to.Schema.tree.(pairs)
	if !ok {
		return
	}
	var labels []string
	for _, p := range root {
		switch values, isList := p.value.(list); {
		case p.key == "enum" && isList:
			for _, v := range values {
				if label, isText := v.(string); isText {
					labels = append(labels, label)
				}
			}
			if len(labels) < len(values) {
				return // what is no text is told of as part of a schema
			}
		case p.key == "type" && p.value != "string":
			return
		case p.key != "enum" && p.key != "type" && !slices.Contains([]string{"title", "description", "$schema", "$id", "$comment"}, p.key):
			return
		}
	}
	if labels != nil {
		to.Enum, to.Schema = labels, Document{}
	}
}

// checkFile notes what is wrong with a task that a file holds by itself, whose schema is the whole file or not.
func (t *Task) checkFile(d *decoder, name string, bare bool) {
	_, err := t.Contract(name)
	var e *schemaError
	if errors.As(err, &e) {
		at, pointer := pathOf("output.schema", e.of.Path), "/output/schema"+e.of.Path
		if bare {
			at, pointer = pathOf("", e.of.Path), e.of.Path
		}
		mistake := d.mistake(at, e.of.Problem)
		mistake.Path, mistake.Fix = pointer, e.of.Advice
		d.errs = append(d.errs, mistake)
		return
	}
	if err != nil {
		field, message, _ := strings.Cut(err.Error(), ": ")
		d.fail(field, "%s", message)
	}
	t.checkShape(d, "")
}
