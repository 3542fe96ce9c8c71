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

// ReadFile reads the examples of a file: .csv, .tsv, .jsonl or .ndjson, each also with .gz behind, or .parquet.
//
// Tables need a first line with the columns' names. A .csv is divided by commas, or by semicolons or tabs when its first
// line has no comma; fields may be quoted as in RFC 4180. In a .tsv a quote may be just a quote: a field in quotes goes on over
// further lines where these make one row together and are not each a row by themselves.
// JSON lines are objects with the columns as fields, of which the label may be an object or a list itself and then counts as the text it
// is written with, or with "messages": a conversation whose last turn is the
// assistant's answer and whose text is found as that of a request to a task is (model.InputText). Fields as exports have them are
// taken with it: "soft", "gold", "hard" and "teacher". So they are from the columns of a Parquet file, of which those with the text and
// the label must be plain: text, numbers or truth values.
//
// A missing, empty or blank text or label skips the row; labels lose blanks at their ends, texts are kept as they are.
// A byte-order mark, CRLF and a missing last line end are all right. Errors begin with file:line where a line is to blame.
func ReadFile(path string, columns Columns) (*Set, error) {
	return keep(path, columns, false)
}

// keep is scan that keeps the examples.
func keep(path string, columns Columns, bare bool) (*Set, error) {
	var examples []Example
	set, err := scan(path, columns, bare, func(e Example) error {
		examples = append(examples, e)
		return nil
	})
	if err != nil {
		return nil, err
	}
	set.Examples = examples
	return set, nil
}

// Scan reads a file as ReadFile does and gives each example to each, in order, instead of keeping them: the Set it returns has no
// Examples. It holds one row of the file in memory, and its labels; of a Parquet file, a page of each column. Examples do not
// say their Source. An error of each ends the scan and is returned as it is.
func Scan(path string, columns Columns, each func(Example) error) (*Set, error) {
	return scan(path, columns, false, each)
}

// scan is Scan that may do without labels.
func scan(path string, columns Columns, bare bool, each func(Example) error) (*Set, error) {
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
	if filepath.Ext(name) == ".parquet" && source != io.Reader(f) {
		return nil, placed(path, errors.New("a Parquet file is compressed inside; unzip it first"))
	}
	set, err := read(source, filepath.Ext(name), columns, bare, each)
	var own *eachError
	switch {
	case errors.As(err, &own):
		return nil, own.err
	case err != nil:
		return nil, placed(path, err)
	}
	set.Name = filepath.Base(path)
	return set, nil
}

// read reads one format, chosen by the extension.
func read(source io.Reader, ext string, columns Columns, bare bool, each func(Example) error) (*Set, error) {
	r := &reader{set: &Set{}, wanted: columns, bare: bare, each: each, hash: NewHasher(), labels: map[string]string{}}
	if err := r.format(source, ext); err != nil {
		return nil, err
	}
	if s := r.set; r.taken == 0 {
		if s.Skipped.Rows() == 0 {
			return nil, errors.New("there are no rows")
		}
		if bare {
			return nil, fmt.Errorf("none of %d rows holds a text (%q)", s.Skipped.Rows(), s.Columns.Input)
		}
		return nil, fmt.Errorf("none of %d rows holds both a text (%q) and a label (%q)", s.Skipped.Rows(), s.Columns.Input, s.Columns.Label)
	}
	r.set.Hash = r.hash.Sum()
	return r.set, nil
}

func (r *reader) format(source io.Reader, ext string) error {
	if file, ok := source.(*os.File); ok && ext == ".parquet" {
		info, err := file.Stat()
		if err != nil {
			return err
		}
		return r.parquet(file, info.Size())
	}
	in := newLines(source)
	if err := in.skipMark(); err != nil {
		return err
	}
	switch ext {
	case ".csv", ".tsv":
		return r.table(in, ext == ".tsv")
	case ".jsonl", ".ndjson":
		return r.objects(in)
	}
	return fmt.Errorf("a file of type %q cannot be read; give .csv, .tsv or .jsonl, gzipped or not, or .parquet", ext)
}

// reader passes on the rows of a file.
type reader struct {
	set    *Set
	wanted Columns
	bare   bool // examples need no label
	each   func(Example) error
	hash   *Hasher
	taken  int
	labels map[string]string // each label once, not once a row
}

// eachError is an error of who takes the examples, not of the file.
type eachError struct{ err error }

func (e *eachError) Error() string { return e.err.Error() }

// add takes one row; its text is kept, so it must not be part of something much larger.
func (r *reader) add(e Example) error {
	text, label := e.Text, strings.TrimSpace(e.Label)
	switch {
	case strings.TrimSpace(text) == "":
		r.set.Skipped.NoText++
		r.set.Skipped.note(e.Line)
		return nil
	case label == "" && !r.bare:
		r.set.Skipped.NoLabel++
		r.set.Skipped.note(e.Line)
		return nil
	}
	if !utf8.ValidString(text) || !utf8.ValidString(label) {
		text, label = strings.ToValidUTF8(text, "\ufffd"), strings.ToValidUTF8(label, "\ufffd")
		r.set.Repaired++
	}
	e.Text, e.Label = text, r.once(label)
	r.hash.Add(&e)
	r.taken++
	if err := r.each(e); err != nil {
		return &eachError{err}
	}
	return nil
}

// once returns a string with the same text for every row that has it, as long as there are not very many.
func (r *reader) once(label string) string {
	kept, ok := r.labels[label]
	if !ok {
		kept = strings.Clone(label)
		if len(r.labels) < MaxLabels {
			r.labels[kept] = kept
		}
	}
	return kept
}

// lines reads a file line by line, none longer than MaxRecord.
type lines struct {
	in   *bufio.Reader
	line int    // of the last one returned, from 1
	long []byte // holds a line that is longer than the buffer

	unread [][]byte // lines that are to be returned once more
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
	l.line++
	if len(l.unread) > 0 {
		text := l.unread[0]
		l.unread = l.unread[1:]
		return text, nil
	}
	part, err := l.in.ReadSlice('\n')
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
		l.line--
		return nil, io.EOF
	}
	return l.long, nil
}

// again has the latest lines returned once more, which the caller keeps no longer.
func (l *lines) again(latest [][]byte) {
	l.unread = append(latest, l.unread...)
	l.line -= len(latest)
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
