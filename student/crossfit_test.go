// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package student

import (
	"fmt"
	"math"
	"slices"
	"testing"
)

// held collects what is said of examples.
func held(said map[int][]float32) func(int, []float32) {
	return func(i int, p []float32) { said[i] = slices.Clone(p) }
}

func TestHeldSaysWhatOutOfFoldIsTheBestOf(t *testing.T) {
	var examples []Example
	for i := range 90 {
		examples = append(examples, Example{Text: fmt.Sprintf("word%d of kind%d and more", i, i%3), Label: string(rune('a' + i%3))})
	}
	trained, crossed := map[int][]float32{}, map[int][]float32{}
	opt := Options{Labels: []string{"a", "b", "c", "never"}, Seed: 4, Folds: 5}
	opt.Held = held(trained)
	training, err := Train(t.Context(), examples, opt)
	if err != nil {
		t.Fatal(err)
	}
	opt.Held = held(crossed)
	labels, err := CrossFit(t.Context(), examples, opt)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(labels, opt.Labels) {
		t.Errorf("labels %v, want %v", labels, opt.Labels)
	}
	for i, p := range training.OutOfFold {
		said := trained[i]
		if len(said) != 4 || said[3] != 0 {
			t.Fatalf("example %d: %v, want four probabilities, the last 0", i, said)
		}
		if !slices.Equal(said, crossed[i]) {
			t.Errorf("example %d: Train says %v and CrossFit %v", i, said, crossed[i])
		}
		if best := said[p.Class]; math.Abs(float64(best)-p.Score) > 1e-5 || best != slices.Max(said) {
			t.Errorf("example %d: %v, want the best to be class %d with %.4f", i, said, p.Class, p.Score)
		}
	}
}

func TestCrossFitOfOneTextSaysNothing(t *testing.T) {
	said := map[int][]float32{}
	if _, err := CrossFit(t.Context(), []Example{{Text: "hi", Label: "a"}, {Text: "hi", Label: "b"}}, Options{Held: held(said)}); err != nil {
		t.Fatal(err)
	}
	if len(said) != 0 {
		t.Errorf("said %v of a text that every model saw", said)
	}
	if _, err := CrossFit(t.Context(), nil, Options{}); err == nil {
		t.Error("no examples are no error")
	}
}
