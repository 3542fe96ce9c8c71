// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package router

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"retort/internal/sections"
)

func encoded(t testing.TB, r *Router) []byte {
	t.Helper()
	file, err := r.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func TestFileRoundTrip(t *testing.T) {
	for _, n := range []int{4, 100, 300} { // with averages alone, without trees, and with all
		records := kitchen(n, 1)
		r := trained(t, records, Options{}).Router
		path := filepath.Join(t.TempDir(), "kitchen.router")
		size, err := r.WriteFile(path)
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
		file := encoded(t, r)
		read, err := Read(bytes.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		for _, other := range []*Router{opened, read} {
			for i := range records {
				if diff := cmp.Diff(r.Estimate(nil, &records[i].Query), other.Estimate(nil, &records[i].Query)); diff != "" {
					t.Fatalf("record %d (-before +after):\n%s", i, diff)
				}
			}
			if !bytes.Equal(encoded(t, other), file) {
				t.Error("encoding what was read gives other bytes")
			}
		}
		for range 2 {
			if err := opened.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

func TestOpenRejects(t *testing.T) {
	good := encoded(t, trained(t, kitchen(60, 1), Options{}).Router)
	flip := func(at int) []byte {
		bad := bytes.Clone(good)
		bad[at] ^= 0x10
		return bad
	}
	newer := bytes.Clone(good)
	binary.LittleEndian.PutUint32(newer[8:], FormatVersion+1)
	cases := []struct {
		name string
		file []byte
		want string
	}{
		{"empty", nil, "tune the route anew"},
		{"another kind of file", []byte(strings.Repeat("<html>", 40)), "first bytes"},
		{"cut short", good[:len(good)-64], "should be"},
		{"a bit flipped", flip(len(good) / 2), "checksum"},
		{"a newer format", newer, "use a matching version"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "bad.router")
			if err := os.WriteFile(path, c.file, 0o600); err != nil {
				t.Fatal(err)
			}
			r, err := Open(path)
			if err == nil || r != nil {
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

// FuzzDecode checks that no change of a file makes Decode, or an estimate by what it accepts, panic. A change is five
// bytes: where, and what to add there.
func FuzzDecode(f *testing.F) {
	bases := [][]byte{
		encoded(f, trained(f, kitchen(24, 1), Options{}).Router),
		encoded(f, trained(f, kitchen(4, 1), Options{}).Router),
		encoded(f, trained(f, kitchen(leastTrees+50, 1), Options{}).Router), // with trees
	}
	f.Add(uint8(0), []byte{}, uint32(0))
	for i := range uint32(10) {
		f.Add(uint8(i), append(binary.LittleEndian.AppendUint32(nil, sections.HeaderBytes+sections.EntryBytes*i+16), 255), 64*i)
	}
	f.Fuzz(func(t *testing.T, base uint8, changes []byte, cut uint32) {
		file := bytes.Clone(bases[int(base)%len(bases)])
		file = file[:len(file)-int(cut)%len(file)]
		for ; len(changes) >= 5; changes = changes[5:] {
			file[int(binary.LittleEndian.Uint32(changes))%len(file)] += changes[4]
		}
		candidates := [][]byte{file}
		if len(file) >= sections.HeaderBytes {
			candidates = append(candidates, sections.Seal(bytes.Clone(file), &fileFormat))
		}
		for _, candidate := range candidates {
			r, err := Decode(candidate)
			if err != nil {
				continue
			}
			r.Estimate(nil, &Query{Text: "Tell me about the river"})
			r.Estimate(nil, &Query{Text: "\xff", Tokens: -1, System: "s"})
		}
	})
}
