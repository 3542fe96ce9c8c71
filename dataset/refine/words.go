// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package refine

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"retort/dataset"
)

// Findings says in words what a step found, the most frequent first: "3 removed: also in eval", "5 only listed: label
// probably wrong". It is empty when the step found nothing.
func Findings(r *dataset.StepReport) []string {
	var out []string
	for _, did := range []struct {
		word  string
		count map[string]int
	}{{"removed", r.Removed}, {"changed", r.Changed}, {"only listed", r.Flagged}} {
		reasons := slices.SortedFunc(maps.Keys(did.count), func(a, b string) int {
			return cmp.Or(cmp.Compare(did.count[b], did.count[a]), cmp.Compare(a, b))
		})
		for _, reason := range reasons {
			out = append(out, fmt.Sprintf("%d %s: %s", did.count[reason], did.word, reason))
		}
	}
	if why, ok := r.Detail["not_done"].(string); ok {
		out = append(out, "not done: "+why)
	}
	return out
}
