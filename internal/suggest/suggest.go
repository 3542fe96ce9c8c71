// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package suggest guesses which name somebody meant who wrote one that does not exist.
package suggest

import (
	"fmt"
	"strings"
)

// Near returns `; did you mean "x"?` for the known name nearest to a misspelt one, or "" when none is near. The cost
// grows with the number of names and with the square of their length, up to one beyond which none is near.
func Near(name string, known []string) string {
	best, distance := "", 1+max(1, min(len(name)/3, 4))
	for _, k := range known {
		if d := editDistance(strings.ToLower(name), strings.ToLower(k)); d < distance {
			best, distance = k, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", best)
}

// editDistance counts insertions, deletions, substitutions and swaps of neighbours (optimal string alignment).
func editDistance(a, b string) int {
	const longest = 64 // the cost is quadratic, and names beyond this are never near enough
	if len(a) > longest || len(b) > longest {
		return len(a) + len(b)
	}
	x, y := []rune(a), []rune(b)
	before, last, row := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(x); i++ {
		row[0] = i
		for j := 1; j <= len(y); j++ {
			change := 1
			if x[i-1] == y[j-1] {
				change = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+change)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(y)]
}
