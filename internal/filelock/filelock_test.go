// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package filelock

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestAcquire(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	first, err := Acquire(path)
	if err != nil {
		t.Fatal(err)
	}
	var inUse *InUseError
	if _, err := Acquire(path); !errors.As(err, &inUse) {
		t.Fatalf("second Acquire: got %v, want *InUseError", err)
	}
	if inUse.PID != os.Getpid() || inUse.Path != path {
		t.Errorf("got %+v, want pid %d of %s", inUse, os.Getpid(), path)
	}
	if err := first.Release(); err != nil {
		t.Fatal(err)
	}
	again, err := Acquire(path)
	if err != nil {
		t.Fatalf("after Release: %v", err)
	}
	if err := again.Release(); err != nil {
		t.Fatal(err)
	}
}

func TestAcquireWithoutFolder(t *testing.T) {
	if _, err := Acquire(filepath.Join(t.TempDir(), "none", "lock")); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("got %v, want os.ErrNotExist", err)
	}
}
