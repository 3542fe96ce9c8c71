// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package marked

import (
	"slices"

	"retort/dataset/private"
)

// Score counts what a finder found of one kind. A span is right only when its kind and both of its ends are.
type Score struct {
	Right  int // marked and found
	Missed int // marked, but not found as it is
	Wrong  int // found, but not marked so
}

// Precision returns which share of what was found is right, 1 when nothing was.
func (s Score) Precision() float64 { return share(s.Right, s.Wrong) }

// Recall returns which share of what is marked was found, 1 when nothing is.
func (s Score) Recall() float64 { return share(s.Right, s.Missed) }

func share(right, others int) float64 {
	if right+others == 0 {
		return 1
	}
	return float64(right) / float64(right+others)
}

// Measure compares what private.Find finds in the sentences with their marks. different, which may be nil, is told the sentences where it
// differs, and what was found.
func Measure(sentences []Sentence, different func(s *Sentence, found []private.Span)) map[private.Kind]Score {
	scores := map[private.Kind]Score{}
	count := func(k private.Kind, add func(s *Score)) {
		s := scores[k]
		add(&s)
		scores[k] = s
	}
	for i := range sentences {
		s := &sentences[i]
		found := private.Find(nil, s.Text)
		for _, x := range s.Spans {
			if slices.Contains(found, x) {
				count(x.Kind, func(s *Score) { s.Right++ })
			} else {
				count(x.Kind, func(s *Score) { s.Missed++ })
			}
		}
		for _, x := range found {
			if !slices.Contains(s.Spans, x) {
				count(x.Kind, func(s *Score) { s.Wrong++ })
			}
		}
		if different != nil && !slices.Equal(found, s.Spans) {
			different(s, found)
		}
	}
	return scores
}

// Checked reports whether values of the kind have a check digit or a format that few other things have. The others are known by words beside
// them, or by digits that other numbers have as well.
func Checked(k private.Kind) bool {
	switch k {
	case private.Phone, private.BIC, private.Password, private.Secret, private.Bearer:
		return false
	}
	return true
}
