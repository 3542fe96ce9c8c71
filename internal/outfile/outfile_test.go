// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package outfile

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

func TestFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x")
	write := func(text string, commit bool) {
		t.Helper()
		f, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Discard()
		if _, err := f.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		if commit {
			if err := f.Commit(); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, step := range []struct {
		text   string
		commit bool
		want   string
	}{{"first", true, "first"}, {"second", false, "first"}, {"third", true, "third"}} {
		write(step.text, step.commit)
		if got, err := os.ReadFile(path); err != nil || string(got) != step.want {
			t.Errorf("after %q the file has %q, %v", step.text, got, err)
		}
	}
	if all, err := os.ReadDir(dir); err != nil || len(all) != 1 {
		t.Errorf("left behind: %v, %v", all, err)
	}
	if _, err := Open(dir); err == nil {
		t.Error("a folder was opened")
	}
	if _, err := Open(filepath.Join(dir, "none", "x")); !errors.As(err, new(*noFolderError)) {
		t.Errorf("without a folder: %v", err)
	}
}

// A device is written to, never replaced.
func TestDevice(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there is no file for the null device")
	}
	f, err := Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Discard()
	if f.path != "" { // what follows would destroy it
		t.Fatal("a device would be replaced by a file")
	}
	if err := f.Commit(); err != nil {
		t.Error(err)
	}
}
