// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package router

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// Options of [Train]. The zero value is usable.
type Options struct {
	// Models are those to choose among, in the order of Models and Estimate. Outcomes of others do not count. Empty: all that
	// some record has, sorted.
	Models  []string
	Seed    uint64
	Workers int // goroutines; 0: GOMAXPROCS. They change the time, not the result
	Folds   int // of the cross-fit; 0 means 5. At least 2
	// Progress, where set, is told how far the stages "cross-fit", "grow" and "fit" are. It may be called from several goroutines.
	Progress func(stage string, done, total int)
}

// Training is what [Train] returns.
type Training struct {
	Router *Router
	// OutOfFold has for each record an estimate per model, by a sibling of the router that saw neither the record nor its text. Policies
	// are calibrated on it.
	OutOfFold [][]Estimate
	// Unknown are models that no record has an outcome of: they are taken to be as good as the average of the others on any
	// request, and to cost nothing.
	Unknown []string
	Members []Member // what the router is made of
	Domains []Domain // the records' domains with the models' rates, sorted by name
	Seconds float64  // that training took
}

// Member is one of the predictors that a router adds up.
type Member struct {
	Name    string  // "words", "domains", "shape" or "trees"
	Of      string  // what it predicts: "shared", "own" or "cost"
	Penalty float64 // of its weights, chosen by cross-fitting; trees have none
	Weight  float64 // by which it counts
}

// Train learns a router from records. It fails when there are none with outcomes, on a quality or cost that is impossible,
// naming the record; and when ctx is done. The same records, options and seed give the same router.
func Train(ctx context.Context, records []Record, opt Options) (*Training, error) {
	start := time.Now()
	switch {
	case opt.Folds == 0:
		opt.Folds = 5
	case opt.Folds < 2:
		return nil, fmt.Errorf("train a router: %d folds; want at least 2, or 0 for the default", opt.Folds)
	}
	if opt.Workers <= 0 {
		opt.Workers = runtime.GOMAXPROCS(0)
	}
	s, err := newSample(records, opt.Models)
	if err != nil {
		return nil, fmt.Errorf("train a router: %w", err)
	}
	t := &Training{Unknown: s.unknown(), Domains: s.report()}
	if err := t.fit(ctx, s, opt); err != nil {
		return nil, fmt.Errorf("train a router: %w", err)
	}
	t.Seconds = time.Since(start).Seconds()
	return t, nil
}

// fewTexts is the number of different texts below which nothing can be learned from them: the router then gives every request the
// models' average.
const fewTexts = 20

func (t *Training) fit(ctx context.Context, s *sample, opt Options) error {
	fold, texts := s.folds(opt.Folds, opt.Seed)
	if texts < fewTexts {
		f := s.averages(nil)
		t.Router = newRouter(s, f, settings{})
		for range s.quality {
			t.OutOfFold = append(t.OutOfFold, f.estimates(s, nil))
		}
		return nil
	}
	held, err := crossFit(ctx, s, fold, opt)
	if err != nil {
		return err
	}
	s.wooded = texts >= leastTrees
	set, err := held.tune(ctx, s, opt)
	if err != nil {
		return err
	}
	t.OutOfFold = held.estimates(s, set)
	f, err := fit(ctx, s, nil, set.penalties(), opt.Seed, opt.Workers)
	if err != nil {
		return err
	}
	opt.progress("fit", 1, 1)
	t.Router = newRouter(s, f, set)
	if s.wooded {
		t.Router.plant(s, f, held, &set)
	}
	t.Members = set.members(s)
	return nil
}

func (opt *Options) progress(stage string, done, total int) {
	if opt.Progress != nil {
		opt.Progress(stage, done, total)
	}
}

// folds gives each record the fold in which it is held out, and returns the number of different texts. Records with the
// same text share a fold.
func (s *sample) folds(wanted int, seed uint64) (fold []int, texts int) {
	number := map[[3]string]int{}
	group := make([]int, len(s.pieces))
	for i, p := range s.pieces {
		if _, ok := number[p]; !ok {
			number[p] = len(number)
		}
		group[i] = number[p]
	}
	order := rand.New(rand.NewPCG(seed, 0x726f757465)).Perm(len(number))
	for i, g := range group {
		group[i] = order[g] % wanted
	}
	return group, len(number)
}

// heldOut is what models that had not seen a record say about it.
type heldOut struct {
	fold  []int
	fits  []*fitted   // by fold
	tried [][]float64 // by record: what every member says with every penalty, see fitted.predict
	trees *trees      // grown on all records; nil: none
}

// crossFit has every record judged by models trained without its fold, several folds at a time.
func crossFit(ctx context.Context, s *sample, fold []int, opt Options) (*heldOut, error) {
	h := &heldOut{fold: fold, fits: make([]*fitted, opt.Folds), tried: make([][]float64, len(fold))}
	var done atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(min(opt.Workers, 4)) // each fold holds its own matrices
	for f := range opt.Folds {
		group.Go(func() error {
			var rest []int
			for i := range fold {
				if fold[i] != f {
					rest = append(rest, i)
				}
			}
			var err error
			if h.fits[f], err = fit(ctx, s, rest, grid(), opt.Seed, max(1, opt.Workers/4)); err != nil {
				return fmt.Errorf("fold %d: %w", f, err)
			}
			for i := range fold {
				if fold[i] == f {
					h.tried[i] = h.fits[f].predict(s, i)
				}
			}
			h.fits[f].scorer = nil // it has done its work, and is large
			opt.progress("cross-fit", int(done.Add(1)), opt.Folds)
			return nil
		})
	}
	return h, group.Wait()
}
