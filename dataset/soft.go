// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package dataset

import (
	"fmt"
	"maps"
	"math"
	"slices"
)

// Shares checks soft labels and returns them without those of share 0 and with a sum of 1. A share below 0 or above 1, and a sum that
// is off by more than a hundredth, are errors. The map given is not changed.
func Shares(shares map[string]float64) (map[string]float64, error) {
	sum := 0.0
	out := make(map[string]float64, len(shares))
	for _, label := range slices.Sorted(maps.Keys(shares)) { // so that the sum is always rounded alike
		share := shares[label]
		if !(share >= 0 && share <= 1.01) {
			return nil, fmt.Errorf("soft: the share of label %q is %v; it must lie between 0 and 1", clip(label), share)
		}
		if share > 0 {
			out[label] = share
			sum += share
		}
	}
	if math.Abs(sum-1) > 0.01 {
		return nil, fmt.Errorf("soft: the shares of the labels sum to %.4g; they must sum to 1", sum)
	}
	if math.Abs(sum-1) > 1e-9 {
		for label := range out {
			out[label] /= sum
		}
	}
	return out, nil
}
