// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package dialect_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"retort/dialect"
	"retort/model"
)

func TestSealsTravelThroughOtherDialects(t *testing.T) {
	for _, tc := range []struct {
		seal model.Seal
		in   string // the dialect whose client carries it
		text string
	}{
		{model.Seal{Dialect: "gemini", Data: "AbC="}, "gemini", "AbC="},
		{model.Seal{Dialect: "gemini", Data: "AbC="}, "anthropic", "retort.gemini.AbC="},
		{model.Seal{Dialect: "anthropic", Data: "a.b.c", Hidden: true}, "responses", "retort.anthropic!.a.b.c"},
		{model.Seal{Dialect: "openai", Data: ""}, "gemini", "retort.openai."},
	} {
		text := dialect.CarrySeal(&tc.seal, tc.in)
		if text != tc.text {
			t.Errorf("%+v through %s: %q, want %q", tc.seal, tc.in, text, tc.text)
		}
		if d := cmp.Diff(&tc.seal, dialect.OpenSeal(text, tc.in, tc.seal.Hidden)); d != "" {
			t.Errorf("through %s (-want +got):\n%s", tc.in, d)
		}
	}
	for _, text := range []string{"", "retort.", "retort", "ErUB=="} { // a seal of the dialect's own, whatever it looks like
		if d := cmp.Diff(&model.Seal{Dialect: "anthropic", Data: text, Hidden: true}, dialect.OpenSeal(text, "anthropic", true)); d != "" {
			t.Errorf("%q (-want +got):\n%s", text, d)
		}
	}
}
