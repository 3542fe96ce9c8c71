// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// problem is an input of SumRows.
type problem struct {
	width   int
	stride  int
	acc     []int32
	weights []int8
	rows    []uint32
	factors []int16
}

func newProblem(random *rand.Rand, width, stride, table, n int) problem {
	p := problem{
		width:   width,
		stride:  stride,
		acc:     make([]int32, (width+Lanes-1)/Lanes*Lanes),
		weights: make([]int8, table*stride+Slack),
		rows:    make([]uint32, n),
		factors: make([]int16, n),
	}
	for i := range p.acc {
		p.acc[i] = int32(random.Uint32())
	}
	for i := range p.weights {
		p.weights[i] = int8(random.Uint32())
	}
	for k := range p.rows {
		p.rows[k] = random.Uint32N(uint32(table))
		p.factors[k] = int16(random.Uint32())
	}
	return p
}

// sumRowsPlainly is SumRows as its documentation has it.
func sumRowsPlainly(acc []int32, weights []int8, width, stride int, rows []uint32, factors []int16) {
	for k, row := range rows {
		for c := range width {
			acc[c] += int32(factors[k]) * int32(weights[int(row)*stride+c])
		}
	}
}

// TestSumRowsEveryPath compares the path of this machine and the portable one with the sum, bit for bit.
func TestSumRowsEveryPath(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for i, width := range []int{1, 2, 15, 16, 17, 31, 32, 33, 48, 77, 96, 150, 1000} {
		for _, n := range []int{0, 1, 2, 3, 8, 171, 256, 700} {
			t.Run(fmt.Sprintf("%d lanes of %d rows", width, n), func(t *testing.T) {
				p := newProblem(random, width, width+17*(i%3), 50, n)
				want, portable := slices.Clone(p.acc), slices.Clone(p.acc)
				sumRowsPlainly(want, p.weights, p.width, p.stride, p.rows, p.factors)
				sumRowsPortable(portable, p.weights, p.width, p.stride, p.rows, p.factors)
				if diff := cmp.Diff(want[:width], portable[:width]); diff != "" {
					t.Errorf("the portable path differs (-want +got):\n%s", diff)
				}
				SumRows(p.acc, p.weights, p.width, p.stride, p.rows, p.factors)
				if diff := cmp.Diff(want[:width], p.acc[:width]); diff != "" {
					t.Errorf("this machine's path differs (-want +got):\n%s", diff)
				}
			})
		}
	}
}

func TestSumRowsExtremes(t *testing.T) {
	for _, factor := range []int16{math.MinInt16, -1, 0, math.MaxInt16} {
		for _, weight := range []int8{math.MinInt8, -1, math.MaxInt8} {
			weights := make([]int8, 40+Slack)
			for i := range weights {
				weights[i] = weight
			}
			const n = 600 // so many that sums wrap around
			rows, factors := make([]uint32, n), make([]int16, n)
			for k := range rows {
				rows[k], factors[k] = uint32(k%2), factor
			}
			for _, path := range []func([]int32, []int8, int, int, []uint32, []int16){SumRows, sumRowsPortable} {
				acc := make([]int32, Lanes)
				path(acc, weights, 20, 20, rows, factors)
				for c := range 20 {
					if want := n * int32(factor) * int32(weight); acc[c] != want {
						t.Fatalf("factor %d, weight %d, lane %d: got %d, want %d", factor, weight, c, acc[c], want)
					}
				}
			}
		}
	}
}

func TestSumRowsRejectsWrongLengths(t *testing.T) {
	cases := map[string]func(){
		"sums too short": func() { SumRows(make([]int32, 32), make([]int8, 200), 40, 40, []uint32{0}, []int16{1}) },
		"sums no vector": func() { SumRows(make([]int32, 20), make([]int8, 200), 20, 20, []uint32{0}, []int16{1}) },
		"factor missing": func() { SumRows(make([]int32, 32), make([]int8, 200), 20, 20, []uint32{0, 1}, []int16{1}) },
		"no slack":       func() { SumRows(make([]int32, 32), make([]int8, 20), 20, 20, []uint32{0}, []int16{1}) },
	}
	for name, call := range cases {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("SumRows accepted it")
				}
			}()
			call()
		})
	}
}

func BenchmarkSumRows(b *testing.B) {
	p := newProblem(rand.New(rand.NewPCG(3, 4)), 77, 128, 14_000, 170)
	paths := map[string]func([]int32, []int8, int, int, []uint32, []int16){"machine": SumRows, "portable": sumRowsPortable, "plain": sumRowsPlainly}
	for name, path := range paths {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				path(p.acc, p.weights, p.width, p.stride, p.rows, p.factors)
			}
		})
	}
}
