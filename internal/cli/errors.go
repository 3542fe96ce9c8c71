// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"fmt"
	"strings"

	"retort/model"
)

// hinted adds to an error what the user can do about it.
type hinted struct {
	err  error
	hint string
}

func (h *hinted) Error() string { return h.err.Error() }
func (h *hinted) Unwrap() error { return h.err }
func (h *hinted) Hint() string  { return h.hint }

// hintOf returns the hint of the first error in the chain that has one.
func hintOf(err error) string {
	var own interface{ Hint() string }
	if errors.As(err, &own) {
		return own.Hint()
	}
	var e *model.Error
	if errors.As(err, &e) {
		return e.Hint
	}
	return ""
}

// fail prints an error on one line, then its hint.
func (s *session) fail(err error) {
	fmt.Fprintf(s.Stderr, "retort: error: %s\n", printableLines(strings.TrimSpace(err.Error())))
	if hint := hintOf(err); hint != "" {
		fmt.Fprintf(s.Stderr, "hint: %s\n", printableLines(hint))
	}
}
