// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"

	"retort/student"
)

// measureTeacher distils a large teacher: it learns from one part of the training split with its true labels; a student
// sees only the texts of the rest and the teacher's probabilities for them; both are measured on the test split. The
// floor is for a teacher that had a third; with halves, where the student has fewer new texts, the ratio is noted only.
func measureTeacher(ctx context.Context, b *bench) error {
	for _, set := range []struct {
		name string
		load func() (train, test []student.Example, err error)
	}{{"banking77", banking}, {"clinc150", clinc}} {
		train, test, err := set.load()
		if err != nil {
			return err
		}
		train = shuffle(train, 5)
		d, err := distil(ctx, train, len(train)/3, test)
		if err != nil {
			return err
		}
		b.Note(set.name+"_teacher_accuracy", d.teacher, "")
		b.Note(set.name+"_student_accuracy", d.student, "")
		b.AtLeast(set.name+"_student_of_teacher", d.student/d.teacher, "", 0.985)
		b.AtLeast(set.name+"_teacher_times_larger", d.larger, "×", 20)
		if d, err = distil(ctx, train, len(train)/2, test); err != nil {
			return err
		}
		b.Note(set.name+"_student_of_teacher_halves", d.student/d.teacher, "")
	}
	return nil
}

// distilled has the accuracies of a teacher and its student, and how many times as many bytes the teacher has.
type distilled struct {
	teacher, student, larger float64
}

// distil gives the teacher the first examples and the student the texts of the others.
func distil(ctx context.Context, train []student.Example, first int, test []student.Example) (d distilled, err error) {
	big, err := newTeacher(ctx, train[:first])
	if err != nil {
		return d, err
	}
	training, err := student.Train(ctx, big.label(train[first:]), student.Options{Labels: big.labels, Seed: 9})
	if err != nil {
		return d, err
	}
	bytes, err := size(training.Student)
	if err != nil {
		return d, err
	}
	return distilled{big.accuracy(test), accuracy(training.Student, test), float64(big.bytes) / float64(bytes)}, nil
}

// teacher is a bag of students with far larger dictionaries than usual, each trained on a random sample with replacement
// (Breiman, "Bagging predictors", 1996).
type teacher struct {
	members []*student.Student
	labels  []string
	bytes   int
}

const (
	bagged      = 24
	memberBytes = 16_000_000
	// A member's temperature matters little in a bag, so it is fitted on few folds.
	memberFolds = 2
)

func newTeacher(ctx context.Context, examples []student.Example) (*teacher, error) {
	t := &teacher{}
	for k := range bagged {
		opt := student.Options{Labels: t.labels, Seed: uint64(100 + k), Folds: memberFolds, MaxBytes: memberBytes}
		training, err := student.Train(ctx, resample(examples, uint64(k)), opt)
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
		fmt.Fprintf(os.Stderr, "teacher: %d of %d members, %d bytes\n", k+1, bagged, t.bytes)
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
	for _, m := range t.members {
		one = m.Distribution(one, text)
		for c, p := range one {
			sum[c] += p / bagged
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
