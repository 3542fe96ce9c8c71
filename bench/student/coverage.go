// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"

	"retort/eval/certify"
	"retort/student"
)

// certifier trains a student on labels and finds its threshold.
type certifier func(context.Context, []student.Example, uint64) (*student.Student, certify.Certificate, error)

// cell is one figure of the part coverage.
type cell struct {
	name    string
	labels  int // all when 0
	certify certifier
	floor   float64
}

var cells = []cell{
	{"2000_crossfitted", 2000, crossFitted, 0.64},
	{"2000_strict", 2000, strict, 0.37},
	{"5000_crossfitted", 5000, crossFitted, 0.84},
	{"5000_strict", 5000, strict, 0.80},
	{"all_crossfitted", 0, crossFitted, 0.90},
	{"all_strict", 0, strict, 0.88},
}

// measureCoverage finds, on random subsets of Banking77's training split, the threshold for 95 % agreement at δ = 5 %, and
// counts on the test split what a student with it answers and how often it is right. The cross-fitted method trains and
// certifies on all labels, the strict one certifies on a fifth that it does not train on.
func measureCoverage(ctx context.Context, b *bench) error {
	train, test, err := banking()
	if err != nil {
		return err
	}
	for _, c := range cells {
		if b.cells != "" && !slices.Contains(strings.Split(b.cells, ","), c.name) {
			continue
		}
		if c.labels == 0 {
			c.labels = len(train)
		}
		if b.validate && c.labels == len(train) {
			continue // nothing is left to count on
		}
		if err := b.measureCell(ctx, c, train, test); err != nil {
			return err
		}
	}
	return nil
}

// measureCell counts on the test split or, to validate, on what a subset leaves of the training split.
func (b *bench) measureCell(ctx context.Context, c cell, train, test []student.Example) error {
	name, covered, kept := "coverage_"+c.name, 0.0, 0
	for run := range b.runs {
		seed := uint64(run + 1)
		shuffled := shuffle(train, seed)
		s, certificate, err := c.certify(ctx, shuffled[:c.labels], seed)
		if err != nil {
			return err
		}
		if b.validate {
			test = shuffled[c.labels:]
		}
		answered, agreed := count(s, certificate, test)
		covered += float64(answered) / float64(len(test)) / float64(b.runs)
		if float64(agreed) >= 0.95*float64(answered) {
			kept++
		}
		fmt.Fprintf(os.Stderr, "%s run %d: answered %.3f, agreed %.4f\n", name, run+1,
			float64(answered)/float64(len(test)), float64(agreed)/float64(max(answered, 1)))
	}
	unit := fmt.Sprintf("of %d", b.runs)
	if b.validate {
		b.Note("validation_"+name, covered, "")
		b.Note("validation_"+name+"_runs_kept", float64(kept), unit)
		return nil
	}
	b.AtLeast(name, covered, "", c.floor)
	b.AtLeast(name+"_runs_kept", float64(kept), unit, 0.95*float64(b.runs))
	return nil
}

var goal = certify.Goal{Agreement: 0.95, Confidence: 0.95}

// shuffle returns the examples in random order.
func shuffle[T any](examples []T, seed uint64) []T {
	out := make([]T, len(examples))
	for i, from := range rand.New(rand.NewPCG(seed, 77)).Perm(len(examples)) {
		out[i] = examples[from]
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
	training, err := student.Train(ctx, examples[held:], student.Options{Seed: seed})
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
