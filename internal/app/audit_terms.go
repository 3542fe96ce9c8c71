// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"maps"
	"slices"
	"strings"

	"retort/audit"
	"retort/dataset"
	"retort/internal/config"
	"retort/internal/origin"
)

// termsFor returns what is known of the terms of everyone who labelled for a student, now: what the configuration says counts above what
// the card remembers, and a refusal anywhere holds.
func termsFor(c *config.Config, s *Student, examples []dataset.Example) []audit.Terms {
	who := maps.Clone(s.Card.Terms)
	if who == nil {
		who = map[string]string{}
	}
	names := slices.Clone(s.Card.Teachers)
	for i := range examples {
		if t := examples[i].Teacher; t != "" && (len(names) == 0 || names[len(names)-1] != t) {
			names = append(names, strings.Split(t, ", ")...)
		}
	}
	for _, name := range names {
		if _, known := who[name]; !known && !strings.HasPrefix(name, "file ") && !strings.HasPrefix(name, "dataset ") {
			who[name] = audit.Unknown
		}
	}
	var out []audit.Terms
	for _, name := range slices.Sorted(maps.Keys(who)) {
		t := audit.Terms{Teacher: name, Status: who[name]}
		for _, configured := range origin.Called(c, name) {
			policy := origin.Policy(c, configured)
			t.Status, t.Basis, t.Source = origin.TermsOf(c, configured), policy.Basis, policy.Source
			if t.Status == audit.Forbidden {
				break
			}
		}
		out = append(out, t)
	}
	return out
}
