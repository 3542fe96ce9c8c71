// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package filelock keeps two processes from using one folder at the same time. A lock belongs to the open file, not to
// the file's existence: the operating system drops it when its process ends, however it ends.
package filelock

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// InUseError says that another holder, in this process or another, has the lock.
type InUseError struct {
	Path string // of the lock file
	PID  int    // of the holder; 0 when it could not be read
}

// Error names the holder where it is known.
func (e *InUseError) Error() string {
	if e.PID == 0 {
		return fmt.Sprintf("%s is locked by another process", e.Path)
	}
	return fmt.Sprintf("%s is locked by process %d", e.Path, e.PID)
}

// Lock is a held lock. It is not safe for concurrent use.
type Lock struct {
	file *os.File
}

// errBusy is what the systems' lock calls are translated to when somebody else has the lock.
var errBusy = errors.New("locked")

// Acquire takes the lock of path, creating the file where it does not exist, and writes the process's id into it. It
// does not wait: a lock that is taken is an *InUseError.
func Acquire(path string) (*Lock, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open lock file: %w", err)
	}
	if err := lock(f); err != nil {
		defer f.Close()
		if errors.Is(err, errBusy) {
			return nil, &InUseError{Path: path, PID: holder(f)}
		}
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	// The id is advice for people: a disk too full to hold it is no reason to fail.
	if f.Truncate(0) == nil {
		_, _ = f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	}
	return &Lock{file: f}, nil
}

// Release gives the lock back. The file stays, since removing it would race with who opens it next.
func (l *Lock) Release() error { return l.file.Close() }

func holder(f *os.File) int {
	var b [20]byte
	n, _ := f.ReadAt(b[:], 0)
	pid, err := strconv.Atoi(strings.TrimSpace(string(b[:n])))
	if err != nil || pid <= 0 {
		return 0
	}
	return pid
}
