// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package student

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"sync"

	"golang.org/x/sync/errgroup"

	"retort/student/internal/linear"
	"retort/student/internal/text"
)

// Scorer predicts numbers about a text: a student without labels, made of one ridge regression per number over tf-idf of
// words, neighbouring words and characters, with 8-bit weights. What the numbers mean is its caller's business; package
// router makes expected quality of them. It is immutable and safe for concurrent use.
type Scorer struct {
	model   *model
	scratch *sync.Pool
}

// ScorerExample is a text with the numbers that should be predicted of it.
type ScorerExample struct {
	Text []string  // the pieces of the text; no n-gram reaches from one into the next
	Want []float32 // one per output, NaN where it is not known
}

// ScorerOptions are the options of [FitScorer].
type ScorerOptions struct {
	// Penalty says per output how much large weights cost against errors: about the variance of what cannot be predicted over that
	// of what a single text says. More means closer to the mean.
	Penalty []float32
	Seed    uint64
	Workers int // goroutines; 0: GOMAXPROCS. They change the time, not the result
	// MaxFeatures bounds the n-grams that are kept, and with them the size: about 20 bytes for each and one more for each output
	// above 10. The rarest are left out. 0 means 200,000.
	MaxFeatures int
}

// scorerPasses is after how many passes over the examples the weights have settled.
const scorerPasses = 10

// FitScorer learns a Scorer. It fails on no examples, on one whose number of outputs is not that of the penalties, on
// numbers that are infinite or beyond a million, and when ctx is done.
func FitScorer(ctx context.Context, examples []ScorerExample, opt ScorerOptions) (*Scorer, error) {
	mean, err := checkScorer(examples, opt.Penalty)
	if err != nil {
		return nil, err
	}
	if opt.Workers <= 0 {
		opt.Workers = runtime.GOMAXPROCS(0)
	}
	if opt.MaxFeatures <= 0 {
		opt.MaxFeatures = 200_000
	}
	counter := text.Counter{Plain: true}
	for _, e := range examples {
		counter.Add(e.Text...)
	}
	v := newVectoriser(common(&counter, opt.MaxFeatures), &counter)
	v.Plain = true
	data := &linear.Data{Features: v.Dictionary.Len() + 1, Rows: make([]linear.Row, len(examples)), Weight: make([]float32, len(examples))}
	fillRows(data.Rows, v, opt.Workers, func(i int) []string { return examples[i].Text })
	want := make([][]float32, len(examples))
	for i, e := range examples {
		data.Weight[i] = 1
		want[i] = make([]float32, len(mean))
		for c, y := range e.Want {
			want[i][c] = y - mean[c]
		}
	}
	w, err := linear.Ridge(ctx, data, want, linear.RidgeOptions{Penalty: opt.Penalty, Passes: scorerPasses, Seed: opt.Seed}, opt.Workers)
	if err != nil {
		return nil, fmt.Errorf("fit a scorer: %w", err)
	}
	outputs, stride := len(mean), linear.Padded(len(mean))
	for c := range mean {
		w[v.Dictionary.Len()*stride+c] += mean[c]
	}
	m := &model{vectoriser: v, seen: numbers(outputs)}
	m.build(matrix{w, outputs, stride}, matrix{})
	return newScorer(m), nil
}

// checkScorer returns the mean of each output.
func checkScorer(examples []ScorerExample, penalty []float32) ([]float32, error) {
	if len(examples) == 0 {
		return nil, fmt.Errorf("fit a scorer: no examples; give at least one text with its numbers")
	}
	for c, p := range penalty {
		if !(p > 0 && p <= largestFactor) {
			return nil, fmt.Errorf("fit a scorer: penalty %d is %v; want a number above 0 and at most %g", c, p, float64(largestFactor))
		}
	}
	if len(penalty) == 0 || len(penalty) > maxClasses {
		return nil, fmt.Errorf("fit a scorer: %d penalties; want one for each output, at most %d", len(penalty), maxClasses)
	}
	sum, known := make([]float64, len(penalty)), make([]float64, len(penalty))
	for i, e := range examples {
		if len(e.Want) != len(penalty) {
			return nil, fmt.Errorf("fit a scorer: example %d has %d numbers, want one for each of the %d penalties", i, len(e.Want), len(penalty))
		}
		for c, y := range e.Want {
			switch {
			case y != y:
				continue
			case math.Abs(float64(y)) > largestFactor:
				return nil, fmt.Errorf("fit a scorer: number %d of example %d is %v; want one between -1e6 and 1e6", c, i, y)
			}
			sum[c] += float64(y)
			known[c]++
		}
	}
	mean := make([]float32, len(sum))
	for c := range sum {
		mean[c] = float32(sum[c] / max(known[c], 1))
	}
	return mean, nil
}

// common returns the n-grams found in at least two texts, or in more where those are too many.
func common(counter *text.Counter, most int) []uint64 {
	least := 2
	if counter.Texts < 50 {
		least = 1
	}
	hashes := counter.Common(least)
	for len(hashes) > most {
		least++
		hashes = counter.Common(least)
	}
	return hashes
}

// fillRows turns texts into rows whose last feature is the bias, in parallel.
func fillRows(rows []linear.Row, v text.Vectoriser, workers int, pieces func(i int) []string) {
	bias := uint32(v.Dictionary.Len())
	var group errgroup.Group
	for part := range workers {
		group.Go(func() error {
			var scratch text.Scratch
			for i := part; i < len(rows); i += workers {
				v.Vector(&scratch, pieces(i)...)
				rows[i].Index = append(append(make([]uint32, 0, len(scratch.Index)+1), scratch.Index...), bias)
				rows[i].Value = append(append(make([]float32, 0, len(scratch.Value)+1), scratch.Value...), 1)
			}
			return nil
		})
	}
	group.Wait() // no part fails
}

func newScorer(m *model) *Scorer {
	return &Scorer{model: m, scratch: &sync.Pool{New: func() any { return new(modelScratch) }}}
}

// Outputs is the number of numbers.
func (s *Scorer) Outputs() int { return len(s.model.seen) }

// Score writes the numbers predicted of a text into dst, which has Outputs elements. Any text has numbers; of the pieces
// together the first 8,192 characters are read. It does not allocate once warm.
func (s *Scorer) Score(dst []float32, pieces ...string) {
	scratch := s.scratch.Get().(*modelScratch)
	m := s.model
	m.vectoriser.Vector(&scratch.text, pieces...)
	m.linear.apply(dst[:len(m.seen)], &scratch.layer, scratch.text.Index, scratch.text.Value)
	s.scratch.Put(scratch)
	runtime.KeepAlive(s)
}
