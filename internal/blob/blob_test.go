// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package blob

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func put(t *testing.T, f *Folder, content string) (key string) {
	t.Helper()
	w, err := f.Create()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, content); err != nil {
		t.Fatal(err)
	}
	key, size, err := w.Commit()
	if err != nil || size == 0 {
		t.Fatal(key, size, err)
	}
	return key
}

func get(f *Folder, key string) (string, error) {
	r, err := f.Open(key)
	if err != nil {
		return "", err
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	return string(b), err
}

func names(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return strings.Join(out, " ")
}

func TestBlobsAreNamedByTheirContent(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "blobs")
	f := In(dir)
	content := strings.Repeat("some examples\n", 100_000)
	key := put(t, f, content)
	sum := sha256.Sum256([]byte(content))
	if key != hex.EncodeToString(sum[:]) {
		t.Errorf("key %s, want the content's SHA-256", key)
	}
	if again := put(t, f, content); again != key || names(t, dir) != key+".gz" {
		t.Errorf("the same content again: %s, files %s", again, names(t, dir))
	}
	if got, err := get(f, key); err != nil || got != content {
		t.Errorf("read back %d bytes, %v", len(got), err)
	}
	if err := errors.Join(f.Remove(key), f.Remove(key)); err != nil || names(t, dir) != "" {
		t.Errorf("removed twice: %v, files %q", err, names(t, dir))
	}
}

func TestDamageIsFound(t *testing.T) {
	f := In(t.TempDir())
	key := put(t, f, strings.Repeat("a", 10_000)+"b")
	other := put(t, f, "other")
	path, _ := f.path(key)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	otherPath, _ := f.path(other)
	swapped, err := os.ReadFile(otherPath)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{"empty": {}, "cut": whole[:len(whole)-9], "no gzip": []byte("hello"), "another blob": swapped} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := get(f, key)
		var damaged *DamagedError
		if !errors.As(err, &damaged) || damaged.Path != path {
			t.Errorf("%s: %v, want a DamagedError of the file", name, err)
		}
	}
	for _, bad := range []string{"", "../" + key[3:], strings.ToUpper(key), key + "0"} {
		if _, err := f.Open(bad); err == nil || !strings.Contains(err.Error(), "no SHA-256") {
			t.Errorf("key %q: %v", bad, err)
		}
	}
}

func TestSweepTakesWhatNobodyWants(t *testing.T) {
	dir := t.TempDir()
	f := In(dir)
	wanted, unwanted := put(t, f, "wanted"), put(t, f, "unwanted")
	w, err := f.Create() // under way
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{unready + "dead", unready + "dead" + locked} { // what a killed process leaves
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	keep := func(key string) bool { return key == wanted }
	if err := f.Sweep(time.Hour, keep); err != nil || len(strings.Fields(names(t, dir))) != 6 {
		t.Fatalf("young files went: %s, %v", names(t, dir), err)
	}
	if err := f.Sweep(0, keep); err != nil {
		t.Fatal(err)
	}
	if got := names(t, dir); strings.Contains(got, unwanted) || strings.Contains(got, "dead") || !strings.Contains(got, wanted) || len(strings.Fields(got)) != 3 {
		t.Errorf("left: %s", got)
	}
	if err := w.Discard(); err != nil || names(t, dir) != wanted+".gz" {
		t.Errorf("discarded: %v, left %s", err, names(t, dir))
	}
}
