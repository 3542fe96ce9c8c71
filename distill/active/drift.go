// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package active

import "slices"

// usual is the share of the labelled texts that are less strange than what counts as strange.
const usual = 0.95

// telling is the share of a text that other texts must not all have, for it to be strange.
const telling = 0.7

// strangeness says of each text how unlike the labelled ones it is, in [0, 1]: 0 for the texts that are no further from
// their nearest labelled text than 95 % of the labelled ones are from each other, and beyond that the share of the way from
// there to having nothing in common. A text that consists of what many texts share is not strange, whatever number or name it
// has besides. A student may be sure of a strange text without reason, so doubt alone does not find it.
func strangeness(texts, labelled []string) []float64 {
	n := len(labelled)
	x := newIndex(slices.Concat(labelled, texts))
	sums := make([]float32, n+len(texts))
	var touched []int32
	nearest := make([]float64, n+len(texts))
	for i := range nearest {
		x.like(i, sums, &touched, func(j int, likeness float32) {
			if j < n && j != i {
				nearest[i] = max(nearest[i], float64(likeness))
			}
		})
	}
	known := slices.Sorted(slices.Values(nearest[:n]))
	limit := known[int((1-usual)*float64(n))] // the likeness below which a text is strange
	out := make([]float64, len(texts))
	for i, likeness := range nearest[n:] {
		if likeness < limit && x.told[n+i] >= telling {
			out[i] = 1 - likeness/limit
		}
	}
	return out
}
