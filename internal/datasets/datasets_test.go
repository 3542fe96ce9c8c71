// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package datasets

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"retort/dataset"
	"retort/dataset/refine"
	"retort/internal/store"
)

const tenant = "acme"

func shelf(t *testing.T) (*Shelf, string) {
	t.Helper()
	dir := t.TempDir()
	s, err := store.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return In(s), dir
}

func filled(t *testing.T, s *Shelf, name string, examples ...dataset.Example) *dataset.Version {
	t.Helper()
	d, err := s.Draft(tenant, name)
	if err != nil {
		t.Fatal(err)
	}
	for i := range examples {
		if err := d.Add(&examples[i]); err != nil {
			t.Fatal(err)
		}
	}
	v, _, err := d.Commit(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func some(n int) []dataset.Example {
	out := make([]dataset.Example, n)
	for i := range out {
		out[i] = dataset.Example{Text: fmt.Sprintf("text number %d", i), Label: []string{"a", "b"}[i%2], ID: fmt.Sprintf("trace%d", i)}
	}
	return out
}

func blobs(t *testing.T, dir string) int {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "blobs", "*.gz"))
	if err != nil {
		t.Fatal(err)
	}
	return len(files)
}

func TestVersionsAreFoundByNumberTagAndAddress(t *testing.T) {
	s, _ := shelf(t)
	first := filled(t, s, "mail", some(3)...)
	second := filled(t, s, "mail", some(5)...)
	if err := s.Tag(t.Context(), first, "good"); err != nil {
		t.Fatal(err)
	}
	for ref, want := range map[string]int{"mail": 2, "mail@latest": 2, "mail@1": 1, "mail@good": 1, "mail@" + second.Address[:8]: 2, "mail@sha256:" + first.Address: 1} {
		if v, err := s.Find(t.Context(), tenant, ref); err != nil || v.Number != want {
			t.Errorf("%s is %v, %v; want version %d", ref, v, err, want)
		}
	}
	for _, ref := range []string{"mail@3", "mail@bad", "mial", "mail@0"} {
		var unknown *NotFoundError
		if _, err := s.Find(t.Context(), tenant, ref); !errors.As(err, &unknown) {
			t.Errorf("%s: got %v", ref, err)
		}
	}
	if _, err := s.Find(t.Context(), "other", "mail"); err == nil {
		t.Error("another tenant sees the version")
	}
	for _, tag := range []string{"latest", "12", "deadbeef", "", "a b"} {
		if err := s.Tag(t.Context(), first, tag); err == nil {
			t.Errorf("tag %q was taken", tag)
		}
	}
}

func TestRemovingKeepsWhatOthersShare(t *testing.T) {
	s, dir := shelf(t)
	one, twin := filled(t, s, "one", some(3)...), filled(t, s, "twin", some(3)...)
	if one.Blob != twin.Blob || blobs(t, dir) != 1 {
		t.Fatal("the same examples have two blobs")
	}
	if err := s.Remove(t.Context(), one, false); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Load(t.Context(), twin, nil); err != nil || len(got) != 3 || got[2].ID != "trace2" {
		t.Errorf("got %v, %v", got, err)
	}
	if err := s.Remove(t.Context(), twin, false); err != nil || blobs(t, dir) != 0 {
		t.Errorf("%v; %d blobs are left", err, blobs(t, dir))
	}
	if v := filled(t, s, "one", some(4)...); v.Number != 2 {
		t.Errorf("number %d was given twice", v.Number)
	}
}

func TestWhatIsInUseStays(t *testing.T) {
	s, _ := shelf(t)
	v := filled(t, s, "mail", some(40)...)
	parts, err := s.Split(t.Context(), v, dataset.Parts{{Name: "train", Share: 0.5}, {Name: "test", Share: 0.5}}, 1, nil)
	if err != nil || len(parts) != 2 || parts[0].Examples+parts[1].Examples != 40 {
		t.Fatalf("got %v, %v", parts, err)
	}
	var inUse *store.InUseError
	if err := s.Remove(t.Context(), v, false); !errors.As(err, &inUse) || len(inUse.Uses) != 2 {
		t.Errorf("got %v", err)
	}
	if err := s.Remove(t.Context(), parts[0], false); err != nil {
		t.Error(err)
	}
	if uses, err := s.Uses(t.Context(), v); err != nil || len(uses) != 1 || uses[0] != "version mail-test@1" {
		t.Errorf("used by %v, %v", uses, err)
	}
	if err := s.Remove(t.Context(), v, true); err != nil {
		t.Error(err)
	}
}

// notebook is a journal in memory, which the next refining has as well.
type notebook struct {
	did   []Refined
	taken int
	blobs map[string][]byte
}

func (n *notebook) Step(ctx context.Context, _ string, do func(context.Context) (Refined, error)) (Refined, error) {
	if n.taken++; n.taken <= len(n.did) {
		return n.did[n.taken-1], nil
	}
	did, err := do(ctx)
	if err == nil {
		n.did = append(n.did, did)
	}
	return did, err
}

func (n *notebook) Store(_ context.Context, write func(io.Writer) error) (string, error) {
	var b bytes.Buffer
	err := write(&b)
	key := fmt.Sprint(len(n.blobs))
	n.blobs[key] = b.Bytes()
	return key, err
}

func (n *notebook) Open(key string) (io.ReadCloser, error) {
	return io.NopCloser(bytes.NewReader(n.blobs[key])), nil
}

// A refining that is interrupted goes on behind the steps that ended, to the same end as one that was not, whether what they left was kept or not.
func TestRefiningGoesOn(t *testing.T) {
	for name, after := range map[string]time.Duration{"kept": 0, "done again": time.Hour} {
		t.Run(name, func(t *testing.T) {
			s, _ := shelf(t)
			keepAfter = after
			t.Cleanup(func() { keepAfter = usualKeep })
			v := filled(t, s, "mail", append(some(30), some(10)...)...)
			plan := refine.Plan{refine.Contradictions: refine.Apply, refine.Duplicates: refine.Remove, refine.Length: refine.List}
			calm, made, err := s.Refine(t.Context(), Refining{From: v, Name: "calm", Plan: plan, Seed: 1})
			if err != nil || !made {
				t.Fatal(calm, made, err)
			}
			ctx, stop := context.WithCancel(t.Context())
			notes := &notebook{blobs: map[string][]byte{}}
			job := Refining{From: v, Name: "clean", Plan: plan, Seed: 1, Journal: notes, Progress: func(stage string, _, _ int) {
				if stage == "refine: length" {
					stop()
				}
			}}
			if _, _, err := s.Refine(ctx, job); !errors.Is(err, context.Canceled) || len(notes.did) != 2 {
				t.Fatalf("got %v after %d steps; want an interruption", err, len(notes.did))
			}
			again := map[string]bool{}
			notes.taken = 0
			job.Progress = func(stage string, _, _ int) { again[stage] = true }
			clean, made, err := s.Refine(t.Context(), job)
			if err != nil || !made || clean.Examples != 30 || len(clean.Steps) != 3 || clean.Steps[1].Removed["same text and label"] != 10 {
				t.Fatalf("got %+v, %v", clean, err)
			}
			if clean.Blob != calm.Blob || clean.Address != calm.Address {
				t.Errorf("got %s, undisturbed %s", clean.Blob, calm.Blob)
			}
			if again["refine: duplicates"] == (after == 0) {
				t.Errorf("what was done again: %v", again)
			}
			notes.taken = 0
			notes.did = notes.did[:3] // killed after the version was made, and before that was noted
			if same, made, err := s.Refine(t.Context(), job); err != nil || !made || same.Ref() != clean.Ref() {
				t.Errorf("the last step again: %v, made %v, %v", same, made, err)
			}
			if same, made, err := s.Refine(t.Context(), Refining{From: v, Name: "clean", Plan: plan, Seed: 1}); err != nil || made || same.Number != clean.Number {
				t.Errorf("refining once more gave %v, made %v, %v", same, made, err)
			}
		})
	}
}

func TestDamagedBlobsAreNoticed(t *testing.T) {
	s, dir := shelf(t)
	v := filled(t, s, "mail", some(200)...)
	path := filepath.Join(dir, "blobs", v.Blob+".gz")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data[:len(data)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Load(t.Context(), v, nil); err == nil {
		t.Error("half a blob was read as a whole one")
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Load(t.Context(), v, nil); err == nil {
		t.Error("no blob was read")
	}
}

func TestDraftsWithoutExamplesLeaveNothing(t *testing.T) {
	s, dir := shelf(t)
	d, err := s.Draft(tenant, "none")
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := d.Commit(t.Context()); err == nil {
		t.Error("a version of nothing was made")
	}
	if left, err := os.ReadDir(filepath.Join(dir, "blobs")); err != nil || len(left) > 0 {
		t.Errorf("left are %v, %v", left, err)
	}
	if _, err := s.Draft(tenant, "../x"); err == nil {
		t.Error("a name that is a path was taken")
	}
}
