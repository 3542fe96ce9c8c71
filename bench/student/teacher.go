// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"

	"retort/student"
)

// measureTeacher distils a large teacher: it learns from one half of the training split with its true labels; a student
// sees only the texts of the other half and the teacher's probabilities for them; both are measured on the test split.
func measureTeacher(ctx context.Context, b *bench) error {
	for name, load := range map[string]func() (train, test []student.Example, err error){"banking77": banking, "clinc150": clinc} {
		train, test, err := load()
		if err != nil {
			return err
		}
		if err := b.distil(ctx, name, subset(train, len(train), 5), test); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) distil(ctx context.Context, name string, train, test []student.Example) error {
	half := len(train) / 2
	big, err := newTeacher(ctx, train[:half])
	if err != nil {
		return err
	}
	training, err := student.Train(ctx, big.label(train[half:]), student.Options{Task: name, Labels: big.labels, Seed: 9})
	if err != nil {
		return err
	}
	bytes, err := size(training.Student)
	if err != nil {
		return err
	}
	above, below := big.accuracy(test), accuracy(training.Student, test)
	b.note(name+"_teacher_accuracy", above, "")
	b.note(name+"_student_accuracy", below, "")
	b.atLeast(name+"_student_of_teacher", below/above, "", 0.985)
	b.atLeast(name+"_teacher_times_larger", float64(big.bytes)/float64(bytes), "×", 20)
	return nil
}

// teacher is a bag of students with far larger dictionaries than usual, one of them of high effort, each but that one
// trained on a random sample with replacement (Breiman, "Bagging predictors", 1996).
type teacher struct {
	members []*student.Student
	labels  []string
	bytes   int
}

const (
	bagged      = 16
	memberBytes = 16_000_000
	// A member's temperature matters little in a bag, so it is fitted on few folds.
	memberFolds = 2
)

func newTeacher(ctx context.Context, examples []student.Example) (*teacher, error) {
	t := &teacher{}
	for k := range bagged + 1 {
		opt := student.Options{Labels: t.labels, Seed: uint64(100 + k), Folds: memberFolds, MaxBytes: memberBytes}
		sample := examples
		if k == 0 {
			opt.Effort = student.High
		} else {
			sample = resample(examples, uint64(k))
		}
		training, err := student.Train(ctx, sample, opt)
		if err != nil {
			return nil, fmt.Errorf("member %d of the teacher: %w", k, err)
		}
		bytes, err := size(training.Student)
		if err != nil {
			return nil, err
		}
		t.members = append(t.members, training.Student)
		t.labels = training.Student.Labels()
		t.bytes += bytes
		fmt.Fprintf(os.Stderr, "teacher: %d of %d members, %d bytes\n", k+1, bagged+1, t.bytes)
	}
	return t, nil
}

func resample(examples []student.Example, seed uint64) []student.Example {
	random := rand.New(rand.NewPCG(seed, 1996))
	out := make([]student.Example, len(examples))
	for i := range out {
		out[i] = examples[random.IntN(len(examples))]
	}
	return out
}

// distribution is the mean of the members' distributions.
func (t *teacher) distribution(text string) []float64 {
	sum := make([]float64, len(t.labels))
	var one []float64
	for k, m := range t.members {
		weight := 1.0
		if k == 0 {
			weight = bagged / 2 // the one of high effort
		}
		one = m.Distribution(one, text)
		for c, p := range one {
			sum[c] += weight * p / (bagged * 1.5)
		}
	}
	return sum
}

// label returns the texts with the teacher's probabilities and without the labels they had.
func (t *teacher) label(examples []student.Example) []student.Example {
	out := make([]student.Example, len(examples))
	for i, e := range examples {
		soft := make(map[string]float64)
		for c, p := range t.distribution(e.Text) {
			if p > 1e-4 {
				soft[t.labels[c]] = p
			}
		}
		out[i] = student.Example{Text: e.Text, Soft: soft}
	}
	return out
}

func (t *teacher) accuracy(examples []student.Example) float64 {
	right := 0
	for _, e := range examples {
		best := 0
		d := t.distribution(e.Text)
		for c, p := range d {
			if p > d[best] {
				best = c
			}
		}
		if t.labels[best] == e.Label {
			right++
		}
	}
	return float64(right) / float64(len(examples))
}
