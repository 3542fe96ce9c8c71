// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package blob

import (
	"bufio"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
)

// DamagedError says that a blob is not what was written.
type DamagedError struct {
	Path string
	Err  error
}

// Error names the file.
func (e *DamagedError) Error() string { return fmt.Sprintf("blob %s is damaged: %v", e.Path, e.Err) }

// Unwrap returns what is wrong.
func (e *DamagedError) Unwrap() error { return e.Err }

// Hint says what to do.
func (e *DamagedError) Hint() string {
	return "put the file back from a copy of the data folder, or make the version again from its sources"
}

// Reader reads a blob. It is not safe for concurrent use.
type Reader struct {
	file *os.File
	zip  *gzip.Reader
	sum  hash.Hash
	key  string
}

// Open opens a blob for reading, from its beginning to its end: at the end its content is checked, and a difference is a
// *DamagedError in the place of io.EOF. The caller closes it.
func (f *Folder) Open(key string) (*Reader, error) {
	path, err := f.path(key)
	if err != nil {
		return nil, err
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read blob: %w", err)
	}
	zip, err := gzip.NewReader(bufio.NewReaderSize(file, 256<<10))
	if err != nil {
		return nil, &DamagedError{path, errors.Join(err, file.Close())}
	}
	return &Reader{file: file, zip: zip, sum: sha256.New(), key: key}, nil
}

// Read reads on.
func (r *Reader) Read(p []byte) (int, error) {
	n, err := r.zip.Read(p)
	r.sum.Write(p[:n]) // a hash cannot fail
	switch {
	case err == nil:
		return n, nil
	case !errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		return n, &DamagedError{r.file.Name(), err}
	case hex.EncodeToString(r.sum.Sum(nil)) != r.key:
		return n, &DamagedError{r.file.Name(), errors.New("its content does not match its name")}
	}
	return n, io.EOF
}

// Close lets go of the file.
func (r *Reader) Close() error { return r.file.Close() }
