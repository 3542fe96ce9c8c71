// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package student

import "context"

// CrossFit answers each example by a model that saw neither the example nor its text, as [Train] does for its
// calibration, and trains no student. opt.Held gets the answers, calibrated; it must be set for anything to come of it. It
// returns the labels in the order of the probabilities, and fails as Train does.
func CrossFit(ctx context.Context, examples []Example, opt Options) ([]string, error) {
	s, features, err := opt.prepare(examples)
	if err != nil {
		return nil, err
	}
	answers, _, err := crossFit(ctx, s, features, opt)
	if err != nil {
		return nil, err
	}
	members := 1
	for _, a := range answers {
		if len(a.seen) > 1 { // else a model of one label, which has but one member
			members = max(members, len(a.scores)/len(a.seen))
		}
	}
	s.tell(answers, fitHeat(answers, members), opt.Held)
	return s.labels, nil
}

// tell hands on the calibrated probabilities of answers. The answers' scores stay as they are.
func (s *sample) tell(answers []scored, heat []float32, held func(int, []float32)) {
	if held == nil {
		return
	}
	all := make([]float32, len(s.labels))
	var scores []float32
	for i, a := range answers {
		if len(a.scores) == 0 {
			continue
		}
		scores = append(scores[:0], a.scores...) // pool overwrites them
		p := pool(scores, len(a.seen), heat)
		scale := 1 / float32(soften(p))
		clear(all)
		for c, class := range a.seen {
			all[class] = p[c] * scale
		}
		held(i, all)
	}
}
