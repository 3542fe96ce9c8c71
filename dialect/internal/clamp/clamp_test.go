// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package clamp

import (
	"strings"
	"testing"
)

func TestEndUser(t *testing.T) {
	for _, id := range []string{"", "alice", strings.Repeat("é", 64)} {
		if got := EndUser(id, 64); got != id {
			t.Errorf("%s became %s", id, got)
		}
	}
	long := strings.Repeat("x", 150)
	got := EndUser(long, 64)
	if len(got) != 64 || strings.Trim(got, "0123456789abcdef") != "" || got != EndUser(long, 64) || got == EndUser(long+"y", 64) {
		t.Errorf("got %s", got)
	}
	if got := EndUser(long, 40); len(got) != 40 {
		t.Errorf("got %d characters", len(got))
	}
}
