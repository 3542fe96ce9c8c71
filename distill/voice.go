// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package distill

import (
	"context"
	"fmt"

	"retort/dataset"
	"retort/distill/label"
	"retort/student"
)

// Voice returns the opinion of students, each of which learned from other examples than those it is asked about: it helps to
// tell how reliable several teachers are at each of the labels. progress may be nil.
func Voice(labels []string, progress func(stage string, done, total int)) label.Voice {
	return func(ctx context.Context, examples []dataset.Example) ([]string, error) {
		taught := make([]student.Example, len(examples))
		for i, e := range examples {
			taught[i] = student.Example{Text: e.Text, Label: e.Label, Soft: e.Soft}
		}
		opinions := make([]string, len(examples))
		held := func(i int, p []float32) {
			best := 0
			for k := range p {
				if p[k] > p[best] {
					best = k
				}
			}
			opinions[i] = labels[best]
		}
		opt := student.Options{Labels: labels, Seed: 1, Folds: voiceFolds, Held: held}
		if progress != nil {
			opt.Progress = func(_ string, done, total int) { progress("weigh the teachers", done, total) }
		}
		if _, err := student.CrossFit(ctx, taught, opt); err != nil {
			return nil, fmt.Errorf("ask a student about the teachers: %w", err)
		}
		return opinions, nil
	}
}

// voiceFolds is how many students share the work: more would learn from more, and take longer.
const voiceFolds = 4
