// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package called

import (
	"strings"
	"testing"

	"retort/model"
)

func TestWrapAndUnwrap(t *testing.T) {
	for _, text := range []string{"", "ls -la", "*** Begin Patch\n+é\"\\\n", "{}", `{"input":"x"}`, "\u2028<a>"} {
		if got := Unwrap(Wrap(text)); got != text {
			t.Errorf("%q became %q", text, got)
		}
	}
	for _, text := range []string{"", "plain", "{", "[]", `{"command":"ls"}`, `{"input":5}`, `{"input":"x","more":1}`, `"x"`} {
		if got := Unwrap(text); got != text {
			t.Errorf("what is no wrapped text, %q, became %q", text, got)
		}
	}
}

func TestDescribe(t *testing.T) {
	grammar := &model.Freeform{Syntax: "lark", Definition: "start: /a/"}
	for _, tc := range []struct {
		tool model.Tool
		want []string
	}{
		{model.Tool{Description: "Patches."}, []string{"Patches."}},
		{model.Tool{Description: "Patches.", Freeform: &model.Freeform{}}, []string{"Patches."}},
		{model.Tool{Description: "Patches.", Freeform: grammar}, []string{"Patches.\n\n", "lark grammar", "start: /a/"}},
		{model.Tool{Freeform: grammar}, []string{"The input", "start: /a/"}},
	} {
		got := Describe(&tc.tool)
		for _, want := range tc.want {
			if !strings.Contains(got, want) || strings.HasPrefix(got, "\n") {
				t.Errorf("%+v: %q does not say %q", tc.tool, got, want)
			}
		}
	}
}
