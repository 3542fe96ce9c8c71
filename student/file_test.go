// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package student

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"retort/eval/certify"
	"retort/internal/sections"
)

func encode(t testing.TB, s *Student) []byte {
	t.Helper()
	file, err := s.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func TestFileRoundTrip(t *testing.T) {
	for _, effort := range []Effort{Standard, High} {
		t.Run(string(effort), func(t *testing.T) {
			examples := desk(15)
			s := train(t, examples, Options{Task: "desk", Folds: 2, Effort: effort, Labels: []string{"x", "refund", "order", "broken"}}).Student
			card := s.Card()
			card.Teachers = []string{"recording"}
			card.Created = time.Date(2026, 8, 1, 9, 0, 0, 0, time.UTC)
			card.Certificate = &certify.Certificate{Target: 0.95, Threshold: 0.4}
			s = s.WithCard(card)

			path := filepath.Join(t.TempDir(), "desk.student")
			size, err := s.WriteFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if info, err := os.Stat(path); err != nil || info.Size() != size {
				t.Fatalf("WriteFile said %d bytes: %v %v", size, info, err)
			}
			opened, err := Open(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(s.Card(), opened.Card()); diff != "" {
				t.Errorf("card (-written +read):\n%s", diff)
			}
			for _, e := range append(examples, Example{Text: ""}) {
				if a, b := s.Predict(e.Text), opened.Predict(e.Text); a != b {
					t.Fatalf("%q: %+v before, %+v after", e.Text, a, b)
				}
			}
			if string(encode(t, opened)) != string(encode(t, s)) {
				t.Error("encoding what was read gives other bytes")
			}
			for range 2 {
				if err := opened.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// TestDroppedStudentsAnswerUntilTheEnd drops students without closing them, while the garbage collector takes their files away.
func TestDroppedStudentsAnswerUntilTheEnd(t *testing.T) {
	path := filepath.Join(t.TempDir(), "desk.student")
	examples := desk(30)
	s := train(t, examples, Options{Folds: 2}).Student
	if _, err := s.WriteFile(path); err != nil {
		t.Fatal(err)
	}
	for i := range 300 {
		opened, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		if i%20 == 0 {
			runtime.GC()
		}
		text := examples[i%len(examples)].Text
		if a, b := s.Predict(text), opened.Predict(text); a != b {
			t.Fatalf("%q: %+v before, %+v after", text, a, b)
		}
	}
}

func TestOneClassRoundTrip(t *testing.T) {
	s := train(t, []Example{{Text: "a", Label: "only"}}, Options{}).Student
	decoded, err := Decode(encode(t, s))
	if err != nil {
		t.Fatal(err)
	}
	if p := decoded.Predict("b"); p.Label != "only" {
		t.Errorf("prediction %+v", p)
	}
}

func TestWriteFileReplacesWhole(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.student")
	for _, n := range []int{60, 30} {
		if _, err := train(t, desk(n), Options{Folds: 2}).Student.WriteFile(path); err != nil {
			t.Fatal(err)
		}
	}
	s, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if n := s.Card().Examples; n != 30 {
		t.Errorf("the file has the student of %d examples", n)
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("%d files left behind", len(left)-1)
	}
	if _, err := s.WriteFile(filepath.Join(dir, "missing", "b")); err == nil {
		t.Error("wrote into a folder that is not there")
	}
}

func TestOpenRejects(t *testing.T) {
	good := encode(t, train(t, desk(30), Options{Folds: 2}).Student)
	flip := func(at int) []byte {
		bad := append([]byte(nil), good...)
		bad[at] ^= 0x10
		return bad
	}
	newer := append([]byte(nil), good...)
	binary.LittleEndian.PutUint32(newer[8:], FormatVersion+1)
	cases := []struct {
		name string
		file []byte
		want string
	}{
		{"empty", nil, "distil the student anew"},
		{"another kind of file", []byte(strings.Repeat("<html>", 40)), "first bytes"},
		{"cut short", good[:len(good)-64], "should be"},
		{"with a tail", append(append([]byte(nil), good...), 0), "should be"},
		{"a bit flipped in the weights", flip(len(good) / 2), "checksum"},
		{"a bit flipped in the card", flip(sections.HeaderBytes + 2000), "checksum"},
		{"a bit flipped in the checksum", flip(40), "checksum"},
		{"a newer format", newer, "use a matching version"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "bad.student")
			if err := os.WriteFile(path, c.file, 0o600); err != nil {
				t.Fatal(err)
			}
			s, err := Open(path)
			if err == nil || s != nil {
				t.Fatal("opened")
			}
			if !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path) {
				t.Errorf("error %q does not name the file and %q", err, c.want)
			}
			if c.name != "a newer format" && !errors.Is(err, ErrCorrupt) {
				t.Errorf("error %q is not ErrCorrupt", err)
			}
		})
	}
	if _, err := Open(filepath.Join(t.TempDir(), "missing")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file gives %v", err)
	}
}

// seal makes the checksum and the length right again, so that what lies behind them is tested.
func seal(file []byte) []byte {
	if len(file) < sections.HeaderBytes {
		return file
	}
	return sections.Seal(append([]byte(nil), file...), &fileFormat)
}

// FuzzDecode checks that no change of a file makes Decode, or a prediction by what it accepts, panic. A change is five
// bytes: where, and what to add there.
func FuzzDecode(f *testing.F) {
	bases := [][]byte{
		encode(f, train(f, desk(24), Options{Folds: 2, MaxBytes: 24_000}).Student),
		encode(f, train(f, []Example{{Text: "a", Label: "only"}}, Options{}).Student),
	}
	table := uint32(sections.HeaderBytes)
	f.Add(uint8(0), []byte{}, uint32(0))
	f.Add(uint8(1), binary.LittleEndian.AppendUint32(nil, table+8), uint32(0))
	for i := range uint32(20) {
		f.Add(uint8(i), append(binary.LittleEndian.AppendUint32(nil, table+sections.EntryBytes*i+16), 255), 64*i)
	}
	f.Fuzz(func(t *testing.T, base uint8, changes []byte, cut uint32) {
		file := append([]byte(nil), bases[int(base)%len(bases)]...)
		file = file[:len(file)-int(cut)%len(file)]
		for ; len(changes) >= 5; changes = changes[5:] {
			file[int(binary.LittleEndian.Uint32(changes))%len(file)] += changes[4]
		}
		for _, candidate := range [][]byte{file, seal(file)} {
			s, err := Decode(candidate)
			if err != nil {
				continue
			}
			s.Predict("where is my parcel? it's 3 days late")
			s.Distribution(nil, "\xff money back")
		}
	})
}
