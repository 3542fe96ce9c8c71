// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package student

import (
	"context"
	"slices"

	"golang.org/x/sync/errgroup"

	"retort/student/internal/encoder"
	"retort/student/internal/linear"
	"retort/student/internal/text"
)

// hiddenUnits is the width of the network.
const hiddenUnits = 32

// fewExamples is the number below which an n-gram found in one text only is considered too. With more examples these are
// many, take memory, and add little.
const fewExamples = 1000

// recipe has the hyper-parameters of one fit.
type recipe struct {
	rarest   int // texts that an n-gram must occur in to be considered
	features int // n-grams kept
	effort   Effort
	choose   linear.SVMOptions
	fit      linear.FitOptions
}

// newRecipe is the recipe for a number of examples and a budget of n-grams.
func newRecipe(effort Effort, seed uint64, examples, features int) recipe {
	rarest := 2
	if examples < fewExamples {
		rarest = 1
	}
	return recipe{
		rarest:   rarest,
		features: features,
		effort:   effort,
		choose:   linear.SVMOptions{C: 1, Passes: 6, Seed: seed},
		fit: linear.FitOptions{
			SVM:     linear.SVMOptions{C: 1, Passes: 10, Seed: seed + 1},
			Softmax: linear.SoftmaxOptions{Rate: 1, Passes: 10, Seed: seed + 2},
			Network: linear.NetworkOptions{Hidden: hiddenUnits, Rate: 0.12, Passes: 20, Drop: 0.2, Seed: seed + 3},
			Blend:   0.3,
		},
	}
}

// settings names the recipe's numbers for the card.
func (r recipe) settings() map[string]float64 {
	return map[string]float64{
		"rarest":       float64(r.rarest),
		"svm_c":        float64(r.fit.SVM.C),
		"svm_passes":   float64(r.fit.SVM.Passes),
		"softmax_rate": float64(r.fit.Softmax.Rate),
		"softmax_pass": float64(r.fit.Softmax.Passes),
		"hidden":       float64(r.fit.Network.Hidden),
		"network_rate": float64(r.fit.Network.Rate),
		"network_pass": float64(r.fit.Network.Passes),
		"network_drop": float64(r.fit.Network.Drop),
		"blend":        float64(r.fit.Blend),
		"chars_min":    text.MinChars,
		"chars_max":    text.MaxChars,
		"stem":         text.Stem,
		"reach":        text.Reach,
	}
}

// fitModel trains the members on s. The classes that occur in s are its outputs.
func fitModel(ctx context.Context, s *sample, r recipe, workers int) (*model, error) {
	seen := s.seen()
	if len(seen) == 1 {
		return newConstant(seen), nil
	}
	var counter text.Counter
	for _, t := range s.texts {
		counter.Add(t)
	}
	hashes := counter.Common(r.rarest)
	vectoriser := newVectoriser(hashes, &counter)
	data := s.vectors(vectoriser, seen, workers)
	if len(hashes) > r.features {
		w, err := linear.Machines(ctx, data, r.choose, workers)
		if err != nil {
			return nil, err
		}
		best := linear.Best(w, data, len(hashes), r.features)
		kept := make([]uint64, len(best))
		for i, f := range best {
			kept[i] = hashes[f]
		}
		vectoriser = newVectoriser(kept, &counter)
		data = s.vectors(vectoriser, seen, workers)
	}
	m := &model{vectoriser: vectoriser, seen: seen}
	group, ctx := errgroup.WithContext(ctx)
	if r.effort == High {
		group.Go(func() (err error) {
			m.encoder, err = fitEncoder(ctx, s, seen, r.fit.Network.Seed+1, workers)
			return err
		})
	}
	group.Go(func() error {
		r.fit.Workers = workers
		return m.fitLayers(ctx, data, s.target(seen), r.fit)
	})
	return m, group.Wait()
}

// fitLayers trains the linear classifier and the network, and rounds them.
func (m *model) fitLayers(ctx context.Context, data *linear.Data, target linear.Target, opt linear.FitOptions) error {
	w, network, err := linear.Fit(ctx, data, target, opt)
	if err != nil {
		return err
	}
	center(w, data.Classes)
	linearPart := matrix{w, data.Classes, linear.Padded(data.Classes)}
	hiddenPart := matrix{network.Inner, opt.Network.Hidden, opt.Network.Hidden}
	m.build(linearPart, hiddenPart)
	m.outer = network.Outer
	return nil
}

func fitEncoder(ctx context.Context, s *sample, seen []int32, seed uint64, workers int) (*encoder.Model, error) {
	target := s.target(seen)
	wanted := make([][]float32, len(s.texts))
	for i := range wanted {
		wanted[i] = make([]float32, len(seen))
		target(wanted[i], i)
	}
	return encoder.Fit(ctx, s.texts, wanted, s.weight, len(seen), encoder.Options{Seed: seed, Workers: workers})
}

// newVectoriser sorts hashes and weighs them by their counts.
func newVectoriser(hashes []uint64, counter *text.Counter) text.Vectoriser {
	v := text.Vectoriser{Dictionary: text.NewDictionary(hashes), Rarity: make([]uint16, len(hashes)), Step: 1}
	for i, h := range hashes {
		v.Rarity[i] = text.Rarity(counter.Count(h), counter.Texts)
	}
	return v
}

// seen returns the classes that some example has, ascending.
func (s *sample) seen() []int32 {
	classes := slices.Clone(s.class)
	slices.Sort(classes)
	return slices.Compact(classes)
}

// vectors returns the texts as rows whose last feature is the bias, in parallel.
func (s *sample) vectors(v text.Vectoriser, seen []int32, workers int) *linear.Data {
	bias := uint32(v.Dictionary.Len())
	data := &linear.Data{
		Rows: make([]linear.Row, len(s.texts)), Class: make([]int32, len(s.texts)), Weight: s.weight,
		Features: int(bias) + 1, Classes: len(seen),
	}
	for i, class := range s.class {
		at, _ := slices.BinarySearch(seen, class)
		data.Class[i] = int32(at)
	}
	fillRows(data.Rows, v, workers, func(i int) []string { return s.texts[i : i+1] })
	return data
}

// target returns the distribution that the logistic regression learns: the teacher's where it gave one, restricted to
// the classes seen, else all of it on the label.
func (s *sample) target(seen []int32) linear.Target {
	return func(dst []float32, i int) {
		clear(dst)
		var sum float32
		for _, share := range s.soft[i] {
			if at, ok := slices.BinarySearch(seen, share.class); ok {
				dst[at] = share.part
				sum += share.part
			}
		}
		if sum == 0 {
			at, _ := slices.BinarySearch(seen, s.class[i])
			dst[at] = 1
			return
		}
		for c := range dst {
			dst[c] /= sum
		}
	}
}
