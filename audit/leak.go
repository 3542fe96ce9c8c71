// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package audit

import (
	"context"
	"fmt"

	"retort/dataset/near"
	"retort/eval"
)

const (
	// nearJaccard is the index of shingles from which on texts count as nearly the same.
	nearJaccard = 0.8
	// mostLeaked is the share of eval rows that may be like training rows whatever they do, and mostRaised how much agreement they
	// may raise if there are more: people repeat each other, and some rows may have been left out of the training for it.
	mostLeaked, mostRaised = 0.01, 0.005
	// shownLeaks is how many are listed.
	shownLeaks = 50
)

// Leak is an eval row that is the same as a training row, or nearly.
type Leak struct {
	Eval     string  `json:"eval"`     // where the row is
	Training string  `json:"training"` // where the row like it is
	Jaccard  float64 `json:"jaccard"`  // 1: the same to a reader
}

// LeakEvidence is what the check for leakage found. Agreement is the share of rows that the student answers as they are labelled.
type LeakEvidence struct {
	Leaked    int     `json:"leaked"`
	Rows      int     `json:"rows"`
	Agreement float64 `json:"agreement"`
	Clean     float64 `json:"agreement_without_leaked"`
	Leaks     []Leak  `json:"leaks"` // the first of them
}

// Leakage is the name of the check for eval rows among the training rows.
const Leakage = "leakage"

// leakage looks for eval rows among the training rows.
func leakage(ctx context.Context, s *Subject, o Options) (Check, error) {
	c := Check{Name: Leakage, Verdict: eval.Inconclusive}
	switch {
	case len(s.Eval) == 0:
		c.Says = "there are no texts to judge it by; give them with --eval"
		return c, nil
	case len(s.Training) == 0:
		c.Says = "the examples that it learned from are not known; give them with --data"
		return c, nil
	}
	ev, err := s.leaks(ctx, o)
	if err != nil {
		return c, err
	}
	c.Evidence = ev
	share := float64(ev.Leaked) / float64(ev.Rows)
	c.Says = fmt.Sprintf("%d of %d eval texts (%.1f %%) are training texts, or nearly; agreement is %.1f %% on all, %.1f %% on the others",
		ev.Leaked, ev.Rows, 100*share, 100*ev.Agreement, 100*ev.Clean)
	for _, l := range ev.Leaks[:min(5, len(ev.Leaks))] {
		c.Lines = append(c.Lines, fmt.Sprintf("eval %s is like training %s, Jaccard %.2f", l.Eval, l.Training, l.Jaccard))
	}
	switch {
	case share > 0.5 || share > mostLeaked && ev.Agreement-ev.Clean > mostRaised:
		c.Verdict = eval.Fail
	case s.Complete:
		c.Verdict = eval.Pass
	default:
		c.Says += "; but the examples are not all that it learned from"
	}
	return c, nil
}

func (s *Subject) leaks(ctx context.Context, o Options) (*LeakEvidence, error) {
	index, err := near.New(near.Options{Jaccard: nearJaccard, Seed: o.Seed})
	if err != nil {
		return nil, err
	}
	total := len(s.Training) + len(s.Eval)
	for i := range s.Training {
		if i%1000 == 0 {
			if o.Progress("compare texts", i, total); ctx.Err() != nil {
				return nil, ctx.Err()
			}
		}
		index.Add(s.Training[i].Text)
	}
	ev := &LeakEvidence{Rows: len(s.Eval), Leaks: []Leak{}}
	right, clean := 0, 0
	for i := range s.Eval {
		if i%1000 == 0 {
			if o.Progress("compare texts", len(s.Training)+i, total); ctx.Err() != nil {
				return nil, ctx.Err()
			}
		}
		e := &s.Eval[i]
		agrees := s.said(e.Text) == e.Label
		if agrees {
			right++
		}
		var best near.Match
		for _, m := range index.Find(e.Text) {
			if m.Jaccard > best.Jaccard {
				best = m
			}
		}
		if best.Jaccard == 0 {
			if agrees {
				clean++
			}
			continue
		}
		if ev.Leaked++; len(ev.Leaks) < shownLeaks {
			ev.Leaks = append(ev.Leaks, Leak{e.Origin(), s.Training[best.ID].Origin(), best.Jaccard})
		}
	}
	ev.Agreement = float64(right) / float64(ev.Rows)
	if rest := ev.Rows - ev.Leaked; rest > 0 {
		ev.Clean = float64(clean) / float64(rest)
	}
	return ev, nil
}
