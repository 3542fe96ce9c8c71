// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"

	"retort/dataset"
	"retort/distill"
	"retort/distill/label"
	"retort/eval"
	"retort/internal/shareddata"
	"retort/model"
	"retort/student"
	"retort/task"
)

// measureTeachers has the training texts of two data sets labelled by two noisy teachers, each good at one half of the labels, and
// compares the student of both with the students of each, by their accuracy on the official test split. Which labels a teacher is good at, and its
// errors, are drawn anew in each run.
func measureTeachers(ctx context.Context, b *bench) error {
	for _, set := range []struct {
		name string
		load func() (train, test []dataset.Example, err error)
	}{{"banking77", bankingSplit}, {"clinc150", clincSplit}} {
		train, test, err := set.load()
		if err != nil {
			return err
		}
		if b.validate {
			test, train = dataset.Split(train, 0.2, 77)
		}
		for _, shared := range []float64{0, 0.5} {
			if err := b.contest(ctx, set.name, train, test, shared); err != nil {
				return fmt.Errorf("%s: %w", set.name, err)
			}
		}
	}
	return nil
}

// contest reports one contest. shared is the share of texts on which what leads one teacher astray leads the other there too.
func (b *bench) contest(ctx context.Context, name string, train, test []dataset.Example, shared float64) error {
	if shared > 0 {
		name += "_shared"
	}
	c, err := contest(ctx, train, test, b.draws, shared)
	if err != nil {
		return err
	}
	compared, err := eval.Compare([]eval.Series{{Name: "both", Quality: c.both}, {Name: "better", Quality: c.better}}, eval.CompareOptions{Seed: 1, Resamples: 10_000})
	if err != nil {
		return err
	}
	gain := compared[0].Quality
	if compared[0].A != "both" {
		gain.Value, gain.Lower, gain.Upper = -gain.Value, -gain.Upper, -gain.Lower
	}
	b.Note(name+"_labels_of_the_better", c.labels[0], "")
	b.Note(name+"_labels_of_both", c.labels[1], "")
	b.Note(name+"_student_of_the_better", mean(c.better), "")
	b.Note(name+"_student_of_both", mean(c.both), "")
	b.Note(name+"_gain", gain.Value, "")
	if shared == 0 {
		b.AtLeast(name+"_gain_lower", gain.Lower, "", 1e-9)
	} else {
		b.Note(name+"_gain_lower", gain.Lower, "")
	}
	b.Note(name+"_gain_upper", gain.Upper, "")
	return nil
}

// contested has, of each test text, how often over the runs the students were right.
type contested struct {
	both, better []float64
	labels       [2]float64 // share of right labels: of the better teacher, of both
}

func contest(ctx context.Context, train, test []dataset.Example, runs int, shared float64) (*contested, error) {
	labels := labelsOf(train)
	c := &contested{both: make([]float64, len(test)), better: make([]float64, len(test))}
	for run := range runs {
		teachers := noisy(train, labels, uint64(run), shared)
		alone := make([][]float64, 2)
		rightLabels := 0.0
		for t := range teachers {
			made, err := label.Run(ctx, label.Job{Task: teachers[t].task, Inputs: unlabelledOf(train), Teachers: []label.Teacher{teachers[t].Teacher}})
			if err != nil {
				return nil, err
			}
			rightLabels = max(rightLabels, rightOf(made.Examples, train))
			if alone[t], err = taughtBy(ctx, made.Examples, labels, test); err != nil {
				return nil, err
			}
		}
		made, err := label.Run(ctx, label.Job{Task: teachers[0].task, Inputs: unlabelledOf(train), Voice: distill.Voice(labels, nil),
			Teachers: []label.Teacher{teachers[0].Teacher, teachers[1].Teacher}})
		if err != nil {
			return nil, err
		}
		both, err := taughtBy(ctx, made.Examples, labels, test)
		if err != nil {
			return nil, err
		}
		better := alone[0]
		if mean(alone[1]) > mean(better) {
			better = alone[1]
		}
		for i := range test {
			c.both[i] += both[i] / float64(runs)
			c.better[i] += better[i] / float64(runs)
		}
		c.labels[0] += rightLabels / float64(runs)
		c.labels[1] += rightOf(made.Examples, train) / float64(runs)
		fmt.Fprintf(os.Stderr, "run %d: students of one %.4f and %.4f, of both %.4f; right labels %.4f and %.4f\n",
			run, mean(alone[0]), mean(alone[1]), mean(both), rightLabels, rightOf(made.Examples, train))
	}
	return c, nil
}

// simulated is a teacher that answers from a table.
type simulated struct {
	label.Teacher
	task *task.Task
}

// How often a teacher is right at the labels that it knows well, and at the others.
const (
	strong = 0.95
	weak   = 0.60
)

// noisy returns two teachers; each knows one half of the labels well, and takes texts of another label for one of three
// labels that it mixes it up with, or in three of ten cases for any. On the shared part of the texts both draw the same lot,
// and mix up the same labels: where both are wrong they say the same.
func noisy(train []dataset.Example, labels []string, seed uint64, shared float64) []simulated {
	random := rand.New(rand.NewPCG(seed, 0x7ea))
	contract := &task.Task{Name: "noisy", Labels: labels}
	half := random.Perm(len(labels))
	common := make([][]int, len(labels))
	for k := range common {
		common[k] = random.Perm(len(labels))[:3]
	}
	out := make([]simulated, 2)
	for t := range out {
		confused := make([][]int, len(labels))
		for k := range confused {
			confused[k] = random.Perm(len(labels))[:3]
		}
		table := make(map[string]string, len(train))
		for i, e := range train {
			k := slices.Index(labels, e.Label)
			right := weak
			if (half[k] < len(labels)/2) == (t == 0) {
				right = strong
			}
			lots, mixed := random, confused
			if lot := rand.New(rand.NewPCG(seed, uint64(i))); lot.Float64() < shared {
				lots, mixed = lot, common
			}
			said := k
			if lots.Float64() > right {
				if said = lots.IntN(len(labels)); lots.Float64() < 0.7 {
					said = mixed[k][lots.IntN(3)]
				}
			}
			table[e.Text] = labels[said]
		}
		name := []string{"left", "right"}[t]
		answer := model.Func(func(_ context.Context, req *model.Request, emit func(model.Part) error) (*model.Response, error) {
			input, err := contract.Input(req)
			if err != nil {
				return nil, err
			}
			resp := model.Answer("simulated/"+name, table[input])
			return resp, resp.Emit(emit)
		})
		out[t] = simulated{label.Teacher{Name: name, Model: contract.Teacher(answer)}, contract}
	}
	return out
}

func unlabelledOf(examples []dataset.Example) []dataset.Example {
	out := slices.Clone(examples)
	for i := range out {
		out[i].Label = ""
	}
	return out
}

// rightOf returns the share of labels that are true.
func rightOf(made []label.Labelled, train []dataset.Example) float64 {
	truth := make(map[string]string, len(train))
	for _, e := range train {
		truth[e.Text] = e.Label
	}
	right := 0
	for i := range made {
		if truth[made[i].Text] == made[i].Label {
			right++
		}
	}
	return float64(right) / float64(len(made))
}

// taughtBy trains a student on labelled examples and says on which test texts it is right.
func taughtBy(ctx context.Context, made []label.Labelled, labels []string, test []dataset.Example) ([]float64, error) {
	taught := make([]student.Example, len(made))
	for i := range made {
		taught[i] = student.Example{Text: made[i].Text, Label: made[i].Label, Soft: made[i].Soft}
	}
	trained, err := student.Train(ctx, taught, student.Options{Labels: labels, Seed: 9, Folds: 2})
	if err != nil {
		return nil, err
	}
	right := make([]float64, len(test))
	for i, e := range test {
		if trained.Student.Predict(e.Text).Label == e.Label {
			right[i] = 1
		}
	}
	return right, nil
}

// bankingSplit returns Banking77's official split.
func bankingSplit() (train, test []dataset.Example, err error) {
	root, ok := shareddata.Root()
	if !ok {
		return nil, nil, errors.New("public data sets not found; set RETORT_DATA to the folder that holds banking77/ and clinc150/")
	}
	for name, part := range map[string]*[]dataset.Example{"train": &train, "test": &test} {
		set, err := dataset.ReadFile(filepath.Join(root, "banking77", name+".csv"), dataset.Columns{})
		if err != nil {
			return nil, nil, err
		}
		*part = set.Examples
	}
	return train, test, nil
}

// clincSplit returns CLINC150's official split without what is out of scope.
func clincSplit() (train, test []dataset.Example, err error) {
	_, rows, err := shareddata.ReadCSV("clinc150/data_full.csv")
	for _, row := range rows {
		switch e := (dataset.Example{Text: row[1], Label: row[2]}); row[0] {
		case "train":
			train = append(train, e)
		case "test":
			test = append(test, e)
		}
	}
	return train, test, err
}

func labelsOf(examples []dataset.Example) []string {
	var labels []string
	for _, e := range examples {
		labels = append(labels, e.Label)
	}
	slices.Sort(labels)
	return slices.Compact(labels)
}

func mean(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += v
	}
	return sum / float64(len(x))
}
