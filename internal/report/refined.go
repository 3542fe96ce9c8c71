// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package report

import (
	"retort/dataset/refine"
	"retort/distill"
)

// refined is a refining step that found something.
type refined struct {
	Step  string
	Found []string
	Cases []refinedCase
}

// refinedCase is one example that a step was about.
type refinedCase struct{ Reason, Origin, Text, Note string }

// mostCases is how many cases of a step a page shows.
const mostCases = 20

func refinedSteps(r *distill.Report) []refined {
	var out []refined
	for i := range r.Refined {
		step := &r.Refined[i]
		found := refine.Findings(step)
		if len(found) == 0 {
			continue
		}
		s := refined{Step: excerpt(step.Step, excerptRunes)}
		for _, f := range found {
			s.Found = append(s.Found, excerpt(f, excerptRunes))
		}
		for _, c := range step.Cases[:min(len(step.Cases), mostCases)] {
			s.Cases = append(s.Cases, refinedCase{excerpt(c.Reason, excerptRunes), excerpt(c.Origin, excerptRunes), excerpt(c.Text, excerptRunes), excerpt(c.Note, excerptRunes)})
		}
		out = append(out, s)
	}
	return out
}
