// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"retort/dataset"
	"retort/eval"
	"retort/flow"
	"retort/internal/store"
	"retort/model"
	"retort/wheel"
)

func TestBesideIsWholeOrDamaged(t *testing.T) {
	a := openApp(t, "http://127.0.0.1:1", "")
	path := a.besidePath("s", seenFile)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if s, err := a.readSeen("s"); err != nil || len(s) != 0 {
		t.Errorf("where there is none: %v, %v", s, err)
	}
	texts := newSeen([]dataset.Example{{Text: "a"}, {Text: "b"}, {Text: "c"}})
	if err := a.writeSeen("s", texts); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, err := os.Stat(path)
	if err != nil || before.Mode().Perm()&0o077 != 0 && os.PathSeparator == '/' {
		t.Fatalf("%v, %v", before.Mode(), err)
	}
	is := func(what string, file []byte, damaged bool) {
		t.Helper()
		if err := os.WriteFile(path, file, 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := a.readSeen("s")
		if damaged && (!errors.Is(err, errDamaged) || !strings.Contains(err.Error(), "s.seen")) {
			t.Errorf("%s: got %v, %v", what, got, err)
		}
		if !damaged && (err != nil || !slices.Equal(got, texts)) {
			t.Errorf("%s: got %v, %v, want %v", what, got, err, texts)
		}
	}
	is("whole", whole, false)
	for n := 1; n < len(whole); n++ {
		if n%seenBytes == 0 && n < sectionsMagic { // not even the first bytes are there
			continue
		}
		is("cut", whole[:n], true)
	}
	other := bytes.Clone(whole)
	other[len(other)-40] ^= 1
	is("another bit", other, true)

	var plain []byte // as it was before it had an envelope
	for _, v := range texts {
		plain = binary.LittleEndian.AppendUint64(plain, v)
	}
	is("plain", plain, false)
	is("plain, cut", plain[:len(plain)-3], true)
	is("plain, out of order", append(plain[8:len(plain):len(plain)], plain[:8]...), true)

	// One that is written anew takes the place of the other, which stays what it was for who has it open.
	if before, err = os.Stat(path); err != nil {
		t.Fatal(err)
	}
	if err := a.writeSeen("s", texts); err != nil {
		t.Fatal(err)
	}
	if after, err := os.Stat(path); err != nil || os.SameFile(before, after) {
		t.Errorf("the file was written over: %v", err)
	}
}

// sectionsMagic is how long the first bytes are that tell a file with an envelope.
const sectionsMagic = 8

// What is damaged beside the champion's file is told, and decides nothing: what is fair all the same is compared, and where nothing is the comparison goes on
// with what is asked.
func TestDamagedPastDecidesNothing(t *testing.T) {
	a, row, out := judgedOn(t)
	id, d := row.ID, a.plant.Load().Desks["desk"]
	kept, err := a.readHeld(id)
	if err != nil {
		t.Fatal(err)
	}
	damage := func(of *beside) {
		t.Helper()
		if err := os.Truncate(a.besidePath(id, of), 100); err != nil {
			t.Fatal(err)
		}
	}
	contest := func(pairs int, unread string) *Gate {
		t.Helper()
		g := &Gate{Ruling: eval.Inconclusive}
		if err := a.contest(t.Context(), d, g, out); err != nil || g.Compared != pairs || !strings.Contains(g.Unread, unread) || (g.Unread == "") != (unread == "") {
			t.Errorf("got %d pairs, %q, %v; want %d, %q", g.Compared, g.Unread, err, pairs, unread)
		}
		return g
	}
	contest(len(kept)+20, "")
	held, err := os.ReadFile(a.besidePath(id, heldFile))
	if err != nil {
		t.Fatal(err)
	}
	damage(heldFile)
	contest(20, id+".held")
	damage(seenFile)
	if g := contest(0, id); g.Ruling != eval.Inconclusive {
		t.Errorf("nothing is fair: %+v", g)
	}
	if err := os.WriteFile(a.besidePath(id, heldFile), held, 0o600); err != nil {
		t.Fatal(err)
	}
	contest(len(kept), id+".seen")

	if doubts, err := a.doubts(candidate{student: id}, nil, false); err != nil || !strings.Contains(strings.Join(doubts, ""), "is not known") {
		t.Errorf("an evaluation doubts %q, %v", doubts, err)
	}
	schooled := &schooling{name: "traces"}
	if err := a.match(&Student{ID: id}, schooled, ""); err != nil || !strings.Contains(strings.Join(schooled.notes, "; "), "damaged") {
		t.Errorf("an audit notes %q, %v", schooled.notes, err)
	}
}

// A student that cannot be compared for damage becomes the challenger, so that what is asked decides.
func TestDamagedPastMakesAChallenger(t *testing.T) {
	_, url := newUpstream(t, 400, 0)
	a := openFor(t, url, allowedDesk)
	texts, _ := labelled(400)
	id := champion(t, a, texts[:400])
	for _, of := range []*beside{seenFile, heldFile} {
		if err := os.WriteFile(a.besidePath(id, of), []byte("cut"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	turned, err := a.TurnRun(t.Context(), "desk", wheel.ByPerson, func(string, int, int) {}, func(flow.Run, bool) {})
	if err != nil || turned.Outcome != store.TurnChallenger || !strings.Contains(turned.Says, "damaged") {
		t.Fatalf("got %+v, %v", turned, err)
	}
	if row, err := a.store.Student(t.Context(), model.DefaultTenant, turned.ID); err != nil || row.Stage != store.Challenger {
		t.Errorf("it is %s, %v", row.Stage, err)
	}
}

// allowedDesk is wheelDesk with a teacher that may be learned from.
var allowedDesk = strings.Replace(wheelDesk, "large: {provider: up,", "large: {provider: up, distillation: {status: allowed, basis: ours},", 1)
