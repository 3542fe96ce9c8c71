// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package refine

import (
	"context"

	"retort/dataset"
	"retort/dataset/private"
)

// personal lists the examples whose texts hold personal data or secrets, once for each kind that a text holds.
func personal(ctx context.Context, examples []dataset.Example, note *notes) ([]dataset.Example, error) {
	var spans []private.Span
	for i := range examples {
		if err := note.tick(ctx, i, len(examples)); err != nil {
			return nil, err
		}
		spans = private.Find(spans[:0], examples[i].Text)
		var seen uint64 // kinds, as bits
		for _, s := range spans {
			if bit := uint64(1) << s.Kind; seen&bit == 0 {
				seen |= bit
				note.remove(false, s.Kind.String(), &examples[i], "")
			}
		}
	}
	return examples, nil
}
