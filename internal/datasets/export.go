// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package datasets

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"retort/dataset"
)

// Export writes the examples of a version in a format and returns how many. instructions are the system message of dataset.OpenAI.
func (s *Shelf) Export(ctx context.Context, w io.Writer, v *dataset.Version, format dataset.Format, instructions string, progress Progress) (int, error) {
	n, err := dataset.Export(w, format, instructions, s.watched(ctx, v, progress))
	if err != nil {
		return n, fmt.Errorf("export %s: %w", v.Ref(), err)
	}
	return n, nil
}

// ExportFile is Export to a file, which is gzipped where its name ends in .gz. A file that is there is replaced once all is written, and
// keeps its permissions; what is no plain file, such as a pipe or a device, is written to as it is.
func (s *Shelf) ExportFile(ctx context.Context, path string, v *dataset.Version, format dataset.Format, instructions string, progress Progress) (n int, err error) {
	zip := strings.HasSuffix(strings.ToLower(path), ".gz")
	if zip && format == dataset.Parquet {
		return 0, fmt.Errorf("export %s: a Parquet file is compressed inside; leave .gz out of its name", v.Ref())
	}
	out, err := openExport(path)
	if err != nil {
		return 0, fmt.Errorf("export %s: %w", v.Ref(), err)
	}
	defer out.discard()
	w, end := io.Writer(out.file), func() error { return nil }
	if zip {
		zipped := gzip.NewWriter(out.file)
		w, end = zipped, zipped.Close
	}
	if n, err = s.Export(ctx, w, v, format, instructions, progress); err != nil {
		return n, err
	}
	if err := errors.Join(end(), out.commit()); err != nil {
		return n, fmt.Errorf("export %s: %w", v.Ref(), err)
	}
	return n, nil
}

// exportFile is a file that is being written.
type exportFile struct {
	file *os.File
	path string      // what the file becomes; empty: it is that already
	mode fs.FileMode // then
}

func openExport(path string) (*exportFile, error) {
	path, err := followed(path)
	if err != nil {
		return nil, err
	}
	mode := fs.FileMode(0o644)
	switch info, err := os.Stat(path); {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, err
	case info.IsDir():
		return nil, fmt.Errorf("%s is a folder; name a file in it", path)
	case !info.Mode().IsRegular():
		file, err := os.OpenFile(path, os.O_WRONLY, 0)
		return &exportFile{file: file}, err
	default:
		mode = info.Mode().Perm()
	}
	dir := filepath.Dir(path)
	file, err := os.CreateTemp(dir, ".export-*")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &noFolderError{dir}
	}
	return &exportFile{file, path, mode}, err
}

// followed returns where symbolic links lead, so that what they point to is written and they stay.
func followed(path string) (string, error) {
	real, err := filepath.EvalSymlinks(path)
	if errors.Is(err, fs.ErrNotExist) {
		return path, nil
	}
	return real, err
}

// commit puts the file in its place.
func (f *exportFile) commit() error {
	if f.path == "" {
		return f.file.Close()
	}
	err := errors.Join(f.file.Chmod(f.mode), f.file.Close())
	if err == nil {
		err = os.Rename(f.file.Name(), f.path)
	}
	return err
}

// discard ends a file that was not committed; after commit it does nothing.
func (f *exportFile) discard() {
	_ = f.file.Close() // what it held is not wanted
	if f.path != "" {
		_ = os.Remove(f.file.Name())
	}
}

// noFolderError says that there is nowhere to write.
type noFolderError struct{ dir string }

func (e *noFolderError) Error() string { return fmt.Sprintf("there is no folder %s", e.dir) }
func (e *noFolderError) Hint() string  { return "make it first, or name another file" }
