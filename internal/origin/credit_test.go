// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package origin

import (
	"strings"
	"testing"

	"retort/model"
)

// Only the part that gave an answer is credited with it; what cannot be told teaches nothing.
func TestCreditGoesToWhoAnswered(t *testing.T) {
	c := parse(t, `providers:
  up: {dialect: openai, base_url: 'http://127.0.0.1:1/v1'}
models:
  fast: {provider: up}
  smart: {provider: up}
  auto: {route: {among: [fast, smart], by: learned, quality: 1}}
  thrifty: {cascade: {cheap: auto, strong: smart, verify: json}}
  sure: {cascade: {cheap: auto, strong: smart, verify: json, accept: certified, agreement: 0.9}}
  both: {fallback: [fast, smart]}
  wide: {route: {among: [both, smart], by: learned, quality: 1}}
`)
	partsOf := map[string][]string{"auto": {"fast", "smart"}, "sure": {"auto"}, "wide": {"both", "smart"}}
	ok := func(name string) model.Attempt { return model.Attempt{Model: "up/" + name} }
	refused := func(name string) model.Attempt { return model.Attempt{Model: "up/" + name, Rejected: true} }
	failed := func(name string) model.Attempt { return model.Attempt{Model: "up/" + name, Error: "busy"} }
	for name, test := range map[string]struct {
		blend, asked, pick, by string
		attempts               []model.Attempt
		want                   string
	}{
		"picked":                      {"auto", "auto", "fast", "fast", []model.Attempt{ok("fast")}, "fast"},
		"asked itself":                {"auto", "smart", "", "smart", []model.Attempt{ok("smart")}, "smart"},
		"another helped out":          {"auto", "auto", "smart", "fast", []model.Attempt{failed("smart"), ok("fast")}, "fast"},
		"taken by a cascade":          {"auto", "thrifty", "fast", "fast", []model.Attempt{ok("fast")}, "fast"},
		"refused by a cascade":        {"auto", "thrifty", "fast", "smart", []model.Attempt{refused("fast"), ok("smart")}, ""},
		"refused, the same one again": {"auto", "thrifty", "smart", "smart", []model.Attempt{refused("smart"), ok("smart")}, ""},
		"the strong one alone":        {"sure", "sure", "", "smart", []model.Attempt{ok("smart")}, ""},
		"strong after a refusal":      {"sure", "sure", "fast", "smart", []model.Attempt{refused("fast"), ok("smart")}, ""},
		"the cheap one":               {"sure", "sure", "fast", "fast", []model.Attempt{ok("fast")}, "auto"},
		"one of a part's models":      {"wide", "wide", "both", "fast", []model.Attempt{ok("fast")}, "both"},
		"a part's, or another part":   {"wide", "wide", "both", "smart", []model.Attempt{failed("fast"), ok("smart")}, ""},
	} {
		trace := &model.Trace{Model: test.asked, Attempts: test.attempts, Response: &model.Response{Model: "up/" + test.by}}
		if test.pick != "" {
			trace.Picks = []model.Pick{{Blend: strings.Replace(test.blend, "sure", "auto", 1), Model: test.pick}}
		}
		parts, got := partsOf[test.blend], ""
		if at := CreditOf(c, test.blend, parts).Of(trace); at >= 0 {
			got = parts[at]
		}
		if got != test.want {
			t.Errorf("%s: credited %q, want %q", name, got, test.want)
		}
	}
}
