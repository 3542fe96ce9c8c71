// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package object

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"retort/dialect/internal/scan"
)

// Writer writes JSON objects field by field. It is for one goroutine. What it writes is valid JSON as long as the raw values given to it are.
type Writer struct {
	B       []byte // what has been written
	Loose   bool   // no Extra maps follow whose names could repeat: names are not kept
	Foreign bool   // Extra maps hold another dialect's fields, which are left out
	Err     error  // the first value that could not be written, of kind Invalid

	keys []string // names already written in the objects that are open
	base int      // where those of the innermost begin
}

// Open begins an object; give the mark to Close.
func (w *Writer) Open() (mark int) {
	w.B = append(w.B, '{')
	mark, w.base = w.base, len(w.keys)
	return mark
}

// Close ends the object that Open began.
func (w *Writer) Close(mark int) {
	w.B = append(w.B, '}')
	w.keys, w.base = w.keys[:w.base], mark
}

// Key writes the name of the next value.
func (w *Writer) Key(name string) {
	if w.B[len(w.B)-1] != '{' {
		w.B = append(w.B, ',')
	}
	if !w.Loose {
		w.keys = append(w.keys, name)
	}
	w.B = append(scan.Quote(w.B, name), ':')
}

// Elem writes what separates the next element of an array from the one before.
func (w *Writer) Elem() {
	if w.B[len(w.B)-1] != '[' {
		w.B = append(w.B, ',')
	}
}

// Text writes a string.
func (w *Writer) Text(key, v string) {
	w.Key(key)
	w.B = scan.Quote(w.B, v)
}

// TextIf writes a string that is not empty.
func (w *Writer) TextIf(key, v string) {
	if v != "" {
		w.Text(key, v)
	}
}

// Whole writes a whole number.
func (w *Writer) Whole(key string, v int64) {
	w.Key(key)
	w.B = strconv.AppendInt(w.B, v, 10)
}

// Boolean writes true or false.
func (w *Writer) Boolean(key string, v bool) {
	w.Key(key)
	w.B = strconv.AppendBool(w.B, v)
}

// Null writes null.
func (w *Writer) Null(key string) {
	w.Key(key)
	w.B = append(w.B, "null"...)
}

// Number writes a finite number; nil writes nothing.
func (w *Writer) Number(key string, v *float64) {
	if v == nil {
		return
	}
	if math.IsNaN(*v) || math.IsInf(*v, 0) {
		w.fail(key, errors.New("must be a finite number"))
		return
	}
	w.Key(key)
	w.B = AppendFloat(w.B, *v)
}

// AppendFloat appends a number as JSON writes it.
func AppendFloat(b []byte, v float64) []byte {
	format := byte('f')
	if abs := math.Abs(v); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		format = 'e'
	}
	return strconv.AppendFloat(b, v, format, -1, 64)
}

// Strings writes an array of strings, without a name.
func (w *Writer) Strings(list []string) {
	w.B = append(w.B, '[')
	for _, s := range list {
		w.Elem()
		w.B = scan.Quote(w.B, s)
	}
	w.B = append(w.B, ']')
}

// Raw writes a value that is JSON already; null stands for one that is missing or broken.
func (w *Writer) Raw(key string, v json.RawMessage) {
	c := scan.New(v)
	if c.Skip(); c.End() != nil {
		w.fail(key, errors.New("is not valid JSON"))
		return
	}
	w.Key(key)
	w.B = append(w.B, v...)
}

// Members writes the members of a JSON object into the one that is open.
func (w *Writer) Members(object json.RawMessage) {
	if w.Foreign || object == nil {
		return
	}
	var m map[string]json.RawMessage
	if json.Unmarshal(object, &m) == nil {
		w.Sorted(m)
	}
}

// Extra writes the fields without a place, in alphabetical order, but for those that have been written already.
// Those of other dialects are left out.
func (w *Writer) Extra(m map[string]json.RawMessage) {
	if !w.Foreign {
		w.Sorted(m)
	}
}

// Sorted writes raw values in alphabetical order, but for those whose name has been written already. Names that begin
// with two dots lose one of them (see Reader.Members).
func (w *Writer) Sorted(m map[string]json.RawMessage) {
	for _, key := range slices.Sorted(maps.Keys(m)) {
		name := key
		if strings.HasPrefix(key, "..") {
			name = key[1:]
		}
		if !slices.Contains(w.keys[w.base:], name) {
			w.Raw(name, m[key])
		}
	}
}

func (w *Writer) fail(field string, err error) {
	if w.Err == nil {
		w.Err = Invalid(field, err)
	}
}

// Count writes a whole number; nil writes nothing.
func (w *Writer) Count(key string, v *int) {
	if v != nil {
		w.Whole(key, int64(*v))
	}
}

// Array begins an array under a name; give it elements with Elem, and end it with EndArray.
func (w *Writer) Array(key string) {
	w.Key(key)
	w.B = append(w.B, '[')
}

// EndArray ends an array.
func (w *Writer) EndArray() { w.B = append(w.B, ']') }

// Base64 writes data as a string of base64, without a name.
func (w *Writer) Base64(data []byte) {
	w.B = append(base64.StdEncoding.AppendEncode(append(w.B, '"'), data), '"')
}

// DataURL writes data as a data URL, without a name.
func (w *Writer) DataURL(mime string, data []byte) {
	w.B = scan.Quote(w.B, "data:"+mime+";base64,")
	w.B = w.B[:len(w.B)-1]
	w.B = append(base64.StdEncoding.AppendEncode(w.B, data), '"')
}
