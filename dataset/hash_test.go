// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package dataset

import (
	"testing"
	"time"
)

func TestHashIsOfWhatIsLearned(t *testing.T) {
	base := []Example{{Text: "a", Label: "x"}, {Text: "b", Label: "y"}}
	with := func(change func(e []Example)) string {
		e := []Example{base[0], base[1]}
		change(e)
		return Hash(e)
	}
	tests := []struct {
		name   string
		change func(e []Example)
		same   bool
	}{
		{"nothing", func([]Example) {}, true},
		{"lineage", func(e []Example) {
			e[0].Source, e[0].Line, e[1].ID, e[1].Time, e[1].Tenant, e[1].Teacher = "f.csv", 2, "t", time.Unix(1, 0), "acme", "up/large"
		}, true},
		{"order", func(e []Example) { e[0], e[1] = e[1], e[0] }, false},
		{"where a text ends", func(e []Example) { e[0].Text, e[0].Label = "ax", "" }, false},
		{"gold", func(e []Example) { e[0].Gold = true }, false},
		{"hard", func(e []Example) { e[0].Hard = true }, false},
		{"soft", func(e []Example) { e[0].Soft = map[string]float64{"x": 0.75, "y": 0.25} }, false},
	}
	seen := map[string]string{}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := with(tt.change)
			if (got == Hash(base)) != tt.same {
				t.Errorf("the same address: %v, want %v", !tt.same, tt.same)
			}
			if other, ok := seen[got]; ok && !tt.same {
				t.Errorf("the same address as with %s", other)
			}
			seen[got] = tt.name
		})
	}
}
