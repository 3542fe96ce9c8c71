// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package rig

import (
	"context"
	"errors"
	"strings"
	"testing"
)

func TestPartsRunInTheirOrder(t *testing.T) {
	broken := errors.New("broken")
	add := func(name string, err error) Part[*[]string] {
		return Part[*[]string]{name, func(_ context.Context, ran *[]string) error {
			*ran = append(*ran, name)
			return err
		}}
	}
	parts := Parts[*[]string]{add("one", nil), add("two", broken), add("three", nil)}
	tests := []struct{ name, only, ran, err string }{
		{"all up to the one that fails", parts.Names(), "one two", "two: broken"},
		{"those wanted, in the order of the parts", "three,one", "one three", ""},
		{"one that there is not", "one,four", "", `-only: there is no part "four"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var ran []string
			err := parts.Run(t.Context(), tt.only, &ran)
			if got := strings.Join(ran, " "); got != tt.ran {
				t.Errorf("ran %q, want %q", got, tt.ran)
			}
			if (err == nil) != (tt.err == "") || err != nil && err.Error() != tt.err {
				t.Errorf("got %v, want %q", err, tt.err)
			}
		})
	}
}
