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
	has     bool
	class   int       // Enum and Bool: the number of the value
	member  []bool    // Enums: which values it has
	numbers []float64 // Number and Numbers
	words   []string  // Span and Spans: the strings
	dates   [][3]int  // Date and Dates: year, month, day
	spans   []Span    // of values that lie in the text: where, once found
}

// inText is how many values there are that lie in the text.
func (e *entry) inText() int { return len(e.numbers) + len(e.words) + len(e.dates) }

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

// read checks an answer.
func (s *Schema) read(object []byte) ([]entry, error) {
	entries := make([]entry, len(s.Fields))
	var err error
	if s.Bare {
		if err = s.Fields[0].readAlone(object, &entries[0]); err == nil && !entries[0].has && !s.Fields[0].mayLack() {
			err = errors.New("it is empty")
		}
	} else {
		err = s.readObject(object, entries, 0, len(s.Fields), 0)
	}
	if err != nil {
		return nil, fmt.Errorf("read object: %w", err)
	}
	return entries, nil
}

// readAlone reads an answer that is one value.
func (f *Field) readAlone(raw []byte, e *entry) error {
	var value json.RawMessage
	if err := json.Unmarshal(raw, &value); err != nil {
		return err
	}
	if isNull(value) {
		return nil
	}
	return f.read(value, e)
}

func isNull(raw json.RawMessage) bool {
	return raw == nil || bytes.Equal(bytes.TrimSpace(raw), []byte("null"))
}

// readObject reads an object whose fields are those from from to to, without to; nil is one that is missing. depth is
// how many objects it lies in.
func (s *Schema) readObject(object []byte, entries []entry, from, to, depth int) error {
	var raw map[string]json.RawMessage
	var names []string
	if object != nil {
		var err error
		if names, err = keys(object); err != nil {
			return s.inObject(from, depth, err)
		}
		if err := json.Unmarshal(object, &raw); err != nil {
			return s.inObject(from, depth, err)
		}
	}
	known := make(map[string]bool, to-from)
	for i := from; i < to; {
		f := &s.Fields[i]
		name := f.path()[depth]
		known[name] = true
		value := raw[name]
		if isNull(value) {
			value = nil
		}
		if len(f.Path) > depth+1 {
			end := s.endOf(i, to, depth)
			if err := s.readObject(value, entries, i, end, depth+1); err != nil {
				return err
			}
			i = end
			continue
		}
		if value != nil {
			if err := f.read(value, &entries[i]); err != nil {
				return fmt.Errorf("field %q: %w", f.Name, err)
			}
		}
		if !entries[i].has && !f.mayLack() {
			return fmt.Errorf("field %q is required, and missing or empty", f.Name)
		}
		i++
	}
	for _, name := range names {
		if !known[name] {
			return s.inObject(from, depth, fmt.Errorf("field %q is not in the schema", name))
		}
	}
	return nil
}

// inObject names the inner object that an error is about.
func (s *Schema) inObject(field, depth int, err error) error {
	if depth == 0 {
		return err
	}
	return fmt.Errorf("object %q: %w", strings.Join(s.Fields[field].Path[:depth], "."), err)
}

// endOf returns where the fields end that lie in the same object as field i, which is one deeper than depth; to at most.
func (s *Schema) endOf(i, to, depth int) int {
	object := s.Fields[i].Path[:depth+1]
	for i < to && leadsInto(s.Fields[i].Path, object) {
		i++
	}
	return i
}

var (
	errNoString = errors.New("want a string")
	errNoList   = errors.New("want a list of values")
)

// read reads the value of a field, which is not null.
func (f *Field) read(raw []byte, e *entry) error {
	if f.list() {
		return f.readList(raw, e)
	}
	has, err := f.readItem(raw, e)
	e.has = has
	return err
}

// readItem reads one value, alone or in a list. It is false where there is none.
func (f *Field) readItem(raw []byte, e *entry) (has bool, err error) {
	switch f.Kind {
	case KindBool:
		var b bool
		if json.Unmarshal(raw, &b) != nil {
			return false, errors.New("want true or false")
		}
		if b {
			e.class = 1
		}
		return true, nil
	case KindNumber, KindNumbers:
		number, err := readNumber(raw)
		if err != nil {
			return false, err
		}
		x, err := number.Float64()
		if err != nil || f.Integer && !whole(x) {
			return false, fmt.Errorf("%s is no number of the kind wanted", number)
		}
		e.numbers = append(e.numbers, x)
		return true, nil
	}
	var word string
	if f.Numeric {
		number, err := readNumber(raw)
		if err != nil {
			return false, err
		}
		word = shortest(number)
	} else if json.Unmarshal(raw, &word) != nil {
		return false, errNoString
	}
	if strings.TrimSpace(word) == "" && f.Kind != KindEnums {
		return false, nil // as a model says that there is none
	}
	switch f.Kind {
	case KindEnum, KindEnums:
		class, ok := f.value(word)
		if !ok {
			return false, fmt.Errorf("%q is not one of the %d values", word, len(f.Values))
		}
		e.class = class
		return true, nil
	case KindDate, KindDates:
		day, ok := readDay(word, value.MonthFirst)
		if !ok || len(word) != len("2006-01-02") || word[4] != '-' {
			return false, fmt.Errorf("%q is no date such as 2026-01-31", word)
		}
		e.dates = append(e.dates, day)
		return true, nil
	}
	e.words = append(e.words, word)
	return true, nil
}

func readNumber(raw []byte) (number json.Number, err error) {
	if raw = bytes.TrimSpace(raw); len(raw) == 0 || raw[0] == '"' || json.Unmarshal(raw, &number) != nil || number == "" { // a json.Number may be a string
		return "", errors.New("want a number")
	}
	return number, nil
}

// whole reports whether x is an integer that float64 has exactly.
func whole(x float64) bool { return x >= -1<<53 && x <= 1<<53 && x == float64(int64(x)) }

func (f *Field) readList(raw []byte, e *entry) error {
	var items []json.RawMessage
	if json.Unmarshal(raw, &items) != nil {
		return errNoList
	}
	if f.Kind == KindEnums {
		e.member = make([]bool, len(f.Values))
	}
	for _, item := range items {
		if f.Kind == KindSpans && isNull(item) {
			continue
		}
		has, err := f.readItem(item, e)
		if err != nil {
			if err == errNoString {
				err = errNoList
			}
			return err
		}
		if f.Kind == KindEnums {
			e.member[e.class] = true
		}
		e.has = e.has || has
	}
	e.has = e.has || !f.mayLack() // then an empty list is a value
	return nil
}

// value returns the number of a value of an enum, whatever its case and blanks.
func (f *Field) value(word string) (int, bool) {
	if at := slices.Index(f.Values, word); at >= 0 {
		return at, true
	}
	key := f.fold(word)
	at := slices.IndexFunc(f.Values, func(v string) bool { return f.fold(v) == key })
	return at, at >= 0
}

// appendObject writes the canonical form.
func (s *Schema) appendObject(dst []byte, entries []entry) []byte {
	if s.Bare {
		return s.Fields[0].appendValue(dst, &entries[0])
	}
	return s.appendFields(dst, entries, 0, len(s.Fields), 0)
}

// appendFields writes the object of the fields from from to to, without to.
func (s *Schema) appendFields(dst []byte, entries []entry, from, to, depth int) []byte {
	dst = append(dst, '{')
	for i := from; i < to; {
		f, e := &s.Fields[i], &entries[i]
		end, required, null := i+1, f.Required, false
		inside := len(f.Path) > depth+1
		if inside {
			end = s.endOf(i, to, depth)
			o := s.inner(f.Path[:depth+1])
			required, null = o.Required, o.Nullable
		}
		has := anyHas(entries[i:end])
		if !has && !required {
			i = end
			continue
		}
		if dst[len(dst)-1] != '{' {
			dst = append(dst, ',')
		}
		name := f.Name
		if f.Path != nil {
			name = f.Path[depth]
		}
		dst = append(appendString(dst, name), ':')
		switch {
		case inside && !has && null:
			dst = append(dst, "null"...)
		case inside:
			dst = s.appendFields(dst, entries, i, end, depth+1)
		default:
			dst = f.appendValue(dst, e)
		}
		i = end
	}
	return append(dst, '}')
}

func anyHas(entries []entry) bool {
	for i := range entries {
		if entries[i].has {
			return true
		}
	}
	return false
}

// appendValue writes the value of a field; what is missing is null or, where that is not allowed, the kind's empty value.
func (f *Field) appendValue(dst []byte, e *entry) []byte {
	if !e.has && f.Nullable {
		return append(dst, "null"...)
	}
	if !f.list() {
		return f.appendItem(dst, e, 0)
	}
	dst = append(dst, '[')
	n := e.inText()
	if f.Kind == KindEnums {
		n = len(e.member)
	}
	for i := range n {
		if f.Kind == KindEnums && !e.member[i] {
			continue
		}
		if dst[len(dst)-1] != '[' {
			dst = append(dst, ',')
		}
		dst = f.appendItem(dst, e, i)
	}
	return append(dst, ']')
}

// appendItem writes one value: the i-th of a list, where i of enums is the number of the value.
func (f *Field) appendItem(dst []byte, e *entry, i int) []byte {
	switch f.Kind {
	case KindEnum:
		return f.appendClass(dst, e.class)
	case KindEnums:
		return f.appendClass(dst, i)
	case KindBool:
		return strconv.AppendBool(dst, e.class == 1)
	case KindNumber, KindNumbers:
		x := 0.0
		if i < len(e.numbers) {
			x = e.numbers[i]
		}
		return strconv.AppendFloat(dst, x+0, 'f', -1, 64) // +0 turns -0 into 0
	case KindDate, KindDates:
		var day [3]int
		if i < len(e.dates) {
			day = e.dates[i]
		}
		return append(appendDay(append(dst, '"'), day), '"')
	}
	word := ""
	if i < len(e.words) {
		word = e.words[i]
	}
	return appendString(dst, word)
}

func (f *Field) appendClass(dst []byte, class int) []byte {
	if f.Numeric {
		return append(dst, f.Values[class]...)
	}
	return appendString(dst, f.Values[class])
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
