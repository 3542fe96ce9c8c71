// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package capture

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"retort/internal/filelock"
	"retort/model"
)

// childEnv names the part that a re-run of the test binary plays.
const childEnv = "RETORT_CAPTURE_CHILD"

func TestMain(m *testing.M) {
	part, dir, _ := strings.Cut(os.Getenv(childEnv), "=")
	if part == "" {
		os.Exit(m.Run())
	}
	if err := children[part](dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

var children = map[string]func(dir string) error{"hold": holdLog, "full": fillDisk}

// child starts the test binary again to play a part; it ends with the test.
func child(t *testing.T, part, dir string) (cmd *exec.Cmd, out *bufio.Scanner, in io.WriteCloser) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd = exec.Command(exe)
	cmd.Env = append(os.Environ(), childEnv+"="+part+"="+dir)
	cmd.Stderr = os.Stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if in, err = cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	return cmd, bufio.NewScanner(stdout), in
}

// holdLog has a log open, records one trace without importing it, and waits for its input to end.
func holdLog(dir string) error {
	l, err := Open(dir, Options{})
	if err != nil {
		return err
	}
	trace := model.Trace{ID: "held", Tenant: "default", Model: "m"}
	if err := l.Record(context.Background(), &trace); err != nil {
		return err
	}
	fmt.Println("ready")
	_, err = io.Copy(io.Discard, os.Stdin)
	return errors.Join(err, l.Close())
}

func TestTwoProcesses(t *testing.T) {
	dir := t.TempDir()
	cmd, out, in := child(t, "hold", dir)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if !out.Scan() {
		t.Fatal("the child is not ready")
	}
	_, err := Open(dir, Options{})
	var inUse *filelock.InUseError
	if !errors.As(err, &inUse) || inUse.PID != cmd.Process.Pid || !strings.Contains(err.Error(), fmt.Sprint(cmd.Process.Pid)) {
		t.Errorf("got %v, want an error that names process %d", err, cmd.Process.Pid)
	}
	var m memory
	if err := CatchUp(t.Context(), dir, &m); model.KindOf(err) != model.Timeout {
		t.Errorf("a process that does not import: got %v, want an error of kind timeout", err)
	}
	m.pos = Position{Segment: 2}
	if err := CatchUp(t.Context(), dir, &m); err != nil {
		t.Errorf("a process that has imported all: got %v", err)
	}
	m.pos = Position{}
	if err := errors.Join(in.Close(), cmd.Wait()); err != nil {
		t.Fatal(err)
	}
	if err := CatchUp(t.Context(), dir, &m); err != nil {
		t.Fatal(err)
	}
	if got := m.ids(t, dir); !slices.Equal(got, []string{"held"}) {
		t.Errorf("got %v", got)
	}
}

func TestCatchUpWithoutLog(t *testing.T) {
	if err := CatchUp(t.Context(), t.TempDir()+"/none", &memory{}); err != nil {
		t.Error(err)
	}
}
