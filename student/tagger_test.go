// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package student

import (
	"crypto/sha256"
	"fmt"
	"testing"

	"retort/internal/sections"
)

// TestTaggersAreTheSameEverywhere pins the bytes of a small tagger, which are the same on every architecture, with and without
// assembly. A change of the training on purpose changes the digest.
func TestTaggersAreTheSameEverywhere(t *testing.T) {
	const want = "dda000843e3c68225e136f0d6a8921d3bc58b5fef1a7977c773f248a3466c926"
	m := trainOrders(t, orders(60), ExtractorOptions{Seed: 3}).Extractor.tagger
	h := sha256.New()
	for _, part := range [][]byte{m.rows, sections.LittleEndian(m.steps), sections.LittleEndian(m.dictionary.Marks), sections.LittleEndian(m.lexicon.Phrases.Marks)} {
		h.Write(part)
	}
	if got := fmt.Sprintf("%x", h.Sum(nil)); got != want {
		t.Errorf("digest %s, want %s", got, want)
	}
}

func TestFieldsExcludedByTheFirstClassifier(t *testing.T) {
	m := &tagger{fields: []int32{1, 2}, allowed: [][]uint32{{1}, {2}, {3}}, steps: make([]float32, 5*16)}
	m.attach(make([]byte, 32), 1)
	for gate, want := range map[int]string{0: "[0 1 2]", 1: "[0 3 4]", 2: "[0 1 2 3 4]", -1: "[0 1 2 3 4]", 7: "[0 1 2 3 4]"} {
		if got := fmt.Sprint(m.sets[m.set(gate)].States); got != want {
			t.Errorf("value %d of the gate allows labels %s, want %s", gate, got, want)
		}
	}
	if len(m.sets) != 3 {
		t.Errorf("%d restrictions, want equal ones shared", len(m.sets))
	}
}
