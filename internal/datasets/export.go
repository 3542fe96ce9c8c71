// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package datasets

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

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

// ExportFile is Export to a file. A file that is there is replaced once all is written.
func (s *Shelf) ExportFile(ctx context.Context, path string, v *dataset.Version, format dataset.Format, instructions string, progress Progress) (n int, err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".export-*")
	if err != nil {
		return 0, fmt.Errorf("export %s: %w", v.Ref(), err)
	}
	defer os.Remove(f.Name()) // which is gone when all went well
	n, err = s.Export(ctx, f, v, format, instructions, progress)
	err = errors.Join(err, f.Chmod(0o644), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	return n, err
}
