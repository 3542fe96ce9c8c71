// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package student

import (
	"fmt"
	"os"
	"path/filepath"
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

// Open returns the student stored at path. On Unix the file is mapped, so that processes share its memory; it may be
// replaced by renaming another over it, as WriteFile does, but must not be written to or cut. Close gives the
// memory back.
func Open(path string) (*Student, error) {
	data, release, err := mapFile(path)
	if err != nil {
		return nil, fmt.Errorf("open student %s: %w", path, err)
	}
	s, err := Decode(data)
	if err != nil {
		release()
		return nil, fmt.Errorf("open student %s: %w", path, err)
	}
	s.release = sync.OnceValue(release)
	return s, nil
}

// Close releases the file behind a student that Open returned, and does nothing for others. The student, and those
// made from it by WithCard, must not be used during or after it. Later calls do nothing.
func (s *Student) Close() error {
	if s.release == nil {
		return nil
	}
	return s.release()
}
