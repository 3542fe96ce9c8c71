// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package datasets

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"retort/dataset"
)

// What is exported to takes the place of files, and of nothing else: links and permissions stay.
func TestExportKeepsWhatIsThere(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("permissions and links are others there")
	}
	s, _ := shelf(t)
	v, dir := filled(t, s, "mail", some(3)...), t.TempDir()
	plain, link := filepath.Join(dir, "plain.jsonl"), filepath.Join(dir, "link.jsonl")
	if err := os.WriteFile(plain, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(plain, link); err != nil {
		t.Fatal(err)
	}
	if n, err := s.ExportFile(t.Context(), link, v, dataset.JSONL, "", nil); err != nil || n != 3 {
		t.Fatal(n, err)
	}
	text, err := os.ReadFile(plain)
	if err != nil || strings.Count(string(text), "\n") != 3 {
		t.Errorf("behind the link is %q, %v", text, err)
	}
	if info, err := os.Stat(plain); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the permissions are %v, %v; want those of before", info.Mode(), err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link is %v, %v", info, err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".retort-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// A device stays what it is.
func TestExportToADevice(t *testing.T) {
	before, err := os.Stat(os.DevNull)
	if err != nil || runtime.GOOS == "windows" {
		t.Skip("there is no file for the null device")
	}
	s, _ := shelf(t)
	v := filled(t, s, "mail", some(3)...)
	if n, err := s.ExportFile(t.Context(), os.DevNull, v, dataset.JSONL, "", nil); err != nil || n != 3 {
		t.Error(n, err)
	}
	if after, err := os.Stat(os.DevNull); err != nil || after.Mode() != before.Mode() {
		t.Errorf("the device is %v now, %v", after, err)
	}
}
