// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package sections

import (
	"os"
	"path/filepath"
	"runtime"
	"sync"
)

// WriteFile writes data to path, whole or not at all: to a temporary file beside it, which is synced and renamed. A process
// that has the old file open keeps the old one.
func WriteFile(path string, data []byte) (err error) {
	temp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(temp.Name())
		}
	}()
	_, err = temp.Write(data)
	if err == nil {
		err = temp.Sync()
	}
	if closed := temp.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(temp.Name(), path)
	}
	if err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

// Mapping keeps the memory behind an opened file. It is given back by Close, or when nothing refers to it any more.
type Mapping struct {
	release func() error // at most once
}

// Close gives the memory back; later calls do nothing. A nil Mapping has none.
func (m *Mapping) Close() error {
	if m == nil {
		return nil
	}
	return m.release()
}

// Open returns the contents of a file, on Unix mapped, so that processes share its memory: it may be replaced by renaming
// another over it, as WriteFile does, but must not be written to or cut. Whoever uses the contents keeps the Mapping.
func (f *Format) Open(path string) ([]byte, *Mapping, error) {
	data, release, err := f.mapFile(path)
	if err != nil {
		return nil, nil, err
	}
	m := &Mapping{release: sync.OnceValue(release)}
	runtime.AddCleanup(m, func(release func() error) { _ = release() }, m.release)
	return data, m, nil
}
