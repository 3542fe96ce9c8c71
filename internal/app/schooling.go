// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"retort/dataset"
)

// schooling is what a student learned from, as far as it is found again.
type schooling struct {
	name     string
	examples []dataset.Example
	complete bool
	notes    []string
}

// learnedFrom finds the examples that a student learned from.
func (a *App) learnedFrom(ctx context.Context, s *Student, o AuditOptions) (*schooling, error) {
	out, hash, ref, p := &schooling{}, "", o.Data, a.plant.Load()
	if ref == "" {
		ref = s.Card.Dataset
	}
	switch {
	case ref != "":
		set, _, err := a.readData(ctx, ref, o.Columns, dataset.ReadFile)
		if err != nil {
			return nil, err
		}
		out.name, out.examples, hash = set.Name, set.Examples, set.Hash
	case p.Desks[s.Task] != nil && s.Card.Teachers != nil && !fromFile(s.Card.Teachers):
		progress := o.Progress
		if progress == nil {
			progress = func(string, int, int) {}
		}
		taught, err := a.lessons(ctx, p, p.Desks[s.Task], progress)
		if err != nil {
			return nil, err
		}
		out.name, out.examples = "traces of task "+s.Task, slices.Concat(taught.examples, taught.hard)
	default:
		out.notes = append(out.notes, "the examples that it learned from were not kept here; give them with --data")
		return out, nil
	}
	return out, a.match(s, out, hash)
}

func fromFile(teachers []string) bool {
	return slices.ContainsFunc(teachers, func(t string) bool { return strings.HasPrefix(t, "file ") })
}

// match keeps of the examples those that the student was made from, and says whether they are all.
func (a *App) match(s *Student, out *schooling, hash string) error {
	if hash != "" && hash == s.Card.DataHash {
		out.complete = true
		return nil
	}
	made, err := a.readSeen(s.ID)
	if errors.Is(err, errDamaged) {
		out.notes, made = append(out.notes, err.Error()), nil
	} else if err != nil {
		return err
	}
	if len(made) == 0 {
		out.notes = append(out.notes, fmt.Sprintf("nothing tells whether %s is what the student learned from", out.name))
		return nil
	}
	before, found := len(out.examples), map[uint64]bool{}
	out.examples = slices.DeleteFunc(out.examples, func(e dataset.Example) bool {
		m := mark(e.Text)
		known := made.has(e.Text)
		found[m] = found[m] || known
		return !known
	})
	n := 0
	for _, known := range found {
		if known {
			n++
		}
	}
	out.complete = n == len(made)
	if n < len(made) {
		out.notes = append(out.notes, fmt.Sprintf("%s has %d of the %d texts that the student was made from", out.name, n, len(made)))
	}
	if d := before - len(out.examples); d > 0 {
		out.notes = append(out.notes, fmt.Sprintf("%d examples of %s had no part in the student and were left out", d, out.name))
	}
	return nil
}
