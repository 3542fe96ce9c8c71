// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"

	"retort/eval/certify"
	"retort/student"
)

// measureCoverage finds, on random subsets of Banking77's training split, the threshold for 95 % agreement at δ = 5 %, and
// counts on the test split what a student with it answers and how often it is right. The cross-fitted method trains and
// certifies on all labels, the strict one certifies on a fifth that it does not train on.
func measureCoverage(ctx context.Context, b *bench) error {
	train, test, err := banking()
	if err != nil {
		return err
	}
	for _, size := range []struct {
		name                string
		labels              int
		crossFitted, strict float64
	}{
		{"2000", 2000, 0.64, 0.37},
		{"5000", 5000, 0.84, 0.80},
		{"all", len(train), 0.90, 0.88},
	} {
		for _, method := range []struct {
			name    string
			certify func(context.Context, []student.Example, uint64) (*student.Student, certify.Certificate, error)
			floor   float64
		}{
			{"crossfitted", crossFitted, size.crossFitted},
			{"strict", strict, size.strict},
		} {
			name := fmt.Sprintf("coverage_%s_%s", size.name, method.name)
			var covered float64
			kept := 0
			for run := range b.runs {
				seed := uint64(run + 1)
				s, certificate, err := method.certify(ctx, subset(train, size.labels, seed), seed)
				if err != nil {
					return err
				}
				answered, agreed := count(s, certificate, test)
				covered += float64(answered) / float64(len(test)) / float64(b.runs)
				if float64(agreed) >= 0.95*float64(answered) {
					kept++
				}
				fmt.Fprintf(os.Stderr, "%s run %d: answered %.3f, agreed %.4f\n", name, run+1,
					float64(answered)/float64(len(test)), float64(agreed)/float64(max(answered, 1)))
			}
			b.AtLeast(name, covered, "", method.floor)
			b.AtLeast(name+"_runs_kept", float64(kept), fmt.Sprintf("of %d", b.runs), 0.95*float64(b.runs))
		}
	}
	return nil
}

var goal = certify.Goal{Agreement: 0.95, Confidence: 0.95}

// subset returns n of the examples in random order.
func subset(examples []student.Example, n int, seed uint64) []student.Example {
	order := rand.New(rand.NewPCG(seed, 77)).Perm(len(examples))
	out := make([]student.Example, n)
	for i := range out {
		out[i] = examples[order[i]]
	}
	return out
}

func crossFitted(ctx context.Context, examples []student.Example, seed uint64) (*student.Student, certify.Certificate, error) {
	training, err := student.Train(ctx, examples, student.Options{Seed: seed})
	if err != nil {
		return nil, certify.Certificate{}, err
	}
	certificate, err := certify.CrossFitted(judge(training.OutOfFold, examples), goal)
	return training.Student, certificate, err
}

func strict(ctx context.Context, examples []student.Example, seed uint64) (*student.Student, certify.Certificate, error) {
	held := len(examples) / 5
	training, err := student.Train(ctx, examples[held:], student.Options{Seed: seed, Folds: 2})
	if err != nil {
		return nil, certify.Certificate{}, err
	}
	predictions := make([]student.Prediction, held)
	for i, e := range examples[:held] {
		predictions[i] = training.Student.Predict(e.Text)
	}
	certificate, err := certify.Strict(judge(predictions, examples[:held]), goal)
	return training.Student, certificate, err
}

func judge(predictions []student.Prediction, examples []student.Example) []certify.Judgement {
	out := make([]certify.Judgement, len(predictions))
	for i, p := range predictions {
		out[i] = certify.Judgement{Score: p.Score, Agree: p.Label == examples[i].Label}
	}
	return out
}

// count returns how many of the examples the student may answer, and how many of these it answers rightly.
func count(s *student.Student, certificate certify.Certificate, examples []student.Example) (answered, agreed int) {
	for _, e := range examples {
		if p := s.Predict(e.Text); certificate.Answers(p.Score) {
			answered++
			if p.Label == e.Label {
				agreed++
			}
		}
	}
	return answered, agreed
}
