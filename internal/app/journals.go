// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"retort/internal/filelock"
)

// journals are files in the data folder that keep what models answered, so that work which was interrupted goes on where it stopped. Each
// is locked while it is open: two processes that do the same work would pay for all of it twice. They are not safe for concurrent use.
type journals struct {
	app   *App
	paths []string
	locks []*filelock.Lock
}

// open returns the path of the journal of some work on some data, which asks a model, and locks it until release.
func (j *journals) open(work, data, asks string) (string, error) {
	dir := filepath.Join(j.app.plant.Load().Config.Data, "evals")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("make the folder of evaluations: %w", err)
	}
	sum := sha256.Sum256([]byte(work + "\x00" + data))
	path := filepath.Join(dir, hex.EncodeToString(sum[:12])+".jsonl")
	for _, held := range j.paths {
		if held == path {
			return path, nil
		}
	}
	lock, err := filelock.Acquire(path + ".lock")
	var inUse *filelock.InUseError
	if errors.As(err, &inUse) {
		return "", &atWorkError{asks, inUse}
	}
	if err != nil {
		return "", fmt.Errorf("open the journal of what %s answers: %w", asks, err)
	}
	j.paths, j.locks = append(j.paths, path), append(j.locks, lock)
	return path, nil
}

// forget removes the journals of work that came to its end, so that the next begins anew.
func (j *journals) forget() error {
	for _, path := range j.paths {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove the journal: %w", err)
		}
	}
	return nil
}

// release unlocks the journals.
func (j *journals) release() {
	for _, lock := range j.locks {
		_ = lock.Release() // what it was for is done
	}
	j.paths, j.locks = nil, nil
}

// atWorkError says that another process asks a model the same.
type atWorkError struct {
	asks string
	by   *filelock.InUseError
}

func (e *atWorkError) Error() string {
	by := "another process"
	if e.by.PID > 0 {
		by = fmt.Sprintf("process %d", e.by.PID)
	}
	return fmt.Sprintf("%s asks %s about these data already", by, e.asks)
}

func (e *atWorkError) Hint() string {
	return "wait until it has ended: what it was told by then is not paid for again, should it be interrupted"
}

func (e *atWorkError) Unwrap() error { return e.by }
