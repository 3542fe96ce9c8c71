// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package dataset

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

// MaxRecord is the longest row of a file, in bytes.
const MaxRecord = 16 << 20

// ReadFile reads the examples of a file: .csv, .tsv, .jsonl or .ndjson, each also with .gz behind.
//
// Tables need a first line with the columns' names. A .csv is divided by commas, or by semicolons or tabs when its first
// line has no comma; fields may be quoted as in RFC 4180. In a .tsv, a field in quotes ends on its line.
// JSON lines are objects with the columns as fields, of which the label may be an object itself and then counts as the text it
// is written with, or with "messages": a conversation whose last turn is the
// assistant's answer and whose text is found as that of a request to a task is (model.InputText).
//
// A missing, empty or blank text or label skips the row; labels lose blanks at their ends, texts are kept as they are.
// A byte-order mark, CRLF and a missing last line end are all right. Errors begin with file:line where a line is to blame.
func ReadFile(path string, columns Columns) (*Set, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read examples: %w", err)
	}
	defer f.Close()
	var source io.Reader = f
	name := strings.ToLower(filepath.Base(path))
	if plain, ok := strings.CutSuffix(name, ".gz"); ok {
		zipped, err := gzip.NewReader(bufio.NewReaderSize(f, 64<<10))
		if err != nil {
			return nil, fmt.Errorf("%s: unzip: %w", path, err)
		}
		defer zipped.Close()
		source, name = zipped, plain
	}
	set, err := read(source, filepath.Ext(name), columns)
	if err != nil {
		return nil, placed(path, err)
	}
	set.Name = filepath.Base(path)
	set.Hash = Hash(set.Examples)
	return set, nil
}

// read reads one format, chosen by the extension.
func read(source io.Reader, ext string, columns Columns) (*Set, error) {
	in := newLines(source)
	if err := in.skipMark(); err != nil {
		return nil, err
	}
	r := &reader{set: &Set{}, wanted: columns, labels: map[string]string{}}
	var err error
	switch ext {
	case ".csv", ".tsv":
		err = r.table(in, ext == ".tsv")
	case ".jsonl", ".ndjson":
		err = r.objects(in)
	default:
		err = fmt.Errorf("a file of type %q cannot be read; give .csv, .tsv or .jsonl, gzipped or not", ext)
	}
	if err != nil {
		return nil, err
	}
	if s := r.set; len(s.Examples) == 0 {
		if s.Skipped.Rows() == 0 {
			return nil, errors.New("there are no rows")
		}
		return nil, fmt.Errorf("none of %d rows holds both a text (%q) and a label (%q)", s.Skipped.Rows(), s.Columns.Input, s.Columns.Label)
	}
	return r.set, nil
}

// reader collects the rows of a file.
type reader struct {
	set    *Set
	wanted Columns
	labels map[string]string // each label once, not once a row
}

// add takes one row; text is kept, so it must not be part of something much larger.
func (r *reader) add(line int, text, label string) {
	label = strings.TrimSpace(label)
	switch {
	case strings.TrimSpace(text) == "":
		r.set.Skipped.NoText++
		r.set.Skipped.note(line)
		return
	case label == "":
		r.set.Skipped.NoLabel++
		r.set.Skipped.note(line)
		return
	}
	if !utf8.ValidString(text) || !utf8.ValidString(label) {
		text, label = strings.ToValidUTF8(text, "\ufffd"), strings.ToValidUTF8(label, "\ufffd")
		r.set.Repaired++
	}
	kept, ok := r.labels[label]
	if !ok {
		kept = strings.Clone(label)
		r.labels[kept] = kept
	}
	r.set.Examples = append(r.set.Examples, Example{Text: text, Label: kept, Line: line})
}

// lines reads a file line by line, none longer than MaxRecord.
type lines struct {
	in   *bufio.Reader
	line int    // of the last one returned, from 1
	long []byte // holds a line that is longer than the buffer
}

func newLines(source io.Reader) *lines { return &lines{in: bufio.NewReaderSize(source, 64<<10)} }

// skipMark skips a byte-order mark, and refuses UTF-16.
func (l *lines) skipMark() error {
	head, _ := l.in.Peek(3) // an error shows again at the first read
	switch {
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
		_, err := l.in.Discard(3)
		return err
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")):
		return errors.New("the file is UTF-16; save it as UTF-8")
	}
	return nil
}

// next returns a line with its end, valid until the next call; io.EOF after the last.
func (l *lines) next() ([]byte, error) {
	part, err := l.in.ReadSlice('\n')
	l.line++
	if err == nil {
		return part, nil
	}
	l.long = append(l.long[:0], part...)
	for errors.Is(err, bufio.ErrBufferFull) && len(l.long) <= MaxRecord {
		part, err = l.in.ReadSlice('\n')
		l.long = append(l.long, part...)
	}
	switch {
	case len(l.long) > MaxRecord:
		return nil, &lineError{l.line, fmt.Errorf("the line is longer than %d MiB", MaxRecord>>20)}
	case err != nil && !errors.Is(err, io.EOF):
		return nil, &lineError{l.line, err}
	case len(l.long) == 0:
		return nil, io.EOF
	}
	return l.long, nil
}

// lineError is an error with its line.
type lineError struct {
	line int
	err  error
}

func (e *lineError) Error() string { return fmt.Sprintf("line %d: %v", e.line, e.err) }
func (e *lineError) Unwrap() error { return e.err }

// placed puts the file, and the line where one is known, before an error.
func placed(path string, err error) error {
	if e, ok := err.(*lineError); ok {
		return fmt.Errorf("%s:%d: %w", path, e.line, e.err)
	}
	return fmt.Errorf("%s: %w", path, err)
}
