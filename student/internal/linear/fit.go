// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package linear trains linear classifiers over sparse vectors: one-vs-rest support vector machines, multinomial
// logistic regression, their average in one matrix, and a small perceptron beside them. Results are the same bits for a seed, whatever the number of
// goroutines and whatever the machine.
package linear

import (
	"cmp"
	"context"
	"math"
	"slices"

	"golang.org/x/sync/errgroup"
)

// FitOptions are the hyper-parameters of [Fit].
type FitOptions struct {
	SVM     SVMOptions
	Softmax SoftmaxOptions
	Network NetworkOptions
	Blend   float32 // size of the logistic regression's matrix in the sum, relative to the machines'
	Workers int     // at least 1
}

// Fit returns the sum of the two linear classifiers' matrices, Features rows of stride Padded(Classes), and the network.
func Fit(ctx context.Context, data *Data, target Target, opt FitOptions) ([]float32, *Network, error) {
	machines := make([]float32, data.Features*Padded(data.Classes))
	regression := make([]float32, len(machines))
	var network *Network
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(opt.Workers)
	group.Go(func() (err error) {
		network, err = FitNetwork(ctx, data, target, opt.Network)
		return err
	})
	group.Go(func() error { return Softmax(ctx, regression, data, target, opt.Softmax) })
	for _, r := range ranges(Padded(data.Classes), opt.Workers) {
		group.Go(func() error { return SVM(ctx, machines, data, r[0], r[1], opt.SVM) })
	}
	if err := group.Wait(); err != nil {
		return nil, nil, err
	}
	add(machines, regression, opt.Blend*float32(math.Sqrt(square(machines)/max(square(regression), 1e-30))))
	return machines, network, nil
}

// Machines returns the matrix of the support vector machines alone.
func Machines(ctx context.Context, data *Data, opt SVMOptions, workers int) ([]float32, error) {
	w := make([]float32, data.Features*Padded(data.Classes))
	group, ctx := errgroup.WithContext(ctx)
	for _, r := range ranges(Padded(data.Classes), workers) {
		group.Go(func() error { return SVM(ctx, w, data, r[0], r[1], opt) })
	}
	return w, group.Wait()
}

// ranges splits stride lanes into up to parts ranges of whole vectors.
func ranges(stride, parts int) [][2]int {
	vectors := stride / Lanes
	parts = min(max(parts, 1), vectors)
	out := make([][2]int, parts)
	for p := range parts {
		out[p] = [2]int{vectors * p / parts * Lanes, vectors * (p + 1) / parts * Lanes}
	}
	return out
}

func add(dst, src []float32, factor float32) {
	for i, x := range src {
		dst[i] += float32(factor * x)
	}
}

func square(w []float32) float64 {
	var sum float64
	for _, x := range w {
		sum += float64(x * x)
	}
	return sum
}

// Best returns, ascending, the keep features that move the scores most apart: by the variance of their weights over the
// classes times the sum of the squares of their values. w is a matrix for data as [Machines] returns it.
func Best(w []float32, data *Data, features, keep int) []uint32 {
	gain := make([]float64, data.Features)
	for _, row := range data.Rows {
		for k, f := range row.Index {
			gain[f] += float64(row.Value[k] * row.Value[k])
		}
	}
	stride := Padded(data.Classes)
	for f := range gain {
		gain[f] *= variance(w[f*stride:][:data.Classes])
	}
	order := ascending(features)
	slices.SortStableFunc(order, func(a, b uint32) int { return cmp.Compare(gain[b], gain[a]) })
	best := order[:min(keep, features)]
	slices.Sort(best)
	return best
}

func variance(w []float32) float64 {
	var sum, squares float64
	for _, x := range w {
		sum += float64(x)
		squares += float64(x * x)
	}
	n := float64(len(w))
	return squares - sum*sum/n
}
