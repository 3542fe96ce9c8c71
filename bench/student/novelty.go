// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"slices"

	"retort/eval/certify"
	"retort/internal/shareddata"
	"retort/student"
)

// measureNovelty counts, on CLINC150, how many of the requests that are out of scope a certified student answers, and how
// many of those in scope: by its score alone, and by its score and novelty. "alone" is without texts known to be out of
// scope; "labelled" has the hundred of the training split. With -validate the validation split stands for the test split.
//
// The equal_coverage figures raise the threshold of the score, where novelty does not count, until it answers as few requests in
// scope as the student does with novelty.
func measureNovelty(ctx context.Context, b *bench) error {
	split := "test"
	if b.validate {
		split = "val"
	}
	train, in, strays, err := clincScope(split)
	if err != nil {
		return err
	}
	_, _, known, err := clincScope("train")
	if err != nil {
		return err
	}
	for _, way := range []struct {
		name    string
		outside student.Outside
		most    float64
	}{{"alone", student.Outside{FalseAlarms: 0.05}, 0}, {"labelled", student.Outside{OutOfScope: known}, 0.08}} {
		training, err := student.Train(ctx, train, student.Options{Seed: 1, Outside: way.outside})
		if err != nil {
			return err
		}
		if err := b.novelty("clinc150_novelty_"+way.name, training, train, in, strays, way.most); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) novelty(name string, t *student.Training, train, in []student.Example, strays []string, most float64) error {
	before, err := certify.CrossFitted(judge(t.OutOfFold, train), goal)
	if err != nil {
		return err
	}
	novelty := t.Student.Card().Novelty
	sure := func(p student.Prediction) float64 { return novelty.Sure(p.Score, p.Novel) }
	fresh := make([]certify.Judgement, len(train))
	for i, p := range t.OutOfFold {
		fresh[i] = certify.Judgement{Score: sure(p), Agree: p.Label == train[i].Label}
	}
	after, err := certify.CrossFitted(fresh, goal)
	if err != nil {
		return err
	}
	score := func(p student.Prediction) float64 { return p.Score }
	covered, agreed := ask(t.Student, in, before, score)
	b.Note(name+"_score_only_in_scope_answered", covered, "")
	b.Note(name+"_score_only_agreement", agreed, "")
	b.Note(name+"_score_only_out_of_scope_answered", passed(t.Student, strays, before, score), "")
	covered, agreed = ask(t.Student, in, after, sure)
	b.Note(name+"_in_scope_answered", covered, "")
	b.AtLeast(name+"_agreement", agreed, "", goal.Agreement)
	if out := passed(t.Student, strays, after, sure); most > 0 {
		b.AtMost(name+"_out_of_scope_answered", out, "", most)
	} else {
		b.Note(name+"_out_of_scope_answered", out, "")
	}
	equal := before
	equal.Threshold = rising(t.Student, in, covered)
	b.Note(name+"_equal_coverage_score_only_out_of_scope_answered", passed(t.Student, strays, equal, score), "")
	b.Note(name+"_false_alarms_wanted", novelty.FalseAlarms, "")
	alarms := 0.0
	for _, e := range in {
		if t.Student.Predict(e.Text).Novel {
			alarms += 1 / float64(len(in))
		}
	}
	b.Note(name+"_false_alarms", alarms, "")
	return nil
}

// ask returns the share of the examples that the student answers, and the share of these that agree.
func ask(s *student.Student, examples []student.Example, c certify.Certificate, score func(student.Prediction) float64) (covered, agreed float64) {
	answered, right := 0.0, 0.0
	for _, e := range examples {
		if p := s.Predict(e.Text); c.Answers(score(p)) {
			answered++
			if p.Label == e.Label {
				right++
			}
		}
	}
	return answered / float64(len(examples)), right / max(answered, 1)
}

// passed is the share of texts that the student answers.
func passed(s *student.Student, texts []string, c certify.Certificate, score func(student.Prediction) float64) float64 {
	examples := make([]student.Example, len(texts))
	for i, t := range texts {
		examples[i].Text = t
	}
	share, _ := ask(s, examples, c, score)
	return share
}

// rising is the threshold at which scores answer no more than a share of the examples.
func rising(s *student.Student, examples []student.Example, share float64) float64 {
	scores := make([]float64, len(examples))
	for i, e := range examples {
		scores[i] = s.Predict(e.Text).Score
	}
	slices.Sort(scores)
	return scores[min(int((1-share)*float64(len(scores))), len(scores)-1)]
}

// clincScope returns CLINC150's training split, another split in scope, and that split's texts out of scope.
func clincScope(split string) (train, in []student.Example, strays []string, err error) {
	_, rows, err := shareddata.ReadCSV("clinc150/data_full.csv")
	if err != nil {
		return nil, nil, nil, err
	}
	for _, row := range rows {
		e := student.Example{Text: row[1], Label: row[2]}
		switch row[0] {
		case "train":
			train = append(train, e)
		case split:
			in = append(in, e)
		case "oos_" + split:
			strays = append(strays, e.Text)
		}
	}
	if len(strays) == 0 {
		return nil, nil, nil, fmt.Errorf("clinc150 has no texts out of scope for the split %q", split)
	}
	return train, in, strays, nil
}
