// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

//go:build (!amd64 && !arm64) || purego

package kernel

func gemmF32(out []float32, ldo int, a []float32, lda int, panels []float32, rows, k int) {
	gemmF32Go(out, ldo, a, lda, panels, rows, k)
}

func axpyF32(y, x []float32, alpha float32) { axpyF32Go(y, x, alpha) }

func dotF32(x, y []float32) float32 { return dotF32Go(x, y) }

func maxF32(best, row []float32) { maxF32Go(best, row) }

func argMaxF32(best []float32, winner []int32, row []float32, index int32) {
	argMaxF32Go(best, winner, row, index)
}

func adamF32(w, m, v, g []float32, a *Adam) { adamF32Go(w, m, v, g, a) }
