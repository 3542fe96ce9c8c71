// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package capture

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"retort/model"
)

// fillDisk mounts a small disk of its own, records until it is full, makes room, and records again.
func fillDisk(dir string) error {
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=1m"); err != nil {
		fmt.Println("skip: mount:", err)
		return nil
	}
	ballast := filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 300<<10), 0o600); err != nil {
		return err
	}
	l, err := Open(filepath.Join(dir, "traces"), Options{MinFree: -1})
	if err != nil {
		return err
	}
	n := 0
	for ; ; n++ {
		ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
		err := l.Record(ctx, bulky(n))
		cancel()
		if errors.Is(err, syscall.ENOSPC) && model.KindOf(err) == model.Unavailable && l.Err() != nil {
			break
		}
		if err != nil || n > 1000 {
			return fmt.Errorf("record %d on a filling disk: %w", n, err)
		}
	}
	if err := os.Remove(ballast); err != nil {
		return err
	}
	if err := l.Record(context.Background(), bulky(n)); err != nil {
		return err
	}
	if err := l.Close(); err != nil {
		return err
	}
	var m memory
	if err := CatchUp(context.Background(), l.Dir(), &m); err != nil {
		return err
	}
	for i, e := range m.entries {
		if t, err := NewReader(l.Dir()).Trace(e.Ref); err != nil || t.ID != fmt.Sprint(i) {
			return fmt.Errorf("trace %d: got %v, %w", i, t, err)
		}
	}
	fmt.Println("recorded", n+1, "found", len(m.entries))
	return nil
}

func bulky(n int) *model.Trace {
	return &model.Trace{ID: fmt.Sprint(n), Tenant: "default", Model: "m", Body: []byte(strings.Repeat("x", 10_000))}
}

func TestRealFullDisk(t *testing.T) {
	cmd, out, _ := child(t, "full", t.TempDir())
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}},
	}
	if err := cmd.Start(); err != nil {
		t.Skipf("this system gives no namespace to mount a small disk in: %v", err)
	}
	if !out.Scan() {
		t.Fatal(cmd.Wait())
	}
	said := out.Text()
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	if strings.HasPrefix(said, "skip") {
		t.Skip(said)
	}
	var recorded, found int
	if _, err := fmt.Sscanf(said, "recorded %d found %d", &recorded, &found); err != nil || recorded != found || recorded < 20 {
		t.Errorf("the child says %q, %v", said, err)
	}
}
