// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package blob

import (
	"bufio"
	"compress/gzip"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"os"
	"path/filepath"

	"retort/internal/filelock"
)

// Writer is a blob that is being written. It is not safe for concurrent use.
type Writer struct {
	folder *Folder
	file   *os.File
	lock   *filelock.Lock
	buffer *bufio.Writer
	zip    *gzip.Writer
	sum    hash.Hash
	done   bool
}

// Create begins a blob. The caller ends it by Commit or Discard.
func (f *Folder) Create() (*Writer, error) {
	if err := os.MkdirAll(f.dir, 0o700); err != nil {
		return nil, fmt.Errorf("write blob: %w", err)
	}
	path := filepath.Join(f.dir, unready+rand.Text())
	lock, err := filelock.Acquire(path + locked)
	if err != nil {
		return nil, fmt.Errorf("write blob: %w", err)
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("write blob: %w", err), lock.Release(), os.Remove(path+locked))
	}
	w := &Writer{folder: f, file: file, lock: lock, buffer: bufio.NewWriterSize(file, 256<<10), sum: sha256.New()}
	w.zip, _ = gzip.NewWriterLevel(w.buffer, gzip.BestSpeed) // a known level is no error
	return w, nil
}

// Write adds to the blob.
func (w *Writer) Write(p []byte) (int, error) {
	w.sum.Write(p) // a hash cannot fail
	n, err := w.zip.Write(p)
	if err != nil {
		err = fmt.Errorf("write blob: %w", err)
	}
	return n, err
}

// Commit makes the blob visible and durable, and returns its key, the SHA-256 of what was written, and its size in storage.
// The same content again is the same blob. After an error there is no blob.
func (w *Writer) Commit() (key string, bytes int64, err error) {
	defer func() { err = errors.Join(err, w.Discard()) }()
	if err = errors.Join(w.zip.Close(), w.buffer.Flush(), w.file.Sync()); err != nil {
		return "", 0, fmt.Errorf("write blob: %w", err)
	}
	info, err := w.file.Stat()
	if err != nil {
		return "", 0, err
	}
	if err := w.file.Close(); err != nil {
		return "", 0, fmt.Errorf("write blob: %w", err)
	}
	key = hex.EncodeToString(w.sum.Sum(nil))
	path, err := w.folder.path(key)
	if err == nil {
		err = os.Rename(w.file.Name(), path)
	}
	if err == nil {
		err = syncFolder(w.folder.dir)
	}
	if err != nil {
		return "", 0, fmt.Errorf("write blob: %w", err)
	}
	return key, info.Size(), nil
}

// Discard ends a blob that was not committed; after Commit it does nothing.
func (w *Writer) Discard() error {
	if w.done {
		return nil
	}
	w.done = true
	_ = w.file.Close() // Commit has closed it, or nobody wants what is in it
	err := os.Remove(w.file.Name())
	if errors.Is(err, os.ErrNotExist) {
		err = nil
	}
	return errors.Join(err, w.lock.Release(), os.Remove(w.file.Name()+locked))
}
