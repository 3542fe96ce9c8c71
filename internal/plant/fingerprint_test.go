// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package plant

import (
	"testing"

	"retort/internal/config"
)

// A certificate is bound to the models behind the names, not to the names.
func TestFingerprintKnowsWhatStandsBehindNames(t *testing.T) {
	c := &config.Cascade{Cheap: "pool", Strong: "smart"}
	of := func(upstream string, price float64) string {
		p := &Plant{Config: &config.Config{Models: map[string]config.Model{
			"pool": {Fallback: []config.Alternative{{Model: "fast"}}},
			"fast": {Provider: "up", Name: upstream, Price: config.Price{Input: price}},
		}}}
		return p.fingerprint(c)
	}
	if of("small", 1) != of("small", 2) {
		t.Error("a price changed the fingerprint")
	}
	if of("small", 1) == of("other", 1) || of("small", 1) == "" {
		t.Error("another model behind the same name has the same fingerprint")
	}
}
