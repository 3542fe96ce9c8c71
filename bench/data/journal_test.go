// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"testing"
)

// A run that was cut off in the middle of a line goes on from the lines before it.
func TestJournalGoesOn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal.jsonl")
	one := measured{Way: "active", Seed: 3, Labels: 2000, Answered: 2100, Agreed: 2050}
	j, err := openJournal(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := j.add(one); err != nil {
		t.Fatal(err)
	}
	j.close()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, append(text, `{"way":"active","seed":4,"lab`...), 0o600); err != nil {
		t.Fatal(err)
	}
	if j, err = openJournal(path); err != nil {
		t.Fatal(err)
	}
	known, other := one.key(), measured{Way: "active", Seed: 4, Labels: 2000}
	if !j.find(&known) || known != one {
		t.Errorf("found %+v, want %+v", known, one)
	}
	if j.find(&other) {
		t.Errorf("found %+v, which was not measured", other)
	}
	other.Answered = 7
	if err := j.add(other); err != nil {
		t.Fatal(err)
	}
	j.close()
	last, err := openJournal(path)
	if err != nil || len(last.seen) != 2 || last.seen[other.key()] != other {
		t.Errorf("%v measured, error %v; want two", last.seen, err)
	}
	last.close()
	var none *journal
	if none.find(&one) || none.add(one) != nil {
		t.Error("no journal keeps something")
	}
}
