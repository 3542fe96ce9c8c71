// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package flow

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"retort/internal/filelock"
)

// An instance is a process with an open Engine. It owns the runs that it works on, and is alive as long as it holds the
// lock of its file: the operating system lets go of that when the process ends, however it ends.

// instancePrefix begins the names of instances, so that nobody takes an owner of another make for one.
const instancePrefix = "i-"

// leases says which instances of a folder live.
type leases struct{ dir string }

func (l leases) path(instance string) string { return filepath.Join(l.dir, instance+".lock") }

// take makes a new instance. Its lock is held until the caller releases it.
func (l leases) take() (instance string, lock *filelock.Lock, err error) {
	if err := os.MkdirAll(l.dir, 0o700); err != nil {
		return "", nil, fmt.Errorf("take a lease: %w", err)
	}
	instance = instancePrefix + strings.ToLower(rand.Text()[:12])
	lock, err = filelock.Acquire(l.path(instance))
	return instance, lock, err
}

// alive returns the process of an instance, and 0 for one that is dead. The caller holds the folder's lock, so that no two
// look at the same time and take each other for the instance.
func (l leases) alive(instance string) (pid int, err error) {
	if !strings.HasPrefix(instance, instancePrefix) || instance != filepath.Base(instance) {
		return 0, nil
	}
	path := l.path(instance)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	} else if err != nil {
		return 0, fmt.Errorf("look for the owner of a run: %w", err)
	}
	lock, err := filelock.Acquire(path)
	var inUse *filelock.InUseError
	if errors.As(err, &inUse) {
		return max(inUse.PID, 1), nil
	} else if err != nil {
		return 0, fmt.Errorf("look for the owner of a run: %w", err)
	}
	return 0, errors.Join(lock.Release(), l.forget(instance)) // it does not come back
}

// forget removes the file of an instance that has ended.
func (l leases) forget(instance string) error {
	if err := os.Remove(l.path(instance)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("give up a lease: %w", err)
	}
	return nil
}

// lockPause is how long to wait between two tries to lock a folder that others hold for moments.
const lockPause = 5 * time.Millisecond

// exclusively does something while no other process does anything of the kind in the folder of runs.
func exclusively(ctx context.Context, dir string, do func() error) error {
	for {
		lock, err := filelock.Acquire(filepath.Join(dir, "lock"))
		if err == nil {
			return errors.Join(do(), lock.Release())
		}
		var inUse *filelock.InUseError
		if !errors.As(err, &inUse) {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(lockPause):
		}
	}
}
