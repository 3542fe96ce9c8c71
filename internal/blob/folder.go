// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package blob keeps immutable files in a folder under the hash of their content. A blob is there whole or not at all:
// it is written to a temporary file, which is synced to disk and then renamed. Reading checks the content against its key.
package blob

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"time"

	"retort/internal/filelock"
)

// Folder is a folder of blobs, compressed with gzip. Several processes may use one; its methods are safe for concurrent use.
type Folder struct{ dir string }

// In returns the folder at a path. It is made when the first blob is written.
func In(dir string) *Folder { return &Folder{dir} }

const (
	suffix  = ".gz"
	unready = "tmp-"  // begins the names of files that are being written
	locked  = ".lock" // ends the name of the lock that the writer of such a file holds
)

// validKey is a SHA-256 in hexadecimal, and nothing that could lead out of the folder.
var validKey = regexp.MustCompile(`^[0-9a-f]{64}$`)

func (f *Folder) path(key string) (string, error) {
	if !validKey.MatchString(key) {
		return "", fmt.Errorf("blob key %q is no SHA-256 in hexadecimal", key)
	}
	return filepath.Join(f.dir, key+suffix), nil
}

// Present returns nil if a blob is there, and else an error.
func (f *Folder) Present(key string) error {
	path, err := f.path(key)
	if err != nil {
		return err
	}
	if _, err := os.Stat(path); err != nil {
		return fmt.Errorf("find blob: %w", err)
	}
	return nil
}

// Remove removes a blob. One that is not there is no error.
func (f *Folder) Remove(key string) error {
	path, err := f.path(key)
	if err != nil {
		return err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("remove blob: %w", err)
	}
	return nil
}

// Sweep removes what writers left that were killed, and the blobs that keep does not want. Files that changed less than a
// grace ago stay: who wrote them may be about to say that they are wanted.
func (f *Folder) Sweep(grace time.Duration, keep func(key string) bool) error {
	entries, err := os.ReadDir(f.dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	} else if err != nil {
		return fmt.Errorf("sweep blobs: %w", err)
	}
	var errs []error
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil || !info.Mode().IsRegular() || time.Since(info.ModTime()) < grace {
			continue // gone meanwhile, no blob, or too young
		}
		name := entry.Name()
		if key, ok := strings.CutSuffix(name, suffix); ok && validKey.MatchString(key) && !keep(key) {
			errs = append(errs, f.Remove(key))
		}
		if strings.HasPrefix(name, unready) && strings.HasSuffix(name, locked) {
			errs = append(errs, abandoned(filepath.Join(f.dir, name)))
		}
	}
	return errors.Join(errs...)
}

// abandoned removes a temporary file and its lock, unless their writer still holds that.
func abandoned(lock string) error {
	held, err := filelock.Acquire(lock)
	var inUse *filelock.InUseError
	if errors.As(err, &inUse) || errors.Is(err, os.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	errs := []error{os.Remove(strings.TrimSuffix(lock, locked))}
	if errors.Is(errs[0], os.ErrNotExist) {
		errs[0] = nil
	}
	return errors.Join(append(errs, held.Release(), os.Remove(lock))...)
}

// syncFolder makes the names in a folder durable. Windows has no such call and needs none.
func syncFolder(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
