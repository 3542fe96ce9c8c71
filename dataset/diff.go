// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package dataset

import (
	"crypto/sha256"
	"encoding/binary"
	"iter"
)

// Diff is how one set of examples differs from another. Texts are compared by their canonical form.
type Diff struct {
	Before    int `json:"before"` // examples
	After     int `json:"after"`
	Same      int `json:"same"`      // texts with the same labels in both
	Added     int `json:"added"`     // texts of after alone
	Removed   int `json:"removed"`   // texts of before alone
	Relabeled int `json:"relabeled"` // texts of both with other labels
	Repeated  int `json:"repeated"`  // texts of both with the same labels, on more or fewer examples

	// Labels counts, for each label on more or fewer examples after than before, the difference.
	Labels map[string]int `json:"labels,omitempty"`
	// Changes are the first texts of each kind; at most MaxCases of each.
	Changes []Change `json:"changes,omitempty"`
}

// Change is a text that one set has otherwise than the other.
type Change struct {
	Kind   string `json:"kind"` // "added", "removed", "relabeled" or "repeated"
	Text   string `json:"text"`
	Before string `json:"before,omitempty"` // a label that the text has there
	After  string `json:"after,omitempty"`
	// BeforeOthers and AfterOthers say that the text has other labels there as well.
	BeforeOthers bool   `json:"before_others,omitempty"`
	AfterOthers  bool   `json:"after_others,omitempty"`
	Origin       string `json:"origin"`
}

// told is what a comparison keeps of a text: how often it stands in each set and with which labels, one of which it names.
type told struct {
	rows   [2]int32
	labels [2]uint64 // sums of the labels' hashes: the same for the same labels in any order
	label  [2]string
	shown  bool
}

// Compare reads two sets, each of them twice and one after the other, and compares them. It holds a hundred bytes or so of each
// distinct text in memory, and not the texts.
func Compare(before, after iter.Seq2[Example, error]) (*Diff, error) {
	texts := map[[16]byte]*told{}
	d := &Diff{Labels: map[string]int{}}
	for side, set := range []iter.Seq2[Example, error]{before, after} {
		for e, err := range set {
			if err != nil {
				return nil, err
			}
			d.read(texts, side, &e)
		}
	}
	for label, n := range d.Labels {
		if n == 0 {
			delete(d.Labels, label)
		}
	}
	for _, t := range texts {
		d.judge(t)
	}
	return d, d.show(texts, before, after)
}

func (d *Diff) read(texts map[[16]byte]*told, side int, e *Example) {
	key := textKey(e.Text)
	t := texts[key]
	if t == nil {
		t = &told{}
		texts[key] = t
	}
	t.rows[side]++
	t.labels[side] += labelSum(e.Label)
	if t.label[side] == "" {
		t.label[side] = e.Label
	}
	if _, known := d.Labels[e.Label]; known || len(d.Labels) < MaxLabels {
		d.Labels[e.Label] += 2*side - 1
	}
	if side == 0 {
		d.Before++
	} else {
		d.After++
	}
}

func textKey(text string) (key [16]byte) {
	sum := sha256.Sum256([]byte(Canonical(text)))
	copy(key[:], sum[:])
	return key
}

// kind returns what happened to a text; empty when nothing did.
func (t *told) kind() string {
	switch {
	case t.rows[0] == 0:
		return "added"
	case t.rows[1] == 0:
		return "removed"
	case t.labels[0] == t.labels[1] && t.rows[0] == t.rows[1]:
		return ""
	case t.label[0] == t.label[1] && !t.others(0) && !t.others(1):
		return "repeated"
	}
	return "relabeled"
}

// others reports whether a set has the text with more labels than the one that is named.
func (t *told) others(side int) bool {
	return t.labels[side] != uint64(t.rows[side])*labelSum(t.label[side])
}

func labelSum(label string) uint64 {
	sum := sha256.Sum256([]byte(label))
	return binary.LittleEndian.Uint64(sum[:])
}

func (d *Diff) judge(t *told) {
	switch t.kind() {
	case "added":
		d.Added++
	case "removed":
		d.Removed++
	case "relabeled":
		d.Relabeled++
	case "repeated":
		d.Repeated++
	default:
		d.Same++
	}
}

// show reads the sets again for the texts of changes.
func (d *Diff) show(texts map[[16]byte]*told, before, after iter.Seq2[Example, error]) error {
	shown := map[string]int{}
	for side, set := range []iter.Seq2[Example, error]{before, after} {
		left := map[string]int{"removed": d.Removed, "relabeled": d.Relabeled, "repeated": d.Repeated}
		if side == 1 {
			left = map[string]int{"added": d.Added}
		}
		for kind := range left {
			left[kind] = min(left[kind], MaxCases) - shown[kind]
		}
		for e, err := range set {
			if err != nil {
				return err
			}
			if done(left) {
				break
			}
			t := texts[textKey(e.Text)]
			if kind := t.kind(); left[kind] > 0 && !t.shown {
				t.shown = true
				left[kind]--
				shown[kind]++
				d.Changes = append(d.Changes, Change{Kind: kind, Text: excerpt(e.Text), Before: t.label[0], After: t.label[1],
					BeforeOthers: t.rows[0] > 0 && t.others(0), AfterOthers: t.rows[1] > 0 && t.others(1), Origin: e.Origin()})
			}
		}
	}
	return nil
}

func done(left map[string]int) bool {
	for _, n := range left {
		if n > 0 {
			return false
		}
	}
	return true
}
