// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package student

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
)

// WriteFile writes the student to path, whole or not at all: to a temporary file beside it, which is synced and renamed.
// A process that has the old file open keeps the old student. It returns the size of the file.
func (s *Student) WriteFile(path string) (int64, error) {
	data, err := s.Encode()
	if err != nil {
		return 0, err
	}
	if err := writeAtomic(path, data); err != nil {
		return 0, fmt.Errorf("write student %s: %w", path, err)
	}
	return int64(len(data)), nil
}

func writeAtomic(path string, data []byte) (err error) {
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

// mapping keeps the memory behind an opened student. It is given back by Close, or when nothing refers to it any more.
type mapping struct {
	release func() error // at most once
}

func newMapping(release func() error) *mapping {
	m := &mapping{release: sync.OnceValue(release)}
	runtime.AddCleanup(m, func(release func() error) { _ = release() }, m.release)
	return m
}

// Open returns the student stored at path. On Unix the file is mapped, so that processes share its memory; it may be
// replaced by renaming another over it, as WriteFile does, but must not be written to or cut. The memory is given back
// when the student is garbage, so a server may simply drop one that others may still be asking; Close gives it back at once.
func Open(path string) (*Student, error) {
	data, release, err := mapFile(path)
	if err != nil {
		return nil, fmt.Errorf("open student %s: %w", path, err)
	}
	s, err := Decode(data)
	if err != nil {
		_ = release() // the other error says more
		return nil, fmt.Errorf("open student %s: %w", path, err)
	}
	s.mapping = newMapping(release)
	return s, nil
}

// Close gives back the memory behind a student that Open returned, and does nothing for others. The student, and those
// made from it by WithCard, must not be used during or after it. Later calls do nothing.
func (s *Student) Close() error {
	if s.mapping == nil {
		return nil
	}
	return s.mapping.release()
}
