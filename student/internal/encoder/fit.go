// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package encoder

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
)

// Options of [Fit]. The zero value is ready to use.
type Options struct {
	Seed    uint64
	Workers int // networks trained at once; 0 is GOMAXPROCS. It does not change the result
	Epochs  int // passes over the examples; 0 is a number that suits how many there are
	Members int // networks that are averaged, at most 64; 0 is four

	// Progress, where not nil, is told of every pass that is done, by one goroutine at a time.
	Progress func(done, total int)
}

func defaultRecipe() recipe {
	return recipe{members: 4, dim: 128, filters: 128, widths: []int{1, 2, 3}, maxWords: 1 << 14, maxGrams: 3 << 10,
		batch: 32, rate: 2e-3, dropout: 0.5, drop: 0.05, hide: 0.1, smooth: 0.05, adversary: 0.1}
}

// passes is the number of epochs for n examples: few examples bear more of them, and many need fewer.
func passes(n int) int { return min(60, max(6, 250_000/max(1, n))) }

// Fit trains a model on texts. target[i] is the distribution over classes that the model shall give texts[i]; a hard
// label is 1 for its class and 0 elsewhere. weights says how much each example counts, nil that all count the same.
// Only the first tokens of a text are read, and a text without any is one that has no words.
//
// The same arguments give the same model, whatever Workers is. The error is ctx's own when ctx ends, else it names the
// example that is not in order.
func Fit(ctx context.Context, texts []string, target [][]float32, weights []float32, classes int, o Options) (*Model, error) {
	r := defaultRecipe()
	r.epochs = o.Epochs
	if r.epochs <= 0 {
		r.epochs = passes(len(texts))
	}
	if o.Members > 0 {
		r.members = min(o.Members, maxMembers)
	}
	return fit(ctx, texts, target, weights, classes, r, o)
}

func fit(ctx context.Context, texts []string, target [][]float32, weights []float32, classes int, r recipe, o Options) (*Model, error) {
	if err := check(texts, target, weights, classes); err != nil {
		return nil, fmt.Errorf("fit encoder: %w", err)
	}
	m := &Model{vocabulary: buildVocabulary(texts, r.maxWords, r.maxGrams), networks: make([]*network, r.members)}
	if classes == 1 {
		r.epochs = 0 // nothing to tell apart
	}
	encoded := make([]tokens, len(texts))
	var z tokenizer
	for i, text := range texts {
		m.vocabulary.encode(&encoded[i], &z, text)
	}
	tick := ticker(o.Progress, r.members*r.epochs)
	err := parallel(o.Workers, r.members, func(i int) error {
		rng := rand.New(rand.NewPCG(o.Seed, uint64(i)))
		n := newNetwork(shape{words: len(m.vocabulary.words) + 1, grams: len(m.vocabulary.grams),
			dim: r.dim, widths: r.widths, filters: r.filters, classes: classes})
		n.randomize(rng)
		m.networks[i] = n
		err := newTrainer(n, r, rng).run(ctx, encoded, target, relative(weights, len(texts)), tick)
		n.quantize()
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("fit encoder: %w", err)
	}
	return m, nil
}

// check returns what is wrong with the arguments of Fit.
func check(texts []string, target [][]float32, weights []float32, classes int) error {
	switch {
	case len(texts) == 0:
		return errors.New("no examples")
	case len(target) != len(texts):
		return fmt.Errorf("%d texts but %d targets", len(texts), len(target))
	case weights != nil && len(weights) != len(texts):
		return fmt.Errorf("%d texts but %d weights", len(texts), len(weights))
	case classes < 1 || classes > maxClasses:
		return fmt.Errorf("%d classes, want 1 to %d", classes, maxClasses)
	}
	for i, row := range target {
		if len(row) != classes {
			return fmt.Errorf("example %d: target over %d classes, want %d", i, len(row), classes)
		}
		if sum, ok := total(row); !ok || math.Abs(sum-1) > 1e-3 {
			return fmt.Errorf("example %d: target %v is no distribution", i, row)
		}
	}
	if sum, ok := total(weights); weights != nil && (!ok || sum == 0) {
		return errors.New("weights are not all finite and 0 or more, with one above 0")
	}
	return nil
}

// total returns the sum of s and whether all of it is finite and at least 0.
func total(s []float32) (sum float64, ok bool) {
	for _, v := range s {
		if !(v >= 0 && v <= math.MaxFloat32) {
			return 0, false
		}
		sum += float64(v)
	}
	return sum, true
}

// relative returns n weights whose mean is 1.
func relative(weights []float32, n int) []float32 {
	sum, _ := total(weights)
	out := make([]float32, n)
	for i := range out {
		out[i] = 1
		if weights != nil {
			out[i] = float32(float64(weights[i]) / sum * float64(n))
		}
	}
	return out
}

// ticker returns a function that counts its calls and passes the count on to progress.
func ticker(progress func(done, total int), total int) func() {
	if progress == nil {
		return func() {}
	}
	var mu sync.Mutex
	done := 0
	return func() {
		mu.Lock()
		defer mu.Unlock()
		done++
		progress(done, total)
	}
}

// parallel calls work(0) to work(n-1) from at most workers goroutines, waits for all, and returns the error of the
// lowest number that failed.
func parallel(workers, n int, work func(i int) error) error {
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	errs := make([]error, n)
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(workers, n) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				errs[i] = work(i)
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
