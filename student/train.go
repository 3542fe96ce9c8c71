// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package student

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"retort/student/internal/linear"
)

// Effort says how much training and answering may cost.
type Effort string

const (
	// Standard trains in seconds and answers in microseconds. It is the default.
	Standard Effort = "standard"
	// High adds a neural encoder: minutes and up to a third of a millisecond.
	High Effort = "high"
)

// Options of [Train]. The zero value is usable.
type Options struct {
	Task string
	// Labels are the contract: the labels that may occur, in the order of Distribution. Empty: those found, sorted. A
	// label that no example has is never predicted and has probability 0; the card lists it.
	Labels  []string
	Effort  Effort
	Seed    uint64
	Workers int // goroutines; 0: GOMAXPROCS. They change the time, not the result
	// Folds of the cross-fit that calibrates; 0 means 5, or 10 below 3,000 examples. At least 2.
	Folds int
	// MaxBytes bounds the student's file by leaving out the least useful n-grams. 0 means 2.4 bytes per example
	// and label, but between 1.98 and 16 million. What effort High adds comes on top.
	MaxBytes int64
	Outside
	// Progress, where set, is told how far the stages "cross-fit" and "fit" are. It may be called from several
	// goroutines, one call at a time per stage is not promised.
	Progress func(stage string, done, total int)
	// Held, where set, is told what OutOfFold is the best of: for each example in turn, the calibrated probability of each
	// label, in the order of Labels. The slice is only valid during the call; examples without a model are left out.
	Held func(example int, probabilities []float32)
}

// Training is what [Train] returns.
type Training struct {
	Student *Student
	// OutOfFold has one prediction per example, by a model that saw neither the example nor its text, calibrated as the
	// student is. Where no such model could be trained (fewer than two distinct texts), and for Hard examples, Class is -1
	// and Score 0.
	OutOfFold []Prediction
	// Seconds is how long the student itself took to train, CrossFitSeconds the models of OutOfFold.
	Seconds, CrossFitSeconds float64
}

// Train learns a student from examples. It fails on an empty list, on a label outside opt.Labels and on an impossible
// weight or probability, naming the example; and when ctx is done.
func Train(ctx context.Context, examples []Example, opt Options) (*Training, error) {
	s, features, err := opt.prepare(examples)
	if err != nil {
		return nil, err
	}
	start := time.Now()
	answers, fold, err := crossFit(ctx, s, features, opt, nil)
	if err != nil {
		return nil, err
	}
	middle := time.Now()
	m, err := fitModel(ctx, s, newRecipe(opt.Effort, opt.Seed, len(s.texts), features), opt.Workers)
	if err != nil {
		return nil, fmt.Errorf("train a student: %w", err)
	}
	opt.progress("fit", 1, 1)
	end := time.Now()

	heat := fitHeat(answers, m.members())
	s.tell(answers, heat, opt.Held)
	card := Card{
		Format: FormatVersion, Task: opt.Task, Labels: s.labels, Examples: len(examples), DataHash: HashExamples(examples),
		Training: TrainingConfig{
			Seed: opt.Seed, Effort: opt.Effort, Folds: max(1, slices.Max(fold)+1), Features: m.features(), Unseen: unseen(s),
			Settings: newRecipe(opt.Effort, opt.Seed, len(s.texts), features).settings(),
		},
	}
	t := &Training{
		Student:         newStudent(card, m, heat),
		OutOfFold:       make([]Prediction, len(answers)),
		Seconds:         end.Sub(middle).Seconds(),
		CrossFitSeconds: middle.Sub(start).Seconds(),
	}
	right, fair := 0, 0
	familiar := make([]float64, len(answers))
	var texts []string // those that siblings answered
	var known []float64
	for i, a := range answers {
		t.OutOfFold[i], familiar[i] = predict(a.scores, a.seen, heat, s.labels)
		if len(a.seen) > 1 {
			texts, known = append(texts, s.texts[i]), append(known, familiar[i])
		}
		if !s.hard[i] {
			fair++
		}
		if t.OutOfFold[i].Class == int(a.class) {
			right++
		}
	}
	if t.Student.card.Novelty, err = opt.fit(texts, known, t.Student.familiar); err != nil {
		return nil, err
	}
	for i := range t.OutOfFold {
		t.OutOfFold[i].Novel = len(answers[i].seen) > 1 && t.Student.card.Novelty.finds(familiar[i])
	}
	t.Student.card.Metrics = map[string]float64{"cross_fit_accuracy": float64(right) / float64(max(fair, 1))}
	return t, nil
}

// prepare completes the options and returns the sample of the examples, with how many features may be learned from it.
func (opt *Options) prepare(examples []Example) (s *sample, features int, err error) {
	if s, err = newSample(examples, opt.Labels); err != nil {
		return nil, 0, err
	}
	if err = opt.complete(len(examples)); err != nil {
		return nil, 0, err
	}
	if features, err = featureBudget(opt.MaxBytes, s); err != nil {
		return nil, 0, err
	}
	return s, features, nil
}

func (opt *Options) complete(n int) error {
	switch opt.Effort {
	case "":
		opt.Effort = Standard
	case Standard, High:
	default:
		return fmt.Errorf("train a student: effort %q; want %q or %q", opt.Effort, Standard, High)
	}
	switch {
	case opt.Folds == 0 && n < 3000:
		opt.Folds = 10
	case opt.Folds == 0:
		opt.Folds = 5
	case opt.Folds < 2:
		return fmt.Errorf("train a student: %d folds; want at least 2, or 0 for the default", opt.Folds)
	}
	if opt.Workers <= 0 {
		opt.Workers = runtime.GOMAXPROCS(0)
	}
	return nil
}

func (opt *Options) progress(stage string, done, total int) {
	if opt.Progress != nil {
		opt.Progress(stage, done, total)
	}
}

// featureBudget returns how many n-grams to keep, so that the file without an encoder has at most the given bytes.
func featureBudget(bytes int64, s *sample) (int, error) {
	classes, examples := int64(len(s.seen())), int64(len(s.texts))
	if bytes == 0 {
		bytes = max(1_980_000, min(12*classes*examples/5, 16_000_000))
	}
	fixed := int64(4096 + 4*hiddenUnits*linear.Padded(int(classes)))
	for _, label := range s.labels {
		fixed += int64(2*len(label) + 32) // each may be listed twice in the card
	}
	// The dictionary takes 4 bytes an n-gram and up to 4 for its bucket.
	each := int64(rowBytes(int(classes), hiddenUnits)) + 8
	features := (bytes - fixed) / each
	if least := int64(64); features < least {
		return 0, fmt.Errorf("train a student: %d bytes are too few for %d labels; allow at least %d", bytes, len(s.labels), fixed+least*each)
	}
	return int(min(features, 1<<20)), nil
}

func unseen(s *sample) []string {
	seen := make(map[int32]bool)
	for _, c := range s.class {
		seen[c] = true
	}
	var names []string
	for i, label := range s.labels {
		if !seen[int32(i)] {
			names = append(names, label)
		}
	}
	return names
}

// crossFit scores every example by a model trained without its fold, several folds at a time, and returns the fold of each,
// -1 for none. keep, which may be nil, gets the models.
func crossFit(ctx context.Context, s *sample, features int, opt Options, keep func(fold int, m *model)) ([]scored, []int, error) {
	fold, folds := assignFolds(s, opt.Folds, opt.Seed)
	answers := make([]scored, len(s.texts))
	for i := range answers {
		answers[i] = scored{class: s.class[i], weight: s.weight[i]}
	}
	if folds == 1 {
		return answers, fold, nil
	}
	var done atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	// Each fold holds its own matrices; more than four at a time would cost memory for little.
	group.SetLimit(min(opt.Workers, 4))
	for f := range folds {
		group.Go(func() error {
			m, err := answerFold(ctx, s, fold, f, features, opt, answers)
			if err != nil {
				return fmt.Errorf("train a student: fold %d: %w", f, err)
			}
			if keep != nil {
				keep(f, m)
			}
			opt.progress("cross-fit", int(done.Add(1)), folds)
			return nil
		})
	}
	return answers, fold, group.Wait()
}

// answerFold fills the answers of the examples of fold f, and returns the model that gave them.
func answerFold(ctx context.Context, s *sample, fold []int, f, features int, opt Options, answers []scored) (*model, error) {
	var rest, held []int
	for i := range fold {
		switch {
		case fold[i] != f:
			rest = append(rest, i)
		case !s.hard[i]:
			held = append(held, i)
		}
	}
	m, err := fitModel(ctx, s.part(rest), newRecipe(opt.Effort, opt.Seed, len(s.texts), features), max(1, opt.Workers/4))
	if err != nil {
		return nil, err
	}
	var scratch modelScratch
	for _, i := range held {
		answers[i].scores = make([]float32, m.members()*len(m.seen))
		answers[i].seen = m.seen
		m.scores(answers[i].scores, &scratch, s.texts[i])
	}
	return m, nil
}
