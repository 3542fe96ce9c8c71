// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

//go:build !purego

package kernel

import "golang.org/x/sys/cpu"

// The float32 kernels in assembly. Vectors of n floats have n > 0, a multiple of F32Lanes.

//go:noescape
func gemm4x16AVX2(out *float32, ldo int, a *float32, lda int, panel *float32, k int)

//go:noescape
func gemm4x32AVX512(out *float32, ldo int, a *float32, lda int, panel *float32, k int)

//go:noescape
func axpyAVX2(y, x *float32, n int, alpha float32)

//go:noescape
func dotAVX2(x, y *float32, n int) float32

//go:noescape
func maxAVX2(best, row *float32, n int)

//go:noescape
func argMaxAVX2(best *float32, winner *int32, row *float32, n int, index int32)

//go:noescape
func adamAVX2(w, m, v, grad *float32, n int, a *Adam)

func gemmF32(out []float32, ldo int, a []float32, lda int, panels []float32, rows, k int) {
	if !cpu.X86.HasAVX2 {
		gemmF32Go(out, ldo, a, lda, panels, rows, k)
		return
	}
	size := k * PanelWidth
	for p := 0; (p+1)*size <= len(panels); p++ {
		if cpu.X86.HasAVX512F && (p+2)*size <= len(panels) {
			for r := 0; r < rows; r += RowBlock {
				gemm4x32AVX512(&out[r*ldo+p*PanelWidth], ldo, &a[r*lda], lda, &panels[p*size], k)
			}
			p++
			continue
		}
		for r := 0; r < rows; r += RowBlock {
			gemm4x16AVX2(&out[r*ldo+p*PanelWidth], ldo, &a[r*lda], lda, &panels[p*size], k)
		}
	}
}

func axpyF32(y, x []float32, alpha float32) {
	if !cpu.X86.HasAVX2 {
		axpyF32Go(y, x, alpha)
		return
	}
	axpyAVX2(&y[0], &x[0], len(y), alpha)
}

func dotF32(x, y []float32) float32 {
	if !cpu.X86.HasAVX2 {
		return dotF32Go(x, y)
	}
	return dotAVX2(&x[0], &y[0], len(x))
}

func maxF32(best, row []float32) {
	if !cpu.X86.HasAVX2 {
		maxF32Go(best, row)
		return
	}
	maxAVX2(&best[0], &row[0], len(best))
}

func argMaxF32(best []float32, winner []int32, row []float32, index int32) {
	if !cpu.X86.HasAVX2 {
		argMaxF32Go(best, winner, row, index)
		return
	}
	argMaxAVX2(&best[0], &winner[0], &row[0], len(best), index)
}

func adamF32(w, m, v, g []float32, a *Adam) {
	if !cpu.X86.HasAVX2 {
		adamF32Go(w, m, v, g, a)
		return
	}
	adamAVX2(&w[0], &m[0], &v[0], &g[0], len(w), a)
}
