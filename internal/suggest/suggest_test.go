// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package suggest

import (
	"strings"
	"testing"
)

func TestNear(t *testing.T) {
	known := []string{"smart", "fast", "gpt-4.1-mini", "claude-sonnet"}
	for name, want := range map[string]string{"samrt": "smart", "Fast": "fast", "gpt-4.1-mni": "gpt-4.1-mini", "claude-sonet": "claude-sonnet",
		"mistral": "", "x": "", "": "", strings.Repeat("smart", 1<<16): ""} {
		got := Near(name, known)
		if want == "" && got != "" || want != "" && got != `; did you mean "`+want+`"?` {
			t.Errorf("%.20q: got %q, want %q", name, got, want)
		}
	}
	if got := Near("smart", nil); got != "" {
		t.Errorf("got %q where nothing is known", got)
	}
}
