// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package dataset

import (
	"bytes"
	"errors"
	"io"
)

// over returns the row whose first line is in r.buf and leaves a field in quotes open there, in a file where a quote may be just a quote. It goes on over
// further lines where these make one row of the right width together and do not each make one alone: then the field was quoted by whoever wrote
// the file. Else the line is a row, quote and all, and the others are read again.
func (r *rows) over(q quoting) ([]byte, error) {
	first := len(r.buf)
	alone, _ := r.count(trimEnd(r.buf), true)
	each := alone == r.width // the lines so far are rows by themselves
	var further [][]byte
	var why error // they are not one row
	for q.state == inQuotes && why == nil {
		text, err := r.in.next()
		switch {
		case errors.Is(err, io.EOF):
			why = errOpen
			continue
		case err != nil:
			return nil, err
		case len(r.buf)+len(text) > MaxRecord:
			why = errFar
		}
		further = append(further, bytes.Clone(text))
		if plain := trimEnd(text); len(plain) > 0 {
			n, _ := r.count(plain, true)
			each = each && n == r.width
		}
		if why == nil {
			q.read(text)
			r.buf = append(r.buf, text...)
		}
	}
	if why == nil && !each {
		row := trimEnd(r.buf)
		n, err := r.count(row, false)
		if err == nil && n == r.width {
			return row, nil
		}
		why = err
	}
	r.in.again(further)
	if why != nil && alone < r.width {
		return nil, &lineError{r.line, why}
	}
	return trimEnd(r.buf[:first]), nil
}

// count is how many fields a row has, where a quote may be just a quote, or else by the rules, which it may break.
func (r *rows) count(row []byte, oneLine bool) (n int, err error) {
	by := rows{comma: r.comma, oneLine: oneLine}
	for more := true; more && err == nil; n++ {
		_, row, more, err = by.field(row)
	}
	return n, err
}
