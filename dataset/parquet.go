// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package dataset

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/parquet-go/parquet-go"
)

// parquet reads a Parquet file. The columns of the example must be plain: text, numbers or truth values. Others may be anything.
func (r *reader) parquet(file io.ReaderAt, size int64) (err error) {
	defer func() { // the library panics on some damaged files
		if p := recover(); p != nil {
			err = fmt.Errorf("the file is damaged: %v", p)
		}
	}()
	if err := checkMagic(file, size); err != nil {
		return err
	}
	f, err := parquet.OpenFile(file, size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return fmt.Errorf("the file is damaged: %w", err)
	}
	columns, err := r.parquetColumns(f.Root().Columns())
	if err != nil {
		return err
	}
	row := 0
	for _, group := range f.RowGroups() {
		if err := r.group(group, columns, &row); err != nil {
			return err
		}
	}
	return nil
}

// checkMagic says what a file is that is no Parquet, as far as its ends tell.
func checkMagic(file io.ReaderAt, size int64) error {
	const magic, encrypted = "PAR1", "PARE"
	var head, tail [len(magic)]byte
	if size < 12 {
		return fmt.Errorf("the file is no Parquet: it has %d bytes", size)
	}
	if _, err := file.ReadAt(head[:], 0); err != nil {
		return err
	}
	if _, err := file.ReadAt(tail[:], size-int64(len(tail))); err != nil {
		return err
	}
	switch {
	case string(head[:]) == encrypted || string(tail[:]) == encrypted:
		return errors.New("the file is encrypted; write it without encryption")
	case bytes.HasPrefix(head[:], []byte{0x1f, 0x8b}):
		return errors.New("the file is gzipped; unzip it first")
	case string(head[:]) != magic:
		return fmt.Errorf("the file is no Parquet: it begins with %q and not with %q", head, magic)
	case string(tail[:]) != magic:
		return fmt.Errorf("the file is cut: it begins as Parquet and does not end with %q; copy it again", magic)
	}
	return nil
}

// parquetColumns are the positions of columns among the leaves of the schema; -1 where there is none.
type parquetColumns struct{ input, label, soft, gold, hard, teacher int }

func (r *reader) parquetColumns(have []*parquet.Column) (at parquetColumns, err error) {
	names := make([]string, len(have))
	for i, c := range have {
		names[i] = strings.ToValidUTF8(c.Name(), "\ufffd")
	}
	input, label, found, err := r.find(names, false)
	if err != nil {
		return at, err
	}
	r.set.Columns = found
	if at.input, err = plainColumn(have[input]); err != nil {
		return at, err
	}
	if at.label = -1; label >= 0 {
		if at.label, err = plainColumn(have[label]); err != nil {
			return at, err
		}
	}
	at.soft, at.teacher = beside(have, "soft", parquet.ByteArray), beside(have, "teacher", parquet.ByteArray)
	at.gold, at.hard = beside(have, "gold", parquet.Boolean), beside(have, "hard", parquet.Boolean)
	return at, nil
}

// beside returns the position of a column as exports have it, or -1.
func beside(have []*parquet.Column, name string, kind parquet.Kind) int {
	for _, c := range have {
		if c.Name() == name && c.Leaf() && !c.Repeated() && c.Type().Kind() == kind {
			return c.Index()
		}
	}
	return -1
}

// plainColumn returns the position of a column among the leaves, or says why it cannot hold texts or labels.
func plainColumn(c *parquet.Column) (int, error) {
	const write = "write it as text, such as JSON, or name another column"
	name := strings.ToValidUTF8(c.Name(), "\ufffd")
	switch {
	case !c.Leaf():
		return 0, fmt.Errorf("column %q is nested, with %s inside; %s", name, nested(c), write)
	case c.Repeated():
		return 0, fmt.Errorf("column %q is a list; %s", name, write)
	}
	kind := c.Type().Kind()
	if logical := c.Type().String(); kind == parquet.Int96 || kind == parquet.FixedLenByteArray || hasAny(logical, "DECIMAL", "DATE", "TIME", "INTERVAL", "BSON", "GEO") {
		return 0, fmt.Errorf("column %q is of type %s; write it as text", name, logical)
	}
	return c.Index(), nil
}

func hasAny(s string, starts ...string) bool {
	for _, start := range starts {
		if strings.HasPrefix(s, start) {
			return true
		}
	}
	return false
}

func nested(c *parquet.Column) string {
	var names []string
	for _, inner := range c.Columns() {
		names = append(names, strings.ToValidUTF8(inner.Name(), "\ufffd"))
	}
	return list(names)
}

// group reads one row group.
func (r *reader) group(group parquet.RowGroup, at parquetColumns, row *int) (err error) {
	var open []*cells
	defer func() {
		for _, c := range open {
			if c != nil {
				err = errors.Join(err, c.close())
			}
		}
	}()
	chunks := group.ColumnChunks()
	for _, i := range []int{at.input, at.label, at.soft, at.gold, at.hard, at.teacher} {
		var c *cells
		if i >= 0 {
			c = &cells{pages: chunks[i].Pages()}
		}
		open = append(open, c)
	}
	for range group.NumRows() {
		*row++
		e, err := r.row(open, *row)
		if err != nil {
			return &lineError{*row, err}
		}
		if err := r.add(e); err != nil {
			return err
		}
	}
	return nil
}

// row takes the next value of each column.
func (r *reader) row(open []*cells, row int) (Example, error) {
	var values [6]parquet.Value
	for i, c := range open {
		if c == nil {
			continue
		}
		v, err := c.next()
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return Example{}, fmt.Errorf("the file is damaged: %w", err)
		}
		values[i] = v
	}
	e := Example{Line: row, Text: cell(values[0]), Label: cell(values[1]), Teacher: r.once(cell(values[5]))}
	e.Gold, e.Hard = cell(values[3]) == "true", cell(values[4]) == "true"
	if soft := cell(values[2]); soft != "" {
		return e, r.soft(&e, soft)
	}
	return e, nil
}

// cell returns a value as text of its own; null is empty.
func cell(v parquet.Value) string {
	if v.IsNull() {
		return ""
	}
	switch v.Kind() {
	case parquet.ByteArray:
		return string(v.ByteArray())
	case parquet.Float:
		return strconv.FormatFloat(float64(v.Float()), 'g', -1, 32)
	case parquet.Double:
		return strconv.FormatFloat(v.Double(), 'g', -1, 64)
	}
	return v.String()
}

// cells reads the values of one column of a row group.
type cells struct {
	pages  parquet.Pages
	page   parquet.Page
	values parquet.ValueReader
	buf    [128]parquet.Value
	at, n  int
}

// next returns the next value, valid until the next call; io.EOF after the last.
func (c *cells) next() (parquet.Value, error) {
	for c.at == c.n {
		if err := c.more(); err != nil {
			return parquet.Value{}, err
		}
	}
	c.at++
	return c.buf[c.at-1], nil
}

// more reads on, from the next page where this one is at its end.
func (c *cells) more() error {
	if c.values == nil {
		page, err := c.pages.ReadPage()
		if err != nil {
			return err
		}
		c.page, c.values = page, page.Values()
	}
	n, err := c.values.ReadValues(c.buf[:])
	c.at, c.n = 0, n
	if errors.Is(err, io.EOF) {
		err, c.values = nil, nil
		if n == 0 {
			parquet.Release(c.page)
		}
	}
	return err
}

func (c *cells) close() error { return c.pages.Close() }
