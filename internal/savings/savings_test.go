// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package savings

import (
	"math"
	"math/rand/v2"
	"testing"
)

func sumOf(amounts []float64) (s Sum) {
	for _, x := range amounts {
		s.Add(Sum{1, x, x * x})
	}
	return s
}

// The interval has the true total as often as it says, whatever there is more of: what is known or what is not. Costs of requests are
// skewed; these have a coefficient of variation of 1.
func TestInsteadCovers(t *testing.T) {
	const runs = 600
	for _, c := range []struct{ known, n int }{{12, 5000}, {50, 50}, {200, 20}, {400, 10_000}} {
		random := rand.New(rand.NewPCG(1, uint64(c.known)))
		hit := 0
		for range runs {
			draw := func(n int) []float64 {
				out := make([]float64, n)
				for i := range out {
					out[i] = 0.001 * math.Exp(0.83*random.NormFloat64())
				}
				return out
			}
			e, ok := Instead(c.n, sumOf(draw(c.known)))
			if !ok {
				t.Fatal("there is no estimate")
			}
			truth := sumOf(draw(c.n))
			if e.Low <= truth.Total && truth.Total <= e.High {
				hit++
			}
		}
		rate := float64(hit) / runs
		t.Logf("%d known, %d others: covered %.3f", c.known, c.n, rate)
		// t intervals of few skewed amounts fall somewhat short.
		if least := map[bool]float64{true: 0.84, false: 0.92}[c.known <= 50]; rate < least || rate > 0.985 {
			t.Errorf("%d known, %d others: covered %.3f, want 0.95", c.known, c.n, rate)
		}
	}
}

func TestInsteadOfFew(t *testing.T) {
	if e, ok := Instead(100, sumOf(make([]float64, Least-1))); ok {
		t.Errorf("got %+v from %d requests", e, Least-1)
	}
	e, ok := Instead(3, sumOf([]float64{2, 2, 2, 2, 2, 2, 2, 2, 2, 2}))
	if !ok || e != (Estimate{6, 6, 6}) {
		t.Errorf("got %+v, want exactly 6", e)
	}
	if less := e.Less(10); less != (Estimate{-4, -4, -4}) {
		t.Errorf("got %+v", less)
	}
}
