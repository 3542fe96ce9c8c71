// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package linear

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestRidgeIsAtTheMinimum checks that the derivative of each output's objective is zero where Ridge ends: the errors of the known
// values, summed up by feature, equal the penalty times the weights.
func TestRidgeIsAtTheMinimum(t *testing.T) {
	data := scattered(120, 30, 4, 1)
	random := rand.New(rand.NewPCG(3, 4))
	penalty := []float32{0.5, 3, 30, 3}
	want := make([][]float32, len(data.Rows))
	for i := range want {
		y := random.Float32() - 0.5
		want[i] = []float32{y, y, y, float32(data.Class[i])}
		if i%3 == 0 {
			want[i][1] = float32(math.NaN())
		}
	}
	opt := RidgeOptions{Penalty: penalty, Passes: 200, Seed: 1}
	w, err := Ridge(context.Background(), data, want, opt, 1)
	if err != nil {
		t.Fatal(err)
	}
	stride := Padded(len(penalty))
	for c, p := range penalty {
		slope := make([]float64, data.Features)
		for i, row := range data.Rows {
			if y := float64(want[i][c]); y == y {
				for k, f := range row.Index {
					slope[f] += float64(data.Weight[i]) * float64(row.Value[k]) * (y - product(w, row, stride, c))
				}
			}
		}
		for f, s := range slope {
			if d := s - float64(p)*float64(w[f*stride+c]); math.Abs(d) > 1e-3 {
				t.Fatalf("output %d, feature %d: the derivative is %v", c, f, d)
			}
		}
	}
	again, err := Ridge(context.Background(), data, want, opt, 3)
	if err != nil || !slices.Equal(w, again) {
		t.Errorf("with three goroutines the weights differ (%v)", err)
	}
}
