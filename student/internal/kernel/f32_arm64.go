// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

//go:build !purego

package kernel

// The float32 kernels that prediction spends its time in are in assembly; every arm64 has the instructions. k > 0, and
// n > 0 is a multiple of F32Lanes.

//go:noescape
func gemm4x16NEON(out *float32, ldo int, a *float32, lda int, panel *float32, k int)

//go:noescape
func axpyNEON(y, x *float32, n int, alpha float32)

func gemmF32(out []float32, ldo int, a []float32, lda int, panels []float32, rows, k int) {
	for p := 0; p < len(panels)/k; p += PanelWidth {
		for r := 0; r < rows; r += RowBlock {
			gemm4x16NEON(&out[r*ldo+p], ldo, &a[r*lda], lda, &panels[p*k], k)
		}
	}
}

func axpyF32(y, x []float32, alpha float32) { axpyNEON(&y[0], &x[0], len(y), alpha) }

func dotF32(x, y []float32) float32 { return dotF32Go(x, y) }

func maxF32(best, row []float32) { maxF32Go(best, row) }

func argMaxF32(best []float32, winner []int32, row []float32, index int32) {
	argMaxF32Go(best, winner, row, index)
}

func adamF32(w, m, v, g []float32, a *Adam) { adamF32Go(w, m, v, g, a) }
