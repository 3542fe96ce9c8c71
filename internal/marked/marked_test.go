// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package marked

import (
	"slices"
	"testing"

	"retort/dataset/private"
)

func halves(t *testing.T) (tune, test []Sentence) {
	t.Helper()
	all, err := Sentences()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		if s.Test {
			test = append(test, s)
		} else {
			tune = append(tune, s)
		}
	}
	return tune, test
}

// TestFinder prints, with -v, what differs in the half to choose by, and holds the other half to the floor: all kinds with a check or a fixed format
// together, and each but for one value, since some have too few for a share to mean much.
func TestFinder(t *testing.T) {
	tune, test := halves(t)
	Measure(tune, func(s *Sentence, found []private.Span) {
		t.Logf("%s: %q\n\tmarked %v\n\tfound  %v", s.File, s.Text, s.Spans, found)
	})
	if testing.Short() { // while choosing
		return
	}
	const floor = 0.95
	scores, checked := Measure(test, nil), Score{}
	for _, k := range private.Kinds() {
		s := scores[k]
		t.Logf("%-18s precision %.3f recall %.3f of %d", k, s.Precision(), s.Recall(), s.Right+s.Missed)
		if s.Right+s.Missed == 0 {
			t.Errorf("%s is not in the half that judges", k)
		}
		if !Checked(k) {
			continue
		}
		checked = Score{checked.Right + s.Right, checked.Missed + s.Missed, checked.Wrong + s.Wrong}
		if s.Precision() < floor && s.Wrong > 1 || s.Recall() < floor && s.Missed > 1 {
			t.Errorf("%s: precision %.3f, recall %.3f, want %.2f of each", k, s.Precision(), s.Recall(), floor)
		}
	}
	if checked.Precision() < floor || checked.Recall() < floor {
		t.Errorf("kinds with a check or a fixed format: precision %.3f, recall %.3f, want %.2f of each", checked.Precision(), checked.Recall(), floor)
	}
}

func TestSampleIsLargeEnough(t *testing.T) {
	tune, test := halves(t)
	all := slices.Concat(tune, test)
	nothing, seen := 0, map[string]bool{}
	for _, s := range all {
		if len(s.Spans) == 0 {
			nothing++
		}
		seen[s.Text] = true
	}
	if len(seen) < 600 || nothing < 200 || len(test) < len(all)/3 || len(tune) < len(all)/3 {
		t.Errorf("%d sentences, %d different, %d with nothing, %d that judge", len(all), len(seen), nothing, len(test))
	}
}

func TestReadRefusesUnknownKinds(t *testing.T) {
	if _, err := read("a [[shoe:size 9]]"); err == nil {
		t.Error("no error")
	}
	s, err := read(`x [[[ip:2001:db8::1]]]\n[[aws_key:AB~CD]]`)
	if want := "x [2001:db8::1]\nABCD"; err != nil || s.Text != want || len(s.Spans) != 2 || s.Text[s.Spans[1].Start:] != "ABCD" {
		t.Errorf("got %q %v %v, want %q", s.Text, s.Spans, err, want)
	}
}
