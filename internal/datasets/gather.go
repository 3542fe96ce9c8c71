// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package datasets

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"retort/dataset"
)

// The reasons why rows are left out, as sources have them.
const (
	noText  = "no text"
	noLabel = "no label"
	outside = "a label that the task does not allow"
)

// File adds the examples of a file (dataset.ReadFile says of which kinds), whose rows they name.
func (d *Draft) File(ctx context.Context, path string, columns dataset.Columns, progress Progress) error {
	name := filepath.Base(path)
	sum, err := sumOf(path)
	if err != nil {
		return err
	}
	f := &intake{draft: d, where: name}
	tick, n := progress.of(ctx, "read "+name, 0), 0
	set, err := dataset.Scan(path, columns, func(e dataset.Example) error {
		n++
		if err := tick(n); err != nil {
			return err
		}
		e.Source = name
		return f.add(&e)
	})
	if err != nil {
		return err
	}
	source := dataset.Source{Kind: "file", Name: name, SHA256: sum, Columns: &set.Columns, Examples: f.taken, Repaired: set.Repaired, Lines: set.Skipped.Lines}
	source.Skipped = counts(noText, set.Skipped.NoText, noLabel, set.Skipped.NoLabel, outside, f.wrong)
	d.Source(source)
	f.notes()
	return nil
}

// Version adds the examples of a version. keep, which may be nil, chooses among them, and part says in words what it chooses.
func (d *Draft) Version(ctx context.Context, v *dataset.Version, part string, keep func(*dataset.Example) bool, progress Progress) error {
	f := &intake{draft: d, where: v.Ref()}
	tick, n := progress.of(ctx, "read "+v.Ref(), v.Examples), 0
	for e, err := range d.shelf.Examples(v) {
		if err == nil {
			n++
			err = tick(n)
		}
		if err == nil && (keep == nil || keep(&e)) {
			err = f.add(&e)
		}
		if err != nil {
			return fmt.Errorf("read %s: %w", v.Ref(), err)
		}
	}
	d.parent(v, f.taken, part)
	f.notes()
	return nil
}

func (d *Draft) parent(v *dataset.Version, taken int, part string) {
	d.card.Parents = append(d.card.Parents, dataset.Parent{Ref: v.Ref(), Address: v.Address, Examples: taken, Part: part})
}

// intake adds examples of one source, with their labels as the task spells them.
type intake struct {
	draft *Draft
	where string

	taken     int
	wrong     int    // labels that the task does not allow
	why       string // of the first
	respelled int
	first     string // of the respelled
}

// bySpans reads an answer that is wrong as it is, with its offsets replaced by words where it has some.
func (f *intake) bySpans(e *dataset.Example, wrong error) (string, error) {
	label, err := dataset.Spans(e.Text, e.Label)
	switch {
	case err != nil:
		return "", err
	case label == e.Label:
		return "", wrong
	}
	return f.draft.read(e.Text, label)
}

func (f *intake) add(e *dataset.Example) error {
	if f.draft.read != nil {
		label, err := f.draft.read(e.Text, e.Label)
		if err != nil {
			label, err = f.bySpans(e, err)
		}
		if err != nil {
			if f.wrong++; f.wrong == 1 {
				f.why = fmt.Sprintf("%q (%s): %v", clip(e.Label), e.Origin(), err)
			}
			return nil
		}
		if label != e.Label {
			if f.respelled++; f.respelled == 1 {
				f.first = fmt.Sprintf("%q is %q (%s)", clip(e.Label), clip(label), e.Origin())
			}
			e.Label = label
		}
	}
	f.taken++
	return f.draft.Add(e)
}

func (f *intake) notes() {
	if f.respelled > 0 {
		f.draft.Note("%d labels of %s are written as task %s spells them, the first: %s", f.respelled, f.where, f.draft.card.Task, f.first)
	}
	if f.wrong > 0 {
		f.draft.Note("%d rows of %s have a label that task %s does not allow and were left out, the first: %s", f.wrong, f.where, f.draft.card.Task, f.why)
	}
}

// counts returns what is above 0 of pairs of a reason and a number.
func counts(pairs ...any) map[string]int {
	var out map[string]int
	for i := 0; i+1 < len(pairs); i += 2 {
		if n := pairs[i+1].(int); n > 0 {
			if out == nil {
				out = map[string]int{}
			}
			out[pairs[i].(string)] = n
		}
	}
	return out
}

// sumOf returns the SHA-256 of a file.
func sumOf(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("read examples: %w", err)
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return "", fmt.Errorf("read examples: %w", err)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

func clip(s string) string {
	const most = 60
	if r := []rune(s[:min(len(s), 4*most+4)]); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}
