// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package audit

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"retort/eval"
)

// What is known of a teacher's terms.
const (
	Allowed   = "allowed"
	Forbidden = "forbidden"
	Unknown   = "unknown"
	Recorded  = "recorded" // its answers are replayed from a recording, whose terms nobody stated
)

// Terms are those of one model that gave labels.
type Terms struct {
	Teacher string `json:"teacher"`
	Status  string `json:"status"`           // one of the above
	Basis   string `json:"basis,omitempty"`  // what says so
	Source  string `json:"source,omitempty"` // where to read it
}

// TermsEvidence is what the check of terms looked at.
type TermsEvidence struct {
	Teachers []Terms `json:"teachers"`
	Override string  `json:"override,omitempty"` // why somebody takes responsibility for those that forbid it
}

// terms says whether every teacher may be learned from.
func terms(_ context.Context, s *Subject, _ Options) (Check, error) {
	ev := &TermsEvidence{Teachers: s.Terms, Override: s.Override}
	c := Check{Name: "terms", Evidence: ev}
	var forbidden, unknown []string
	for _, t := range s.Terms {
		switch t.Status {
		case Allowed:
		case Forbidden:
			forbidden = append(forbidden, t.Teacher)
		default:
			unknown = append(unknown, t.Teacher)
		}
	}
	for _, t := range s.Terms {
		c.Lines = append(c.Lines, strings.TrimRight(fmt.Sprintf("%s: %s %s", t.Teacher, t.Status, t.Basis), " "))
	}
	slices.Sort(c.Lines)
	switch {
	case len(forbidden) > 0 && s.Override == "":
		c.Verdict, c.Says = eval.Fail, "their terms forbid learning from "+strings.Join(forbidden, ", ")
	case len(unknown) > 0:
		c.Verdict, c.Says = eval.Inconclusive, "whether the terms allow learning from them is not known of "+strings.Join(unknown, ", ")
	case len(forbidden) > 0:
		c.Verdict, c.Says = eval.Pass, fmt.Sprintf("the terms of %s forbid learning from them; overridden: %s", strings.Join(forbidden, ", "), s.Override)
	case len(s.Terms) == 0:
		c.Verdict, c.Says = eval.Pass, "the labels came with the examples, which name no model as their teacher"
	default:
		c.Verdict, c.Says = eval.Pass, "the terms of every teacher allow learning from it"
	}
	return c, nil
}
