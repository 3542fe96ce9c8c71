// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package certify

import "retort/eval/anytime"

// Watch notices that agreement has fallen below a target: an [anytime.Detector] of some rates of disagreement above the one
// allowed. While each answer agrees with at least the target's chance, whatever came before and whoever gives it, at least so
// many judgements pass on average until a false alarm as its patience says. It must not be used by two goroutines at once.
type Watch struct {
	agree, differ []float64 // likelihood ratios of one judgement
	*anytime.Detector
}

// NewWatch returns a watch without evidence. The target must be in (0, 1).
func NewWatch(target, patience float64) *Watch {
	var w Watch
	for _, times := range []float64{1.5, 2, 3, 5, 10} {
		if rate := times * (1 - target); rate < 1 {
			w.agree, w.differ = append(w.agree, (1-rate)/target), append(w.differ, times)
		}
	}
	if w.agree == nil { // a target of a third or less: always disagree
		w.agree, w.differ = []float64{target / (1 + target)}, []float64{(1 - target*target/(1+target)) / (1 - target)}
	}
	w.Detector = anytime.NewDetector(len(w.agree), patience)
	return &w
}

// Judge takes a judgement and reports whether agreement has fallen.
func (w *Watch) Judge(agree bool) (fallen bool) {
	if agree {
		return w.Add(w.agree...)
	}
	return w.Add(w.differ...)
}
