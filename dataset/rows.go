// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package dataset

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
)

var (
	errOpen   = errors.New("a field begins with a quote that is never closed; close it, or double the quote and put the field into quotes")
	errBehind = errors.New("there is text behind a closing quote; double the quotes that belong to the text")
	errFar    = fmt.Errorf("a quote is not closed within %d MiB", MaxRecord>>20)
)

// rows divides lines into fields as RFC 4180 does, except that a quote inside an unquoted field stands for itself.
type rows struct {
	in      *lines
	comma   byte // what divides fields; 0 means: to be found at the first line
	oneLine bool // a quote may be just a quote: see over
	width   int  // how many fields the first row has
	line    int  // where the last row began

	fields [][]byte
	buf    []byte // a row whose quoted fields go over several lines
}

// next returns the fields of a row, valid until the next call; io.EOF after the last. Empty lines are passed over.
func (r *rows) next() ([][]byte, error) {
	row, err := r.row()
	if err != nil {
		return nil, err
	}
	r.fields = r.fields[:0]
	for {
		field, rest, more, err := r.field(row)
		if err != nil {
			return nil, &lineError{r.line, err}
		}
		r.fields = append(r.fields, field)
		if !more {
			r.width = cmp.Or(r.width, len(r.fields))
			return r.fields, nil
		}
		row = rest
	}
}

// row returns the bytes of a row without its line end.
func (r *rows) row() ([]byte, error) {
	text, err := r.in.next()
	for err == nil && len(trimEnd(text)) == 0 {
		text, err = r.in.next()
	}
	if err != nil {
		return nil, err
	}
	r.line = r.in.line
	if r.comma == 0 {
		r.comma = separator(text)
	}
	if bytes.IndexByte(text, '"') < 0 || r.oneLine && r.width == 0 {
		return trimEnd(text), nil
	}
	q := quoting{comma: r.comma, state: fieldStart}
	if q.read(text); q.state != inQuotes {
		return trimEnd(text), nil
	}
	r.buf = append(r.buf[:0], text...)
	if r.oneLine {
		return r.over(q)
	}
	for q.state == inQuotes {
		text, err = r.in.next()
		if errors.Is(err, io.EOF) {
			return nil, &lineError{r.line, errOpen}
		} else if err != nil {
			return nil, err
		}
		if len(r.buf)+len(text) > MaxRecord {
			return nil, &lineError{r.line, errFar}
		}
		q.read(text)
		r.buf = append(r.buf, text...)
	}
	return trimEnd(r.buf), nil
}

// field takes the first field off a row; more is whether another follows, which is rest.
func (r *rows) field(row []byte) (field, rest []byte, more bool, err error) {
	if len(row) > 0 && row[0] == '"' {
		end := closing(row)
		after := row[min(end+1, len(row)):]
		switch {
		case end < len(row) && len(after) == 0:
			return unescape(row[1:end]), nil, false, nil
		case end < len(row) && after[0] == r.comma:
			return unescape(row[1:end]), after[1:], true, nil
		case !r.oneLine:
			return nil, nil, false, errBehind
		}
	}
	field, rest, more = bytes.Cut(row, []byte{r.comma})
	return field, rest, more, nil
}

// closing returns where the quote that opens a field is closed; len(field) when it is not.
func closing(field []byte) int {
	for i := 1; i < len(field); i++ {
		if field[i] != '"' {
			continue
		}
		if i+1 < len(field) && field[i+1] == '"' {
			i++
			continue
		}
		return i
	}
	return len(field)
}

func unescape(field []byte) []byte {
	if bytes.IndexByte(field, '"') < 0 {
		return field
	}
	return bytes.ReplaceAll(field, []byte(`""`), []byte(`"`))
}

// quoting follows the quotes of a row over its lines.
type quoting struct {
	comma byte
	state quoteState
}

type quoteState uint8

const (
	fieldStart quoteState = iota
	inField
	inQuotes
	quotesClosed // or the first of a doubled quote
)

// read goes on over a line.
func (q *quoting) read(line []byte) {
	for _, c := range line {
		switch {
		case q.state == inQuotes:
			if c == '"' {
				q.state = quotesClosed
			}
		case c == q.comma:
			q.state = fieldStart
		case c == '"' && q.state != inField:
			q.state = inQuotes
		default:
			q.state = inField
		}
	}
}

// separator guesses what divides the fields of a header.
func separator(header []byte) byte {
	for _, c := range []byte{',', ';', '\t'} {
		if bytes.IndexByte(header, c) >= 0 {
			return c
		}
	}
	return ','
}

func trimEnd(line []byte) []byte {
	line = bytes.TrimSuffix(line, []byte("\n"))
	return bytes.TrimSuffix(line, []byte("\r"))
}
