// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"
	"time"
)

func TestLongStagesAreToldOfInLines(t *testing.T) {
	var out bytes.Buffer
	p := (&session{Process: Process{Stderr: &out}, ctx: t.Context()}).progress(false)
	p.Step("near", 0, 100)
	p.Step("near", 10, 100)
	p.told = p.told.Add(-tellEvery)
	p.Step("near", 20, 100)
	p.Step("near", 30, 100)
	p.told = time.Now().Add(-2 * tellEvery)
	p.Step("read", 1, 0) // nobody knows how much there is
	p.End()
	if want := "near …\nnear: 20 of 100\nread …\n"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}

func TestInterruptedWorkSaysHowToGoOn(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, c := range []struct {
		err  error
		want string
	}{
		{fmt.Errorf("refine: %w", context.Canceled), "retort: error: interrupted\n"},
		{(&session{ctx: ctx}).resumable(fmt.Errorf("refine: %w", context.Canceled)),
			"retort: error: interrupted\nhint: the same command goes on where this one stopped\n"},
	} {
		var out bytes.Buffer
		s := &session{Process: Process{Stderr: &out}, ctx: ctx}
		if code := s.exit(c.err); code != exitInterrupted || out.String() != c.want {
			t.Errorf("%v: exit code %d and %q, want %q", c.err, code, out.String(), c.want)
		}
	}
	if err := errors.New("other"); (&session{ctx: t.Context()}).resumable(err) != err {
		t.Error("an error without an interruption got a hint")
	}
}
