// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package audit

import (
	"context"
	"fmt"

	"retort/eval"
)

// pair is a text with one word and with another in its place.
type pair struct {
	before, after, from, to string
	read                    bool // values that hold the word count as none
	same                    bool // the student's answers are the same
}

// ask puts the pairs of all kinds to the teacher and compares how often its answers change with how often the student's do. Pairs of which the
// teacher has not answered both texts are left out.
func ask(ctx context.Context, s *Subject, all []SwapEvidence, o Options) error {
	var texts []string
	seen := map[string]bool{}
	for i := range all {
		for _, p := range all[i].pairs {
			for _, text := range []string{p.before, p.after} {
				if !seen[text] {
					seen[text] = true
					texts = append(texts, text)
				}
			}
		}
	}
	if s.Ask == nil || len(texts) == 0 {
		return nil
	}
	answers, err := s.Ask(ctx, texts)
	if err != nil {
		return fmt.Errorf("ask the teacher about swapped words: %w", err)
	}
	var groups []eval.Group
	var of []*SwapEvidence
	for i := range all {
		ev, g := &all[i], eval.Group{Name: all[i].Kind}
		asked := &TeacherFlips{}
		for _, p := range ev.pairs {
			before, first := answers[p.before]
			after, second := answers[p.after]
			if !first || !second {
				continue
			}
			same := before == after
			if len(s.Fields) > 0 {
				same, _ = s.unchanged(before, p.from, after, p.to, p.read)
			}
			if !p.same {
				asked.Student++
			}
			if !same {
				asked.Teacher++
			}
			g.Count(p.same, same)
		}
		if asked.Pairs = g.Items; g.Items == 0 {
			continue
		}
		ev.Asked = asked
		groups, of = append(groups, g), append(of, ev)
	}
	if len(groups) == 0 {
		return nil
	}
	tests, err := eval.NonInferior(groups, o.Margin, o.Alpha)
	if err != nil {
		return err
	}
	for i, ev := range of {
		ev.Asked.Test = tests[i]
	}
	return nil
}
