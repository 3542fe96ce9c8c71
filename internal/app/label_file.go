// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"retort/distill/label"
)

// CheckLabelFile says whether labels can be written to a file of that name, before they are paid for; an empty name is none.
func CheckLabelFile(path string) error {
	switch ext := strings.ToLower(filepath.Ext(path)); {
	case path == "", ext == ".jsonl", ext == ".ndjson", ext == ".csv":
	default:
		return &labelFileError{path}
	}
	if path == "" {
		return nil
	}
	if info, err := os.Stat(filepath.Dir(path)); err != nil || !info.IsDir() {
		return fmt.Errorf("write labels: %s is no folder", filepath.Dir(path))
	}
	return nil
}

// labelFileError refuses a file of a type that cannot be written.
type labelFileError struct{ path string }

func (e *labelFileError) Error() string {
	return fmt.Sprintf("write labels: the type of %s is none that can be written", e.path)
}
func (e *labelFileError) Hint() string { return "give a name that ends in .jsonl or .csv" }

func table(path string) bool { return strings.EqualFold(filepath.Ext(path), ".csv") }

// labelMarksError refuses to lose which labels are no fair sample.
type labelMarksError struct{ path string }

func (e *labelMarksError) Error() string {
	return fmt.Sprintf("write labels: %s has no room for the mark of labels that were picked, which must not certify", e.path)
}
func (e *labelMarksError) Hint() string {
	return "give a name that ends in .jsonl; the labels are kept, and the same command asks nobody again"
}

// WriteFile writes the labelled rows: as JSON lines with soft labels, the models that labelled, and each teacher's answer with
// what is known of its terms; or as a table of text, label and teacher. A file that is there is replaced once all is written.
func (l *Labels) WriteFile(path string) error {
	if err := CheckLabelFile(path); err != nil {
		return err
	}
	if table(path) && slices.ContainsFunc(l.Examples, func(e label.Labelled) bool { return e.Hard }) {
		return &labelMarksError{path}
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".labels-*")
	if err != nil {
		return fmt.Errorf("write labels: %w", err)
	}
	defer os.Remove(f.Name()) // which is gone when all went well
	buffer := bufio.NewWriter(f)
	write := l.writeLines
	if table(path) {
		write = l.writeTable
	}
	err = errors.Join(write(buffer), buffer.Flush(), f.Chmod(0o644), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("write labels: %w", err)
	}
	return nil
}

func (l *Labels) writeLines(w io.Writer) error {
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	for i := range l.Examples {
		if err := out.Encode(&l.Examples[i]); err != nil {
			return err
		}
	}
	return nil
}

func (l *Labels) writeTable(w io.Writer) error {
	out := csv.NewWriter(w)
	err := out.Write([]string{"text", "label", "teacher"})
	for i := range l.Examples {
		e := &l.Examples[i]
		err = errors.Join(err, out.Write([]string{e.Text, e.Label, e.Teacher}))
	}
	out.Flush()
	return errors.Join(err, out.Error())
}
