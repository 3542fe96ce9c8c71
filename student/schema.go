// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package student

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Kind says what a field of an object holds, and so how it is learned.
type Kind string

const (
	KindEnum   Kind = "enum"   // one of Values; a classifier of the whole text
	KindEnums  Kind = "enums"  // any of Values, in their order; a classifier of the whole text for each
	KindBool   Kind = "bool"   // true or false; a classifier of the whole text
	KindSpan   Kind = "span"   // a string copied from the text; a tagger
	KindSpans  Kind = "spans"  // any number of strings copied from the text, in its order; the tagger
	KindNumber Kind = "number" // a number that a span of the text spells; the tagger and a fixed reading of the span
	KindDate   Kind = "date"   // a date that a span of the text spells, as 2006-01-02; the same
)

// Field is one field of an object.
type Field struct {
	Name     string   `json:"name"`
	Kind     Kind     `json:"kind"`
	Values   []string `json:"values,omitempty"` // of KindEnum and KindEnums
	Required bool     `json:"required,omitempty"`
	// Nullable fields may hold null. When one has no value, it is null where it is required, and left out where it is not.
	Nullable bool `json:"nullable,omitempty"`
	Integer  bool `json:"integer,omitempty"` // of KindNumber: there is no fraction
	// DayFirst has the student read 3/4/2025 as the 3rd of April. Training sets it where the examples say so.
	DayFirst bool `json:"day_first,omitempty"`
}

// inText reports whether the values of the field lie in the text.
func (f *Field) inText() bool {
	return f.Kind == KindSpan || f.Kind == KindSpans || f.Kind == KindNumber || f.Kind == KindDate
}

// mayLack reports whether an object may have no value for the field.
func (f *Field) mayLack() bool { return !f.Required || f.Nullable }

// Schema says what the objects look like that a student extracts: their fields, in canonical order. It is not modified after
// Check.
type Schema struct {
	Fields []Field `json:"fields"`
}

// Names returns the fields' names, in order.
func (s *Schema) Names() []string {
	names := make([]string, len(s.Fields))
	for i := range s.Fields {
		names[i] = s.Fields[i].Name
	}
	return names
}

// Same reports whether two schemas allow the same objects, in the same canonical form.
func (s *Schema) Same(other *Schema) bool {
	return slices.EqualFunc(s.Fields, other.Fields, func(a, b Field) bool {
		return a.Name == b.Name && a.Kind == b.Kind && a.Required == b.Required && a.Nullable == b.Nullable && a.Integer == b.Integer &&
			slices.Equal(a.Values, b.Values)
	})
}

// Limits of a schema.
const (
	maxFields     = 256
	maxListValues = 64
)

// inText lists the fields whose values lie in the text.
func (s *Schema) inText() []int32 {
	var fields []int32
	for i := range s.Fields {
		if s.Fields[i].inText() {
			fields = append(fields, int32(i))
		}
	}
	return fields
}

// SchemaError is a part of a schema that no student can learn.
type SchemaError struct {
	Path    string // a JSON pointer (RFC 6901) such as /properties/address/items; empty for the whole
	Problem string
	Advice  string // what would be learned, or what to use instead
}

// Error says what is wrong and what to do about it, on one line.
func (e *SchemaError) Error() string {
	at := "schema"
	if e.Path != "" {
		at += ": " + e.Path
	}
	if e.Advice == "" {
		return fmt.Sprintf("%s: %s", at, e.Problem)
	}
	return fmt.Sprintf("%s: %s; %s", at, e.Problem, e.Advice)
}

// below returns the JSON pointer of a key below another.
func below(pointer, key string) string {
	return pointer + "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(key)
}

// pointerTo returns the JSON pointer of a field.
func pointerTo(field string) string { return below("/properties", field) }

// Check reports the first thing wrong with a schema as a *[SchemaError].
func (s *Schema) Check() error {
	if len(s.Fields) == 0 || len(s.Fields) > maxFields {
		return &SchemaError{"/properties", fmt.Sprintf("%d fields", len(s.Fields)), fmt.Sprintf("an object has 1 to %d", maxFields)}
	}
	seen := make(map[string]bool, len(s.Fields))
	for i := range s.Fields {
		f := &s.Fields[i]
		path := pointerTo(f.Name)
		if f.Name == "" || !utf8.ValidString(f.Name) || seen[f.Name] {
			return &SchemaError{path, fmt.Sprintf("%q is no name for a field", f.Name), "use names in UTF-8, each once"}
		}
		seen[f.Name] = true
		if err := f.check(path); err != nil {
			return err
		}
	}
	return nil
}

func (f *Field) check(path string) error {
	switch f.Kind {
	case KindEnum, KindEnums:
	case KindBool, KindSpan, KindSpans, KindNumber, KindDate:
		if len(f.Values) > 0 {
			return &SchemaError{path, fmt.Sprintf("a field of kind %s has no values to choose from", f.Kind), ""}
		}
		return nil
	default:
		return &SchemaError{path, fmt.Sprintf("there is no kind %q", f.Kind), "kinds are enum, enums, bool, span, spans, number and date"}
	}
	if len(f.Values) == 0 || f.Kind == KindEnums && len(f.Values) > maxListValues || len(f.Values) > maxClasses/2 {
		return &SchemaError{path + "/enum", fmt.Sprintf("%d values", len(f.Values)), fmt.Sprintf("list at least one, and in a list at most %d", maxListValues)}
	}
	seen := make(map[string]string, len(f.Values))
	for _, v := range f.Values {
		key := folded(v)
		if key == "" || !utf8.ValidString(v) {
			return &SchemaError{path + "/enum", fmt.Sprintf("%q is no value", v), "use words in UTF-8; leave the field out of required to let it be missing"}
		}
		if other, twice := seen[key]; twice {
			return &SchemaError{path + "/enum", fmt.Sprintf("%q and %q differ only in case, blanks or punctuation", other, v), "rename one"}
		}
		seen[key] = v
	}
	return nil
}

// folded maps values that differ only in case, blanks, underscores and hyphens to one.
func folded(s string) string {
	words := strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return r == ' ' || r == '_' || r == '-' || r == '\t' || r == '\n' || r == '\r' })
	return strings.Join(words, " ")
}

// ParseSchema reads the JSON Schema of an object. What a student learns is a subset of it:
//
//	{"type": "string", "enum": [...]}                          KindEnum
//	{"type": "array", "items": {"type": "string", "enum": …}}  KindEnums
//	{"type": "boolean"}                                        KindBool
//	{"type": "string"}                                         KindSpan: copied from the text, not free
//	{"type": "array", "items": {"type": "string"}}             KindSpans
//	{"type": "number"}, {"type": "integer"}                    KindNumber
//	{"type": "string", "format": "date"}                       KindDate
//
// each optional or required, and with null beside the type or not. Titles, descriptions and the like are passed over. Anything
// else is a *[SchemaError]: a student that ignored a rule would break it.
func ParseSchema(raw []byte) (*Schema, error) {
	root, err := readNode(raw, "")
	if err != nil {
		return nil, err
	}
	if kind, _, err := root.kind(); err != nil || kind != "object" {
		return nil, &SchemaError{"/type", "the answer is no object", "a task whose answer is one label has output.enum; others are put into an object"}
	}
	if err := root.only("type", "properties", "required", "additionalProperties"); err != nil {
		return nil, err
	}
	s := &Schema{}
	names, err := keys(root.at["properties"])
	if err != nil {
		return nil, &SchemaError{"/properties", err.Error(), `want an object such as {"name": {"type": "string"}}`}
	}
	properties := map[string]json.RawMessage{}
	_ = json.Unmarshal(root.at["properties"], &properties) // keys has read it
	for _, name := range names {
		f, err := parseField(name, properties[name])
		if err != nil {
			return nil, err
		}
		s.Fields = append(s.Fields, f)
	}
	var required []string
	if raw, ok := root.at["required"]; ok && json.Unmarshal(raw, &required) != nil {
		return nil, &SchemaError{"/required", "no list of names", ""}
	}
	for _, name := range required {
		at := slices.IndexFunc(s.Fields, func(f Field) bool { return f.Name == name })
		if at < 0 {
			return nil, &SchemaError{"/required", fmt.Sprintf("%q is not among the properties", name), "add it or leave it out"}
		}
		s.Fields[at].Required = true
	}
	return s, s.Check()
}
