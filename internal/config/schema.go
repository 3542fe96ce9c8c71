// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package config

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strconv"
)

// Patterns of what the scalars parse. A reference to the environment may stand for any of them.
const (
	reference       = `\$\{[A-Za-z_][A-Za-z0-9_]*\}`
	durationPattern = `^([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$|` + reference
	sizePattern     = `^[0-9]+(\.[0-9]+)? *([KMG]i?B|B)?$|` + reference
	secretPattern   = `^` + reference + `$`
)

// object is a JSON object with its keys in the order given, so that the schema reads like the file.
type object []member

type member struct {
	key   string
	value any
}

// MarshalJSON writes the members in order.
func (o object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		value, err := json.Marshal(m.value)
		if err != nil {
			return nil, err
		}
		b.WriteString(strconv.Quote(m.key) + ":")
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// Schema returns the JSON Schema (draft 2020-12) of the configuration file, for editors. It comes from the structs that
// decode the file.
func Schema() []byte {
	schema := append(object{
		{"$schema", "https://json-schema.org/draft/2020-12/schema"},
		{"title", "Retort configuration"},
	}, schemaOf(reflect.TypeFor[Config](), field{})...)
	text, err := json.MarshalIndent(schema, "", "  ")
	if err != nil { // maps and lists of strings always marshal
		return nil
	}
	return append(text, '\n')
}

// schemaOf describes a type, as a field says it is used.
func schemaOf(t reflect.Type, f field) object {
	switch {
	case f.one:
		one := schemaOf(t.Elem(), field{})
		return object{{"anyOf", []object{one, {{"type", "array"}, {"items", one}, {"minItems", 1}}}}}
	case isScalar(t):
		return scalarSchema(t, f)
	case t == documentType:
		return object{{"type", []string{"string", "number", "boolean", "object"}}}
	case t.Kind() == reflect.Pointer:
		return schemaOf(t.Elem(), f)
	case t.Kind() == reflect.Slice:
		return object{{"type", "array"}, {"items", schemaOf(t.Elem(), field{enum: f.enum})}}
	case t.Kind() == reflect.Map:
		return object{{"type", "object"}, {"additionalProperties", schemaOf(t.Elem(), field{})}}
	}
	if short, ok := shortOf(t); ok {
		return object{{"anyOf", []object{schemaOf(short.typ, short), structSchema(t)}}}
	}
	return structSchema(t)
}

func structSchema(t reflect.Type) object {
	var properties object
	var required []string
	for _, f := range fieldsOf(t) {
		property := schemaOf(f.typ, f)
		if f.doc != "" {
			property = append(object{{"description", f.doc}}, property...)
		}
		if f.fallback != "" {
			property = append(property, member{"default", defaultOf(f)})
		}
		properties = append(properties, member{f.name, property})
		if f.required || f.short && f.fallback == "" && t != reflect.TypeFor[Verify]() {
			required = append(required, f.name)
		}
	}
	schema := object{{"type", "object"}, {"additionalProperties", false}, {"properties", properties}}
	if required != nil {
		schema = append(schema, member{"required", required})
	}
	switch t {
	case reflect.TypeFor[Output]():
		schema = append(schema, member{"oneOf", eachRequired([]string{"enum", "schema"})})
	case reflect.TypeFor[Provider]():
		schema = append(schema, member{"anyOf", eachRequired([]string{"preset", "dialect"})})
	case reflect.TypeFor[Model]():
		schema = append(schema, member{"oneOf", eachRequired(kindsOfModel)})
	case reflect.TypeFor[Route]():
		schema = append(schema, member{"oneOf", eachRequired([]string{"rules", "among"})})
	case reflect.TypeFor[Verify]():
		schema = append(schema, member{"oneOf", eachRequired(waysToVerify)})
	}
	return schema
}

// eachRequired has one alternative for each key.
func eachRequired(keys []string) []object {
	var all []object
	for _, key := range keys {
		all = append(all, object{{"required", []string{key}}})
	}
	return all
}

func scalarSchema(t reflect.Type, f field) object {
	pattern := func(p string) object { return object{{"type", "string"}, {"pattern", p}} }
	switch {
	case t == secretType:
		return pattern(secretPattern)
	case t == durationType:
		return pattern(durationPattern)
	case t == sizeType:
		return object{{"anyOf", []object{{{"type", "integer"}, {"minimum", 0}}, pattern(sizePattern)}}}
	case t == qualityType:
		return object{{"anyOf", []object{{{"type", "number"}}, {{"enum", []string{bestQuality}}}, pattern(reference)}}}
	case f.enum != nil:
		return object{{"anyOf", []object{{{"enum", f.enum}}, pattern(reference)}}}
	case t.Kind() == reflect.String:
		return object{{"type", []string{"string", "number", "boolean"}}}
	}
	kind := map[reflect.Kind]string{reflect.Bool: "boolean", reflect.Int: "integer", reflect.Int64: "integer", reflect.Float64: "number"}[t.Kind()]
	return object{{"anyOf", []object{{{"type", kind}}, pattern(reference)}}}
}

// defaultOf returns a default as the JSON that stands for it.
func defaultOf(f field) any {
	v := reflect.New(f.typ).Elem()
	if f.typ.Kind() == reflect.Pointer {
		v = reflect.New(f.typ.Elem()).Elem()
	}
	if v.Type() == durationType || v.Type() == sizeType {
		return f.fallback
	}
	_ = setScalar(v, f.fallback) // a test proves that every default is valid
	return v.Interface()
}
