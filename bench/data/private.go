// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"slices"
	"time"

	"retort/dataset/private"
	"retort/internal/marked"
)

// measurePrivate says how much text a second one core searches for personal data and secrets, and how precise and complete the search
// is on the half of the labelled sample that nothing was chosen by.
func measurePrivate(ctx context.Context, b *bench) error {
	texts, err := realTexts()
	if err != nil {
		return err
	}
	sentences, err := marked.Sentences()
	if err != nil {
		return err
	}
	var sample []string
	var judging []marked.Sentence
	for _, s := range sentences {
		sample = append(sample, s.Text)
		if s.Test {
			judging = append(judging, s)
		}
	}
	fastest, median := searchSpeed(slices.Concat(texts, sample))
	b.AtLeast("private_speed", fastest, "MB/s", 30)
	b.Note("private_speed_median", median, "MB/s")
	fastest, _ = searchSpeed(slices.Repeat(sample, 20))
	b.Note("private_speed_sample_alone", fastest, "MB/s")
	if err := ctx.Err(); err != nil {
		return err
	}
	b.Note("private_sample_sentences", float64(len(sentences)), "")
	b.Note("private_sample_sentences_judging", float64(len(judging)), "")
	reportScores(b, marked.Measure(judging, nil))
	return nil
}

// reportScores gives the figures of each kind and of all with a check digit or a fixed format together.
func reportScores(b *bench, scores map[private.Kind]marked.Score) {
	const floor = 0.95
	var checked, others marked.Score
	for _, k := range private.Kinds() {
		s := scores[k]
		figure, sum := b.Note, &others
		if marked.Checked(k) {
			figure, sum = func(name string, v float64, unit string) { b.AtLeast(name, v, unit, floor) }, &checked
		}
		sum.Right, sum.Missed, sum.Wrong = sum.Right+s.Right, sum.Missed+s.Missed, sum.Wrong+s.Wrong
		figure("private_precision_"+k.String(), s.Precision(), "")
		figure("private_recall_"+k.String(), s.Recall(), "")
		b.Note("private_marked_"+k.String(), float64(s.Right+s.Missed), "")
	}
	b.AtLeast("private_precision_checked", checked.Precision(), "", floor)
	b.AtLeast("private_recall_checked", checked.Recall(), "", floor)
	b.Note("private_marked_checked", float64(checked.Right+checked.Missed), "")
	b.Note("private_precision_others", others.Precision(), "")
	b.Note("private_recall_others", others.Recall(), "")
	b.Note("private_marked_others", float64(others.Right+others.Missed), "")
}

// searchSpeed searches the texts several times and returns MB/s of the fastest pass and of the one in the middle. It uses one core.
func searchSpeed(texts []string) (fastest, median float64) {
	const passes = 15
	bytes := 0
	for _, t := range texts {
		bytes += len(t)
	}
	var spans []private.Span
	var speeds []float64
	for range passes {
		start := time.Now()
		for _, t := range texts {
			spans = private.Find(spans[:0], t)
		}
		speeds = append(speeds, float64(bytes)/1e6/time.Since(start).Seconds())
	}
	slices.Sort(speeds)
	return speeds[passes-1], speeds[passes/2]
}
