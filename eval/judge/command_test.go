// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

//go:build unix

package judge

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// script writes a program for a shell and returns its path.
func script(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "check.sh")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestCommand(t *testing.T) {
	t.Setenv("SECRET_KEY", "sk-x")
	cases := map[string]struct {
		text string
		want float64
	}{
		"reads the answer":            {`grep -q parcel`, 1},
		"fails":                       {`exit 3`, 0},
		"reads the request":           {`grep -q "where is my" "$RETORT_REQUEST"`, 1},
		"knows no keys":               {`test -z "$SECRET_KEY"`, 1},
		"gets its own":                {`test "$MINE" = 1`, 1},
		"works in a folder":           {`touch x && test "$(ls)" = x`, 1},
		"does not have to read":       {`exit 0`, 1},
		"may say as much as it likes": {`yes | head -c 1000000; exit 0`, 1},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			v, err := Command(Program{Args: []string{script(t, c.text)}, Environment: []string{"MINE=1"}})
			if err != nil {
				t.Fatal(err)
			}
			if got := scoreOf(t, v, answering("the parcel; $(touch /tmp/never) is late")); got != c.want {
				t.Errorf("score %v, want %v", got, c.want)
			}
		})
	}
}

func TestCommandThatGivesNoVerdict(t *testing.T) {
	slow, err := Command(Program{Args: []string{script(t, "sleep 60 & sleep 60")}, Within: 50 * time.Millisecond, Concurrent: 1})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := slow.Verify(t.Context(), asking("x"), answering("y")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("too slow: %v", err)
	}
	killed, err := Command(Program{Args: []string{script(t, "kill -9 $$")}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := killed.Verify(t.Context(), asking("x"), answering("y")); err == nil {
		t.Error("killed by a signal: no error")
	}
	for _, args := range [][]string{nil, {""}, {"no-such-program-anywhere"}} {
		if _, err := Command(Program{Args: args}); err == nil {
			t.Errorf("%q: no error", args)
		}
	}
}
