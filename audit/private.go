// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package audit

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"retort/dataset/private"
	"retort/eval"
)

// PrivateEvidence is what training examples hold of personal data and secrets: never the values.
type PrivateEvidence struct {
	Examples int            `json:"examples"` // that hold any
	Kinds    map[string]int `json:"kinds"`    // how many of each, see package dataset/private
	First    []string       `json:"first"`    // where the first of them are
}

// shownPrivate is how many examples are listed.
const shownPrivate = 50

// personal looks for personal data and secrets in what the student learned from. A student of labels keeps its vocabulary as hashes, from
// which nothing can be read, but whoever has the words can ask whether they were in it.
func personal(ctx context.Context, s *Subject, o Options) (Check, error) {
	c := Check{Name: "private", Verdict: eval.Inconclusive}
	if len(s.Training) == 0 {
		c.Says = "the examples that it learned from are not known; give them with --data"
		return c, nil
	}
	ev := &PrivateEvidence{Kinds: map[string]int{}, First: []string{}}
	var spans []private.Span
	for i := range s.Training {
		if i%1000 == 0 {
			if o.Progress("look for personal data", i, len(s.Training)); ctx.Err() != nil {
				return c, ctx.Err()
			}
		}
		e := &s.Training[i]
		spans = private.Find(private.Find(spans[:0], e.Text), e.Label)
		for _, span := range spans {
			ev.Kinds[span.Kind.String()]++
		}
		if len(spans) == 0 {
			continue
		}
		if ev.Examples++; len(ev.First) < shownPrivate {
			ev.First = append(ev.First, fmt.Sprintf("%s: %s", e.Origin(), spans[0].Kind))
		}
	}
	c.Evidence = ev
	for _, kind := range slices.Sorted(maps.Keys(ev.Kinds)) {
		c.Lines = append(c.Lines, fmt.Sprintf("%s: %d", kind, ev.Kinds[kind]))
	}
	switch {
	case ev.Examples > 0:
		c.Verdict, c.Says = eval.Fail, fmt.Sprintf("%d examples hold personal data or secrets, the first %s", ev.Examples, ev.First[0])
	case s.Complete:
		c.Verdict, c.Says = eval.Pass, "no example holds personal data or secrets of the kinds that are looked for"
	default:
		c.Says = "none was found, but the examples are not all that it learned from"
	}
	return c, nil
}
