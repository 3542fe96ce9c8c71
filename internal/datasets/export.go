// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package datasets

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"retort/dataset"
	"retort/internal/outfile"
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
	out, err := outfile.Open(path)
	if err != nil {
		return 0, fmt.Errorf("export %s: %w", v.Ref(), err)
	}
	defer out.Discard()
	w, end := io.Writer(out), func() error { return nil }
	if zip {
		zipped := gzip.NewWriter(out)
		w, end = zipped, zipped.Close
	}
	if n, err = s.Export(ctx, w, v, format, instructions, progress); err != nil {
		return n, err
	}
	if err := errors.Join(end(), out.Commit()); err != nil {
		return n, fmt.Errorf("export %s: %w", v.Ref(), err)
	}
	return n, nil
}
