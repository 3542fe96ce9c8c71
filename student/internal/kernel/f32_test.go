// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func randomF32(rng *rand.Rand, n int) []float32 {
	s := make([]float32, n)
	for i := range s {
		s[i] = float32(rng.NormFloat64())
	}
	return s
}

func TestGemmF32(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, c := range []struct{ rows, k, panels, lda int }{
		{4, 1, 1, 1}, {8, 7, 2, 3}, {12, 288, 3, 96}, {16, 64, 8, 64}, {4, 5, 5, 9},
	} {
		t.Run(fmt.Sprintf("%dx%dx%d", c.rows, c.k, c.panels*PanelWidth), func(t *testing.T) {
			a := randomF32(rng, (c.rows-1)*c.lda+c.k)
			panels := randomF32(rng, c.panels*c.k*PanelWidth)
			ldo := c.panels*PanelWidth + 3
			got, portable, want := make([]float32, c.rows*ldo), make([]float32, c.rows*ldo), make([]float32, c.rows*ldo)
			GemmF32(got, ldo, a, c.lda, panels, c.rows, c.k)
			gemmF32Go(portable, ldo, a, c.lda, panels, c.rows, c.k)
			for r := range c.rows {
				for col := range c.panels * PanelWidth {
					panel := panels[col/PanelWidth*PanelWidth*c.k:]
					for i := range c.k {
						want[r*ldo+col] += float32(a[r*c.lda+i] * panel[i*PanelWidth+col%PanelWidth])
					}
				}
			}
			if d := cmp.Diff(want, portable); d != "" {
				t.Errorf("portable (-want +got):\n%s", d)
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("as chosen for this machine (-want +got):\n%s", d)
			}
		})
	}
}

func TestVectorsF32(t *testing.T) {
	for _, n := range []int{0, 8, 16, 24, 32, 40, 96, 136} {
		rng := rand.New(rand.NewPCG(3, uint64(n)))
		x, y := randomF32(rng, n), randomF32(rng, n)
		t.Run(fmt.Sprint("axpy ", n), func(t *testing.T) {
			got, want := slices.Clone(y), slices.Clone(y)
			AxpyF32(got, x, 0.7)
			axpyF32Go(want, x, 0.7)
			if d := cmp.Diff(want, got); d != "" {
				t.Error(d)
			}
		})
		t.Run(fmt.Sprint("dot ", n), func(t *testing.T) {
			if got, want := DotF32(x, y), dotF32Go(x, y); got != want {
				t.Errorf("got %v, want %v", got, want)
			}
		})
		t.Run(fmt.Sprint("max ", n), func(t *testing.T) {
			got, want := slices.Clone(y), slices.Clone(y)
			MaxF32(got, x)
			maxF32Go(want, x)
			if d := cmp.Diff(want, got); d != "" {
				t.Error(d)
			}
			gotArg, wantArg := make([]int32, n), make([]int32, n)
			got, want = slices.Clone(y), slices.Clone(y)
			ArgMaxF32(got, gotArg, x, 9)
			argMaxF32Go(want, wantArg, x, 9)
			if d := cmp.Diff(want, got) + cmp.Diff(wantArg, gotArg); d != "" {
				t.Error(d)
			}
		})
		t.Run(fmt.Sprint("adam ", n), func(t *testing.T) {
			var got, want [3][]float32
			for i := range got {
				got[i] = randomF32(rng, n)
				for j, v := range got[i] {
					got[i][j] = max(v, -v)
				}
				want[i] = slices.Clone(got[i])
			}
			a := &Adam{0.9, 0.1, 0.999, 0.001, 0.01, 1e-8}
			AdamF32(got[0], got[1], got[2], x, a)
			adamF32Go(want[0], want[1], want[2], x, a)
			if d := cmp.Diff(want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestLengthsF32(t *testing.T) {
	v := make([]float32, 12)
	for name, call := range map[string]func(){
		"vector":     func() { AxpyF32(v, v, 1) },
		"short":      func() { DotF32(v[:8], v[:4:4]) },
		"rows":       func() { GemmF32(make([]float32, 64), 16, v, 1, make([]float32, 16), 3, 1) },
		"short rows": func() { GemmF32(make([]float32, 64), 16, v[:3:3], 1, make([]float32, 16), 4, 1) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("a wrong length went unnoticed")
				}
			}()
			call()
		})
	}
}

func BenchmarkGemmF32(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	const rows, k, panels = 16, 288, 8
	a, w := randomF32(rng, rows*k), randomF32(rng, panels*k*PanelWidth)
	out := make([]float32, rows*panels*PanelWidth)
	for b.Loop() {
		GemmF32(out, panels*PanelWidth, a, 96, w, rows, k)
	}
	b.ReportMetric(2*rows*k*panels*PanelWidth/float64(b.Elapsed().Nanoseconds())*float64(b.N), "GFLOP/s")
}
