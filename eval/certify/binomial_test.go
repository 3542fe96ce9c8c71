// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package certify

import (
	"fmt"
	"math"
	"testing"

	"retort/eval/binomial"
)

// TestBoundsAgainstTables compares with values of the Clopper–Pearson interval as printed in statistical tables and by
// common statistics software (two-sided 95 %).
func TestBoundsAgainstTables(t *testing.T) {
	cases := []struct {
		agreed, n int
		low, high float64
	}{
		{0, 10, 0, 0.30850}, {1, 10, 0.00253, 0.44502}, {5, 10, 0.18709, 0.81291}, {10, 10, 0.69150, 1},
		{4, 20, 0.05733, 0.43661}, {95, 100, 0.88717, 0.98357}, {15, 1000, 0.00842, 0.02462},
	}
	for _, c := range cases {
		low, high := Interval(c.agreed, c.n, 0.95)
		if math.Abs(low-c.low) > 2e-5 || math.Abs(high-c.high) > 2e-5 {
			t.Errorf("Interval(%d, %d) = %.5f, %.5f; want %.5f, %.5f", c.agreed, c.n, low, high, c.low, c.high)
		}
	}
}

// TestBoundsAgainstSums checks the defining property with sums of binomial terms: at the lower bound, so many successes
// or more have probability alpha.
func TestBoundsAgainstSums(t *testing.T) {
	for _, n := range []int{1, 7, 59, 93, 400} {
		for _, agreed := range []int{1, n / 2, n - 1, n} {
			if agreed < 1 || agreed > n {
				continue
			}
			for _, alpha := range []float64{0.001, 0.05, 0.2} {
				low, high := LowerBound(agreed, n, alpha), UpperBound(n-agreed, n, alpha)
				if got := upperTail(agreed, n, low); math.Abs(got-alpha) > 1e-9 {
					t.Errorf("P(X ≥ %d of %d) at the lower bound %v is %v, want %v", agreed, n, low, got, alpha)
				}
				if math.Abs(1-low-high) > 1e-12 {
					t.Errorf("upper bound of %d of %d is %v, want the mirror of %v", n-agreed, n, high, low)
				}
				if got, want := binomial.AtLeast(float64(agreed), float64(n), 0.9), upperTail(agreed, n, 0.9); math.Abs(got-want) > 1e-9 {
					t.Errorf("the chance of %d of %d at 0.9 is %v, want %v", agreed, n, got, want)
				}
			}
		}
	}
}

// TestBoundsHold counts, by exact summation, how often the lower bound exceeds the truth: never more than alpha.
func TestBoundsHold(t *testing.T) {
	const alpha = 0.05
	for _, n := range []int{10, 60, 250} {
		bounds := make([]float64, n+1)
		for k := range bounds {
			bounds[k] = LowerBound(k, n, alpha)
		}
		for p := 0.005; p < 1; p += 0.005 {
			var wrong float64
			for k, b := range bounds {
				if b > p {
					wrong += term(k, n, p)
				}
			}
			if wrong > alpha+1e-9 {
				t.Errorf("n=%d p=%.3f: the lower bound is too high with probability %v", n, p, wrong)
			}
		}
	}
}

func TestBoundsAtTheEdges(t *testing.T) {
	cases := []struct {
		got, want float64
	}{
		{LowerBound(0, 0, 0.05), 0}, {UpperBound(0, 0, 0.05), 1}, {LowerBound(3, 0, 0.05), 0},
		{UpperBound(-2, 5, 0.05), UpperBound(0, 5, 0.05)},
		{LowerBound(9, 5, 0.05), LowerBound(5, 5, 0.05)}, {LowerBound(5, 5, 0), 0}, {LowerBound(4, 5, 1), 1},
	}
	for i, c := range cases {
		if c.got != c.want {
			t.Errorf("case %d: %v, want %v", i, c.got, c.want)
		}
	}
}

func upperTail(k, n int, p float64) float64 {
	var sum float64
	for ; k <= n; k++ {
		sum += term(k, n, p)
	}
	return sum
}

func term(k, n int, p float64) float64 {
	a, _ := math.Lgamma(float64(n + 1))
	b, _ := math.Lgamma(float64(k + 1))
	c, _ := math.Lgamma(float64(n - k + 1))
	log := a - b - c
	if k > 0 {
		log += float64(k) * math.Log(p)
	}
	if k < n {
		log += float64(n-k) * math.Log1p(-p)
	}
	return math.Exp(log)
}

func ExampleLowerBound() {
	fmt.Printf("%.3f\n", LowerBound(470, 480, 0.05))
	// Output: 0.965
}
