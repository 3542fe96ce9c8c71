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
	siblings, err := CrossFit(t.Context(), examples, opt)
	if err != nil {
		t.Fatal(err)
	}
	if labels := siblings.Labels(); !slices.Equal(labels, opt.Labels) {
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

func TestSiblingsAnswerOtherTexts(t *testing.T) {
	var examples []Example
	for i := range 60 {
		label := []string{"card", "cash"}[i%2]
		examples = append(examples, Example{Text: fmt.Sprintf("my %s is gone, case %d", label, i), Label: label})
	}
	crossed := map[int][]float32{}
	siblings, err := CrossFit(t.Context(), examples, Options{Labels: []string{"card", "cash", "never"}, Folds: 3, Held: held(crossed)})
	if err != nil {
		t.Fatal(err)
	}
	var p []float64
	for i, e := range examples {
		p = siblings.Distribution(p, e.Text)
		for c := range p {
			if math.Abs(p[c]-float64(crossed[i][c])) > 1e-5 {
				t.Fatalf("example %d: %v, want %v of the sibling that did not see it", i, p, crossed[i])
			}
		}
	}
	for text, want := range map[string]int{"where is the cash": 1, "a card was lost": 0} {
		if p = siblings.Distribution(p, text); len(p) != 3 || p[want] < 0.6 || p[2] != 0 {
			t.Errorf("%q: %v, want class %d", text, p, want)
		}
	}
	alone, err := CrossFit(t.Context(), []Example{{Text: "hi", Label: "a"}, {Text: "hi", Label: "b"}}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if p = alone.Distribution(p, "hi"); len(p) != 2 || p[0] != 0 || p[1] != 0 {
		t.Errorf("no model says %v", p)
	}
}
