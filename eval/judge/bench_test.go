// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package judge

import (
	"strings"
	"testing"
)

// BenchmarkLearned scores an answer of about a thousand tokens.
func BenchmarkLearned(b *testing.B) {
	f := fitted(b)
	words := strings.Fields("the quick brown fox jumps over lazy dogs while seven wizards quietly examine every broken promise of spring")
	var text strings.Builder
	for i := 0; text.Len() < 4500; i++ {
		text.WriteString(words[(i*i+i/7)%len(words)] + " ")
		if i%15 == 14 {
			text.WriteString(".\n- ")
		}
	}
	req, resp := asking("Write about foxes and dogs in at least a thousand words."), answering(text.String())
	b.ReportAllocs()
	for b.Loop() {
		if _, err := f.Learned.Verify(b.Context(), req, resp); err != nil {
			b.Fatal(err)
		}
	}
}
