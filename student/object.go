// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package student

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"retort/student/internal/value"
)

// entry is what an object holds for one field. Which parts are set depends on the field's kind.
type entry struct {
	has    bool
	class  int      // Enum and Bool: the number of the value
	member []bool   // Enums: which values it has
	number float64  // Number
	words  []string // Span and Spans: the strings
	date   [3]int   // Date: year, month, day
	spans  []Span   // of Span, Spans, Number and Date: where they lie, once found
}

// Canonical reads an object, which answers text, and returns its canonical form: fields in the schema's order without
// blanks, values of enums spelled as in the schema whatever their case and blanks, strings that the text has in other case
// or with other blanks spelled as there, strings of a list in the order of the text, numbers in their shortest form,
// empty strings and nulls left out where they may be. Two objects mean the same if and only if their canonical forms are equal.
//
// A string that the text does not have is kept as it is: no student will give it. An object outside the schema is an
// error that names the field.
func (s *Schema) Canonical(text string, object []byte) ([]byte, error) {
	entries, err := s.read(object)
	if err != nil {
		return nil, err
	}
	_ = s.locate(text, entries, nil) // what is not found stays as it is
	return s.appendObject(nil, entries), nil
}

// read checks an object.
func (s *Schema) read(object []byte) ([]entry, error) {
	names, err := keys(object)
	if err != nil {
		return nil, fmt.Errorf("read object: %w", err)
	}
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(object, &raw); err != nil {
		return nil, fmt.Errorf("read object: %w", err)
	}
	for _, name := range names {
		if !slices.ContainsFunc(s.Fields, func(f Field) bool { return f.Name == name }) {
			return nil, fmt.Errorf("read object: field %q is not in the schema", name)
		}
	}
	entries := make([]entry, len(s.Fields))
	for i := range s.Fields {
		f := &s.Fields[i]
		value, ok := raw[f.Name]
		if ok && !bytes.Equal(bytes.TrimSpace(value), []byte("null")) {
			if err := f.read(value, &entries[i]); err != nil {
				return nil, fmt.Errorf("read object: field %q: %w", f.Name, err)
			}
		}
		if !entries[i].has && !f.mayLack() {
			return nil, fmt.Errorf("read object: field %q is required, and missing or empty", f.Name)
		}
	}
	return entries, nil
}

var (
	errNoString = errors.New("want a string")
	errNoList   = errors.New("want a list of strings")
)

func (f *Field) read(raw []byte, e *entry) error {
	switch f.Kind {
	case KindBool:
		var b bool
		if json.Unmarshal(raw, &b) != nil {
			return errors.New("want true or false")
		}
		if e.has = true; b {
			e.class = 1
		}
		return nil
	case KindNumber:
		return f.readNumber(raw, e)
	case KindEnums, KindSpans:
		var words []string
		if json.Unmarshal(raw, &words) != nil {
			return errNoList
		}
		return f.readList(words, e)
	}
	var word string
	if json.Unmarshal(raw, &word) != nil {
		return errNoString
	}
	if strings.TrimSpace(word) == "" {
		return nil // as a model says that there is none
	}
	e.has = true
	switch f.Kind {
	case KindEnum:
		var ok bool
		if e.class, ok = f.value(word); !ok {
			return fmt.Errorf("%q is not one of the %d values", word, len(f.Values))
		}
		return nil
	case KindDate:
		if e.date, e.has = readDay(word, value.MonthFirst); !e.has || len(word) != len("2006-01-02") || word[4] != '-' {
			return fmt.Errorf("%q is no date such as 2026-01-31", word)
		}
		return nil
	}
	e.words = []string{word}
	return nil
}

func (f *Field) readNumber(raw []byte, e *entry) error {
	var number json.Number
	if raw[0] == '"' || json.Unmarshal(raw, &number) != nil { // a json.Number may be a string
		return errors.New("want a number")
	}
	x, err := number.Float64()
	if err != nil || f.Integer && !whole(x) {
		return fmt.Errorf("%s is no number of the kind wanted", number)
	}
	e.has, e.number = true, x
	return nil
}

// whole reports whether x is an integer that float64 has exactly.
func whole(x float64) bool { return x >= -1<<53 && x <= 1<<53 && x == float64(int64(x)) }

func (f *Field) readList(words []string, e *entry) error {
	e.has = true // an empty list is a value
	if f.Kind == KindSpans {
		e.words = slices.DeleteFunc(words, func(w string) bool { return strings.TrimSpace(w) == "" })
		e.has = len(e.words) > 0 || f.Required && !f.Nullable
		return nil
	}
	e.member = make([]bool, len(f.Values))
	for _, w := range words {
		class, ok := f.value(w)
		if !ok {
			return fmt.Errorf("%q is not one of the %d values", w, len(f.Values))
		}
		e.member[class] = true
	}
	e.has = slices.Contains(e.member, true) || f.Required && !f.Nullable
	return nil
}

// value returns the number of a value of an enum, whatever its case and blanks.
func (f *Field) value(word string) (int, bool) {
	if at := slices.Index(f.Values, word); at >= 0 {
		return at, true
	}
	key := folded(word)
	at := slices.IndexFunc(f.Values, func(v string) bool { return folded(v) == key })
	return at, at >= 0
}

// appendObject writes the canonical form.
func (s *Schema) appendObject(dst []byte, entries []entry) []byte {
	dst = append(dst, '{')
	for i := range s.Fields {
		f, e := &s.Fields[i], &entries[i]
		if !e.has && !f.Required {
			continue
		}
		if dst[len(dst)-1] != '{' {
			dst = append(dst, ',')
		}
		dst = append(appendString(dst, f.Name), ':')
		dst = f.appendValue(dst, e)
	}
	return append(dst, '}')
}

// appendValue writes the value of a field; what is missing is null or, where that is not allowed, the kind's empty value.
func (f *Field) appendValue(dst []byte, e *entry) []byte {
	if !e.has && f.Nullable {
		return append(dst, "null"...)
	}
	switch f.Kind {
	case KindEnum:
		return appendString(dst, f.Values[e.class])
	case KindBool:
		return strconv.AppendBool(dst, e.class == 1)
	case KindNumber:
		return strconv.AppendFloat(dst, e.number+0, 'f', -1, 64) // +0 turns -0 into 0
	case KindDate:
		return append(appendDay(append(dst, '"'), e.date), '"')
	case KindSpan:
		word := ""
		if len(e.words) > 0 {
			word = e.words[0]
		}
		return appendString(dst, word)
	}
	dst = append(dst, '[')
	comma := func() {
		if dst[len(dst)-1] != '[' {
			dst = append(dst, ',')
		}
	}
	for _, w := range e.words {
		comma()
		dst = appendString(dst, w)
	}
	for class, in := range e.member {
		if in {
			comma()
			dst = appendString(dst, f.Values[class])
		}
	}
	return append(dst, ']')
}

// appendString writes s as JSON; what is not UTF-8 becomes U+FFFD.
func appendString(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c < ' ':
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		case c < utf8.RuneSelf:
			dst = append(dst, c)
		default:
			r, size := utf8.DecodeRuneInString(s[i:])
			dst = utf8.AppendRune(dst, r)
			i += size
			continue
		}
		i++
	}
	return append(dst, '"')
}
