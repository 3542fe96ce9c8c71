// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package schema

import (
	"encoding/json"
	"strings"
	"testing"
)

// BenchmarkFit fits the parameters of a tool as coding agents have them, 3 KB of descriptions mostly.
func BenchmarkFit(b *testing.B) {
	var s strings.Builder
	s.WriteString(`{"type":"object","additionalProperties":false,"required":["p0"],"properties":{`)
	for i := range 12 {
		if i > 0 {
			s.WriteByte(',')
		}
		s.WriteString(`"p` + string(rune('0'+i)) + `":{"type":"string","description":"` + strings.Repeat("What it is for. ", 14) + `"}`)
	}
	s.WriteString(`}}`)
	fits := json.RawMessage(s.String())
	other := json.RawMessage(strings.Replace(s.String(), `"type":"string"`, `"type":"string","minLength":1`, 1))
	for name, raw := range map[string]json.RawMessage{"fits": fits, "removes": other} {
		for to, subset := range names {
			b.Run(name+"/"+subset, func(b *testing.B) {
				b.ReportAllocs()
				b.SetBytes(int64(len(raw)))
				for b.Loop() {
					Fit(raw, to)
				}
			})
		}
	}
}
