// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package outfile writes files that a person named: whole or not at all, without changing what they are. A file that is
// there is replaced once all is written and keeps its permissions, links stay links, and what is no plain file, such as a
// pipe or a device, is written to as it is.
package outfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// File is a file that is being written. One goroutine at a time may use it.
type File struct {
	file *os.File
	path string      // what the file becomes; empty: it is that already
	mode fs.FileMode // then
}

// Open begins to write the file at path, with mode 0644 where there is none yet. Its folder must be there. Every File needs
// Discard, also after Commit.
func Open(path string) (*File, error) { return open(path, 0o644) }

// Private is Open for what others on the machine are not to read: mode 0600 where there is no file yet.
func Private(path string) (*File, error) { return open(path, 0o600) }

func open(path string, mode fs.FileMode) (*File, error) {
	path, err := followed(path)
	if err != nil {
		return nil, err
	}
	switch info, err := os.Stat(path); {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, err
	case info.IsDir():
		return nil, fmt.Errorf("%s is a folder; name a file in it", path)
	case !info.Mode().IsRegular():
		file, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return nil, err
		}
		return &File{file: file}, nil
	default:
		mode = info.Mode().Perm()
	}
	dir := filepath.Dir(path)
	file, err := os.CreateTemp(dir, ".retort-*")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &noFolderError{dir}
	}
	if err != nil {
		return nil, err
	}
	return &File{file, path, mode}, nil
}

// followed returns where symbolic links lead, so that what they point to is written and they stay.
func followed(path string) (string, error) {
	real, err := filepath.EvalSymlinks(path)
	if errors.Is(err, fs.ErrNotExist) {
		return path, nil
	}
	return real, err
}

// Write adds to what the file is to hold.
func (f *File) Write(p []byte) (int, error) { return f.file.Write(p) }

// Commit puts the file in its place, after which it lasts.
func (f *File) Commit() error {
	if f.path == "" {
		return f.file.Close()
	}
	err := errors.Join(f.file.Chmod(f.mode), f.file.Sync(), f.file.Close())
	if err == nil {
		err = os.Rename(f.file.Name(), f.path)
	}
	return err
}

// Discard ends a file that was not committed; after Commit it does nothing.
func (f *File) Discard() {
	_ = f.file.Close() // what it held is not wanted
	if f.path != "" {
		_ = os.Remove(f.file.Name())
	}
}

// noFolderError says that there is nowhere to write.
type noFolderError struct{ dir string }

func (e *noFolderError) Error() string { return fmt.Sprintf("there is no folder %s", e.dir) }
func (e *noFolderError) Hint() string  { return "make it first, or name another file" }
