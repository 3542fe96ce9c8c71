// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package config

import (
	"slices"
	"strings"

	near "retort/internal/suggest"
)

// suggest returns `; did you mean "x"?` for the known name nearest to a misspelt one, or what is known when none is
// near and the list is short, or "".
func suggest(name string, known []string) string {
	if text := near.Near(name, known); text != "" || len(known) == 0 || len(known) > 12 {
		return text
	}
	return "; there is " + strings.Join(slices.Sorted(slices.Values(known)), ", ")
}
