// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package student

import (
	"fmt"

	"retort/internal/sections"
)

// WriteFile writes the student to path, whole or not at all: to a temporary file beside it, which is synced and renamed.
// A process that has the old file open keeps the old student. It returns the size of the file.
func (s *Student) WriteFile(path string) (int64, error) {
	data, err := s.Encode()
	if err != nil {
		return 0, err
	}
	if err := sections.WriteFile(path, data); err != nil {
		return 0, fmt.Errorf("write student %s: %w", path, err)
	}
	return int64(len(data)), nil
}

// Open returns the student stored at path. On Unix the file is mapped, so that processes share its memory; it may be
// replaced by renaming another over it, as WriteFile does, but must not be written to or cut. The memory is given back
// when the student is garbage, so a server may simply drop one that others may still be asking; Close gives it back at once.
func Open(path string) (*Student, error) {
	data, mapping, err := fileFormat.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open student %s: %w", path, err)
	}
	s, err := Decode(data)
	if err != nil {
		_ = mapping.Close() // the other error says more
		return nil, fmt.Errorf("open student %s: %w", path, err)
	}
	s.mapping = mapping
	return s, nil
}

// Close gives back the memory behind a student that Open returned, and does nothing for others. The student, and those
// made from it by WithCard, must not be used during or after it. Later calls do nothing.
func (s *Student) Close() error {
	return s.mapping.Close()
}
