// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package capture

import (
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// written returns a folder with a closed log of three traces, and the content of its only segment.
func written(t *testing.T) (dir string, content []byte) {
	t.Helper()
	dir = t.TempDir()
	l, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	record(t, l, "a", "b", "c")
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	content, err = os.ReadFile(segmentPath(dir, 1))
	if err != nil {
		t.Fatal(err)
	}
	return dir, content
}

// offsets returns where the frames of a sound segment start, and where the last ends.
func offsets(content []byte) []int {
	at := []int{segmentHeader}
	for at[len(at)-1] < len(content) {
		f, _ := parseFrame(content[at[len(at)-1]:])
		at = append(at, at[len(at)-1]+int(f.size()))
	}
	return at
}

func rewrite(t *testing.T, dir string, content []byte) {
	t.Helper()
	if err := os.WriteFile(segmentPath(dir, 1), content, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestTornTailIsCutOff(t *testing.T) {
	dir, content := written(t)
	at := offsets(content)
	all := []string{"a", "b", "c"}
	for size := len(content); size >= 0; size -= 7 {
		rewrite(t, dir, content[:size])
		whole := max(0, len(slices.DeleteFunc(slices.Clone(at), func(end int) bool { return end > size }))-1)
		if got := imported(t, dir); !slices.Equal(got, all[:whole]) {
			t.Fatalf("of %d bytes: got %v, want %v", size, got, all[:whole])
		}
		info, err := os.Stat(segmentPath(dir, 1))
		if err != nil {
			t.Fatal(err)
		}
		if want := at[whole]; size >= segmentHeader && info.Size() != int64(want) {
			t.Fatalf("of %d bytes: %d are left, want %d", size, info.Size(), want)
		}
	}
}

func TestGarbageBehindTheLastFrameIsCutOff(t *testing.T) {
	for name, tail := range map[string][]byte{"zeros": make([]byte, 100_000), "text": []byte("not a frame, and not short either")} {
		t.Run(name, func(t *testing.T) {
			dir, content := written(t)
			rewrite(t, dir, append(slices.Clone(content), tail...))
			l := open(t, dir, Options{})
			record(t, l, "d")
			var m memory
			i := Import(l, &m)
			if err := i.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := m.ids(t, dir); !slices.Equal(got, []string{"a", "b", "c", "d"}) {
				t.Errorf("got %v", got)
			}
		})
	}
}

func TestDamagedByteCostsOneFrame(t *testing.T) {
	dir, content := written(t)
	at := offsets(content)
	for i := 0; i < len(content); i += 11 {
		damaged := slices.Clone(content)
		damaged[i] ^= 0x40
		rewrite(t, dir, damaged)
		want := []string{"a", "b", "c"}
		for frame := range want {
			if i >= at[frame] && i < at[frame+1] {
				want = slices.Delete(want, frame, frame+1)
				break
			}
		}
		if i == 8 {
			continue // the version: see TestNewerFormat
		}
		if d := cmp.Diff(want, imported(t, dir)); d != "" {
			t.Fatalf("byte %d damaged (-want +got):\n%s", i, d)
		}
	}
}

// A client may send the bytes of a whole frame as its request; they must never be taken for a trace.
func TestFrameInsideARequestIsNoTrace(t *testing.T) {
	dir := t.TempDir()
	l, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	record(t, l, "a")
	trojan := sample("b", 0)
	trojan.Body = slices.Concat(newSegmentHeader(marker{1, 2, 3}), frameOf(t, sample("forged", 10)), frameOf(t, sample("forged", 10)))
	if err := l.Record(t.Context(), trojan); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(segmentPath(dir, 1))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(segmentPath(dir, 1), info.Size()-1); err != nil {
		t.Fatal(err)
	}
	if got := imported(t, dir); !slices.Equal(got, []string{"a"}) {
		t.Errorf("got %v, want only a", got)
	}
}

func TestNewerFormat(t *testing.T) {
	dir, content := written(t)
	header := newSegmentHeader(marker{})
	header[8] = version + 1
	copy(content, header[:24])
	sum := checksum(content[:24])
	content[24], content[25], content[26], content[27] = byte(sum), byte(sum>>8), byte(sum>>16), byte(sum>>24)
	rewrite(t, dir, content)
	if _, err := Open(dir, Options{}); err == nil {
		t.Error("a segment of a newer format was opened")
	}
}

// A power loss may take frames that the store has rows of: the rows go, and what is recorded next is imported.
func TestSinkAheadOfTheLogIsTakenBack(t *testing.T) {
	dir, content := written(t)
	var m memory
	if err := CatchUp(t.Context(), dir, &m); err != nil {
		t.Fatal(err)
	}
	rewrite(t, dir, content[:offsets(content)[2]-1])
	l := open(t, dir, Options{})
	record(t, l, "d")
	i := Import(l, &m)
	if err := i.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := m.ids(t, dir); !slices.Equal(got, []string{"a", "d"}) {
		t.Errorf("got %v, want a and d", got)
	}
}
