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

	KindNumbers Kind = "numbers" // any number of numbers, in the order of the text
	KindDates   Kind = "dates"   // any number of dates, in the order of the text
)

// Field is one field of an object.
type Field struct {
	Name string `json:"name"` // of a field inside inner objects: Path with dots between
	// Path leads from the outermost object to a field inside inner ones, its own name the last; nil for other fields.
	Path   []string `json:"path,omitempty"`
	Kind   Kind     `json:"kind"`
	Values []string `json:"values,omitempty"` // of KindEnum and KindEnums
	// Numeric says that Values are numbers, in their shortest form.
	Numeric  bool `json:"numeric,omitempty"`
	Required bool `json:"required,omitempty"`
	// Nullable fields may hold null. When one has no value, it is null where it is required, and left out where it is not.
	Nullable bool `json:"nullable,omitempty"`
	Integer  bool `json:"integer,omitempty"` // of KindNumber and KindNumbers: there is no fraction
	// DayFirst has the student read 3/4/2025 as the 3rd of April. Training sets it where the examples say so.
	DayFirst bool `json:"day_first,omitempty"`
}

// inText reports whether the values of the field lie in the text.
func (f *Field) inText() bool {
	switch f.Kind {
	case KindSpan, KindSpans, KindNumber, KindNumbers, KindDate, KindDates:
		return true
	}
	return false
}

// list reports whether the field holds any number of values.
func (f *Field) list() bool {
	switch f.Kind {
	case KindEnums, KindSpans, KindNumbers, KindDates:
		return true
	}
	return false
}

// mayLack reports whether an object may have no value for the field.
func (f *Field) mayLack() bool { return !f.Required || f.Nullable }

// Schema says what the answers look like that a student gives: an object's fields, in canonical order. It is not modified after
// Check.
type Schema struct {
	Fields  []Field `json:"fields"`
	Objects []Inner `json:"objects,omitempty"` // the inner objects; the fields of one stand together
	// Bare answers are no objects: the one field's value is the whole answer.
	Bare bool `json:"bare,omitempty"`
}

// Inner is an object inside an object. Its fields are learned as those outside. Where none of them has a value, it is null
// where it is Required and Nullable, there all the same where it is Required alone, and left out where it is not.
type Inner struct {
	Path     []string `json:"path"` // from the outermost object, its own name the last
	Required bool     `json:"required,omitempty"`
	Nullable bool     `json:"nullable,omitempty"`
}

// bareName is the name of the one field of answers that are no objects.
const bareName = "answer"

// Names returns the fields' names, in order.
func (s *Schema) Names() []string {
	names := make([]string, len(s.Fields))
	for i := range s.Fields {
		names[i] = s.Fields[i].Name
	}
	return names
}

// Same reports whether two schemas allow the same answers, in the same canonical form.
func (s *Schema) Same(other *Schema) bool {
	fields := slices.EqualFunc(s.Fields, other.Fields, func(a, b Field) bool {
		return a.Name == b.Name && slices.Equal(a.Path, b.Path) && a.Kind == b.Kind && a.Required == b.Required && a.Nullable == b.Nullable &&
			a.Integer == b.Integer && a.Numeric == b.Numeric && slices.Equal(a.Values, b.Values)
	})
	return fields && s.Bare == other.Bare && slices.EqualFunc(s.Objects, other.Objects, func(a, b Inner) bool {
		return slices.Equal(a.Path, b.Path) && a.Required == b.Required && a.Nullable == b.Nullable
	})
}

// Limits of a schema.
const (
	maxFields     = 256
	maxListValues = 64
	maxDepth      = 8 // objects inside objects
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

// pointerTo returns the JSON pointer of what lies at a path.
func pointerTo(path []string) string {
	at := ""
	for _, name := range path {
		at = below(at+"/properties", name)
	}
	return at
}

// pointer returns the JSON pointer of a field.
func (s *Schema) pointer(f *Field) string {
	if s.Bare {
		return ""
	}
	return pointerTo(f.path())
}

// path returns the names that lead to a field, its own the last.
func (f *Field) path() []string {
	if f.Path == nil {
		return []string{f.Name}
	}
	return f.Path
}

// Check reports the first thing wrong with a schema as a *[SchemaError].
func (s *Schema) Check() error {
	if len(s.Fields) == 0 || len(s.Fields) > maxFields {
		return &SchemaError{"/properties", fmt.Sprintf("%d fields", len(s.Fields)), fmt.Sprintf("an object has 1 to %d", maxFields)}
	}
	if s.Bare && (len(s.Fields) > 1 || len(s.Objects) > 0 || s.Fields[0].Path != nil) {
		return &SchemaError{"", "an answer that is no object has several fields", "make it an object"}
	}
	seen := make(map[string]bool, len(s.Fields))
	for i := range s.Fields {
		f := &s.Fields[i]
		path := s.pointer(f)
		if f.Name == "" || !utf8.ValidString(f.Name) || seen[f.Name] || f.Path != nil && (len(f.Path) < 2 || strings.Join(f.Path, ".") != f.Name) {
			return &SchemaError{path, fmt.Sprintf("%q is no name for a field", f.Name), "use names in UTF-8, each once; those of inner objects have dots between"}
		}
		seen[f.Name] = true
		if err := f.check(path); err != nil {
			return err
		}
	}
	return s.checkInner()
}

// checkInner reports what is wrong with inner objects.
func (s *Schema) checkInner() error {
	for i := range s.Objects {
		o := &s.Objects[i]
		at := pointerTo(o.Path)
		if slices.ContainsFunc(s.Objects[:i], func(p Inner) bool { return slices.Equal(o.Path, p.Path) }) {
			return &SchemaError{at, "the object is there twice", "leave one out"}
		}
		first, n := -1, 0
		for k := range s.Fields {
			f := &s.Fields[k]
			if !leadsInto(f.Path, o.Path) {
				continue
			}
			if first < 0 {
				first = k
			}
			if n++; k != first+n-1 {
				return &SchemaError{at, "the fields of the object do not stand together", "put them behind each other"}
			}
			if (!o.Required || o.Nullable) && !f.mayLack() {
				return &SchemaError{s.pointer(f), "it is required in an object that may be missing, so that one field would depend on another",
					fmt.Sprintf("let it be null, or require %q and do not let that be null", o.Path[len(o.Path)-1])}
			}
		}
		if n == 0 || len(o.Path) == 0 || len(o.Path) > maxDepth {
			return &SchemaError{at, fmt.Sprintf("an object without fields, or more than %d deep", maxDepth), "leave it out"}
		}
	}
	for i := range s.Fields {
		for depth := 1; depth < len(s.Fields[i].Path); depth++ {
			if s.inner(s.Fields[i].Path[:depth]) == nil {
				return &SchemaError{s.pointer(&s.Fields[i]), "the object around the field is not described", "add it to Objects"}
			}
		}
	}
	return nil
}

// leadsInto reports whether a path leads into an object at another.
func leadsInto(path, object []string) bool {
	return len(path) > len(object) && slices.Equal(path[:len(object)], object)
}

// inner returns the inner object at a path; nil where there is none.
func (s *Schema) inner(path []string) *Inner {
	for i := range s.Objects {
		if slices.Equal(s.Objects[i].Path, path) {
			return &s.Objects[i]
		}
	}
	return nil
}

func (f *Field) check(path string) error {
	switch f.Kind {
	case KindEnum, KindEnums:
	case KindBool, KindSpan, KindSpans, KindNumber, KindNumbers, KindDate, KindDates:
		if len(f.Values) > 0 {
			return &SchemaError{path, fmt.Sprintf("a field of kind %s has no values to choose from", f.Kind), ""}
		}
		return nil
	default:
		return &SchemaError{path, fmt.Sprintf("there is no kind %q", f.Kind), "kinds are enum, enums, bool, span, spans, number, numbers, date and dates"}
	}
	if len(f.Values) == 0 || f.Kind == KindEnums && len(f.Values) > maxListValues || len(f.Values) > maxClasses/2 {
		return &SchemaError{path + "/enum", fmt.Sprintf("%d values", len(f.Values)), fmt.Sprintf("list at least one, and in a list at most %d", maxListValues)}
	}
	seen := make(map[string]string, len(f.Values))
	for _, v := range f.Values {
		key := f.fold(v)
		if number := json.Number(v); f.Numeric && shortest(number) != v {
			return &SchemaError{path + "/enum", fmt.Sprintf("%q is no number in its shortest form", v), ""}
		}
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

// fold maps values of an enum that are taken for one to one.
func (f *Field) fold(v string) string {
	if f.Numeric {
		return v
	}
	return folded(v)
}

// folded maps values that differ only in case, blanks, underscores and hyphens to one.
func folded(s string) string {
	words := strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return r == ' ' || r == '_' || r == '-' || r == '\t' || r == '\n' || r == '\r' })
	return strings.Join(words, " ")
}
