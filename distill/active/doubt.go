// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package active

import (
	"context"

	"retort/dataset"
	"retort/student"
	"retort/task"
)

// doubt says how unsure a student is of its answer to a text, in [0, 1]. It is used by one goroutine.
type doubt func(text string) float64

// folds are as few as there can be: the student that picks is calibrated only so that its members are weighed.
const folds = 2

// learn trains the student that picks.
func learn(ctx context.Context, t *task.Task, examples []dataset.Example, seed uint64) (doubt, error) {
	if t.Object != nil {
		return learnObjects(ctx, t, examples, seed)
	}
	taught := make([]student.Example, len(examples))
	for i := range examples {
		taught[i] = student.Example{Text: examples[i].Text, Label: examples[i].Label}
	}
	training, err := student.Train(ctx, taught, student.Options{Task: t.Name, Labels: t.Labels, Seed: seed, Folds: folds})
	if err != nil {
		return nil, err
	}
	var p []float64
	return func(text string) float64 {
		p = training.Student.Distribution(p, text)
		return 1 - margin(p)
	}, nil
}

// margin is how much more probable the most probable label is than the next.
func margin(p []float64) float64 {
	var best, second float64
	for _, x := range p {
		if x > best {
			best, second = x, best
		} else if x > second {
			second = x
		}
	}
	return best - second
}

func learnObjects(ctx context.Context, t *task.Task, examples []dataset.Example, seed uint64) (doubt, error) {
	schema, err := student.ParseSchema(t.Object.Schema)
	if err != nil {
		return nil, err
	}
	taught := make([]student.ObjectExample, len(examples))
	for i := range examples {
		taught[i] = student.ObjectExample{Text: examples[i].Text, Object: []byte(examples[i].Label)}
	}
	training, err := student.TrainExtractor(ctx, *schema, taught, student.ExtractorOptions{Task: t.Name, Seed: seed, Folds: folds})
	if err != nil {
		return nil, err
	}
	return func(text string) float64 {
		_, score := training.Extractor.Answer(text)
		return 1 - score
	}, nil
}
