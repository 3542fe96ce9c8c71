// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package label

import (
	"context"
	"fmt"

	"retort/dataset"
	"retort/eval/consensus"
)

// Voice is one more opinion about examples, by who learned from their labels: of each, the label that something says which has
// not seen that example, such as a student cross-fitted on the others; empty where it says none. What two teachers say leaves
// open which of them is right where they differ; how well a text goes with the texts of a label often tells.
type Voice func(ctx context.Context, examples []dataset.Example) ([]string, error)

const (
	voiceRounds = 2   // of learning from the labels and weighing anew
	fewForVoice = 200 // inputs below which a voice has too little to learn from
	voiceName   = "\x00voice"
)

// decideByConsensus weighs the teachers by their reliability. Where there is a voice it helps to estimate the reliability,
// as one more answerer, but has no vote: labels are made of what the teachers say alone, so that a student's agreement with
// them is not agreement with itself.
func (r *run) decideByConsensus(ctx context.Context, rows []*row, report *Report) error {
	if len(rows) == 0 {
		return nil
	}
	b := r.ballots(rows)
	fitted, err := b.fit(nil)
	if err != nil {
		return err
	}
	b.label(rows, fitted)
	for range voiceRounds {
		if r.job.Voice == nil || len(rows) < fewForVoice {
			break
		}
		examples := make([]dataset.Example, len(rows))
		for i, w := range rows {
			examples[i] = w.out.Example
		}
		opinions, err := r.job.Voice(ctx, examples)
		if err != nil {
			return fmt.Errorf("weigh the teachers: %w", err)
		}
		if fitted, err = b.fit(opinions); err != nil {
			return err
		}
		b.label(rows, fitted)
	}
	r.reliabilities(fitted, rows, report)
	return nil
}

// ballots are the votes on rows.
type ballots struct {
	votes *consensus.Votes
	class map[string]int
	gold  []int // nil: no true label is known
}

func (r *run) ballots(rows []*row) *ballots {
	labels := r.job.Task.Labels
	b := &ballots{votes: &consensus.Votes{Classes: labels}, class: make(map[string]int, len(labels))}
	for i, label := range labels {
		b.class[label] = i
	}
	for _, t := range r.askers {
		b.votes.Answerers = append(b.votes.Answerers, t.Name)
	}
	gold, known := make([]int, len(rows)), 0
	for i, w := range rows {
		said := make([]int, len(r.askers))
		for t, v := range w.votes {
			said[t] = b.place(v.best)
		}
		b.votes.Rows = append(b.votes.Rows, said)
		if gold[i] = b.place(w.truth); gold[i] != consensus.None {
			known++
		}
	}
	if known > 0 {
		b.gold = gold
	}
	return b
}

func (b *ballots) place(label string) int {
	if k, ok := b.class[label]; ok {
		return k
	}
	return consensus.None
}

// fit estimates the reliability of the teachers, with the opinions of a voice where there are some.
func (b *ballots) fit(opinions []string) (*consensus.Reliability, error) {
	votes := *b.votes
	if opinions != nil {
		votes.Answerers = append(append([]string(nil), votes.Answerers...), voiceName)
		votes.Rows = make([][]int, len(b.votes.Rows))
		for i, said := range b.votes.Rows {
			votes.Rows[i] = append(append([]int(nil), said...), b.place(opinions[i]))
		}
	}
	fitted, err := consensus.Fit(&votes, consensus.Options{Gold: b.gold})
	if err == nil && opinions != nil {
		fitted, err = fitted.For(b.votes.Answerers...)
	}
	if err != nil {
		return nil, fmt.Errorf("weigh the teachers: %w", err)
	}
	return fitted, nil
}

// label gives rows the label that is likeliest, and the probabilities of all.
func (b *ballots) label(rows []*row, fitted *consensus.Reliability) {
	for _, w := range rows {
		spread := map[string]float64{}
		for k, p := range posterior(fitted, w.votes, b.class) {
			spread[b.votes.Classes[k]] = p
		}
		w.out.Label = most(spread, b.votes.Classes)
		w.out.Soft = relevant(spread)
	}
}
