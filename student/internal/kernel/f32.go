// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"fmt"
	"math"
)

// The float32 kernels round every product before they add it, so that the assembly and the Go paths agree bit for bit
// on every architecture. They panic when a slice is shorter than the call says or a length is not the multiple asked for.

const (
	// F32Lanes divides the length of every vector that the float32 kernels are given.
	F32Lanes = 8
	// PanelWidth is the number of columns in a panel of [GemmF32].
	PanelWidth = 16
	// RowBlock divides the number of rows of [GemmF32].
	RowBlock = 4
)

// GemmF32 sets out to the product of a, rows×k with lda floats from one row to the next (less than k where rows
// overlap), and a matrix given as panels: panel p holds columns p·PanelWidth and following, k rows of PanelWidth floats.
// Rows of out are ldo floats apart. Each element is summed from the first of the k products to the last.
func GemmF32(out []float32, ldo int, a []float32, lda int, panels []float32, rows, k int) {
	if rows <= 0 || k <= 0 || len(panels) == 0 {
		return
	}
	if rows%RowBlock != 0 || len(panels)%(k*PanelWidth) != 0 {
		panic(fmt.Sprintf("kernel: GemmF32 of %d rows and %d floats in panels of %d×%d", rows, len(panels), k, PanelWidth))
	}
	_ = a[(rows-1)*lda+k-1]
	_ = out[(rows-1)*ldo+len(panels)/k-1]
	gemmF32(out, ldo, a, lda, panels, rows, k)
}

// AxpyF32 adds alpha·x to y; x may be longer than y.
func AxpyF32(y, x []float32, alpha float32) {
	if whole(len(y)) {
		axpyF32(y, x[:len(y)], alpha)
	}
}

// DotF32 returns the sum of x[i]·y[i], in eight partial sums that are then added in a fixed order; y may be longer than x.
func DotF32(x, y []float32) float32 {
	if !whole(len(x)) {
		return 0
	}
	return dotF32(x, y[:len(x)])
}

// MaxF32 sets best[i] to the larger of best[i] and row[i]; row may be longer than best.
func MaxF32(best, row []float32) {
	if whole(len(best)) {
		maxF32(best, row[:len(best)])
	}
}

// ArgMaxF32 is [MaxF32] that also sets winner[i] to index where row[i] was the larger one.
func ArgMaxF32(best []float32, winner []int32, row []float32, index int32) {
	if whole(len(best)) {
		argMaxF32(best, winner[:len(best)], row[:len(best)], index)
	}
}

// Adam is the settings of one step of [AdamF32].
type Adam struct {
	Beta1, Rest1 float32 // decay of the average gradient, and 1 less that
	Beta2, Rest2 float32 // decay of the average square, and 1 less that
	Rate         float32 // with the correction for the averages' start at zero
	Epsilon      float32 // with the same correction
}

// AdamF32 moves the weights w by one step of Adam (Kingma and Ba 2015) for the gradient g; m and v are the running
// averages. All have the same length.
func AdamF32(w, m, v, g []float32, a *Adam) {
	if whole(len(w)) {
		adamF32(w, m[:len(w)], v[:len(w)], g[:len(w)], a)
	}
}

// whole reports whether there is anything to do, and panics where vectors are not whole.
func whole(n int) bool {
	if n%F32Lanes != 0 {
		panic(fmt.Sprintf("kernel: %d floats, not a multiple of %d", n, F32Lanes))
	}
	return n > 0
}

func gemmF32Go(out []float32, ldo int, a []float32, lda int, panels []float32, rows, k int) {
	for p := 0; p < len(panels)/k; p += PanelWidth {
		panel := panels[p*k : (p+PanelWidth)*k]
		for r := 0; r < rows; r += 2 {
			x, y := a[r*lda:][:k], a[(r+1)*lda:][:k]
			for c := 0; c < PanelWidth; c += 4 {
				gemm2x4(out[r*ldo+p+c:], out[(r+1)*ldo+p+c:], x, y, panel[c:])
			}
		}
	}
}

// gemm2x4 computes four columns of two rows: as many sums as most machines have registers for.
func gemm2x4(outX, outY, x, y, panel []float32) {
	var x0, x1, x2, x3, y0, y1, y2, y3 float32
	y = y[:len(x)]
	for i, u := range x {
		v, w := y[i], (*[4]float32)(panel[i*PanelWidth:])
		x0 += float32(u * w[0])
		x1 += float32(u * w[1])
		x2 += float32(u * w[2])
		x3 += float32(u * w[3])
		y0 += float32(v * w[0])
		y1 += float32(v * w[1])
		y2 += float32(v * w[2])
		y3 += float32(v * w[3])
	}
	*(*[4]float32)(outX) = [4]float32{x0, x1, x2, x3}
	*(*[4]float32)(outY) = [4]float32{y0, y1, y2, y3}
}

func axpyF32Go(y, x []float32, alpha float32) {
	for i, v := range x {
		y[i] += float32(alpha * v)
	}
}

func dotF32Go(x, y []float32) float32 {
	var s [F32Lanes]float32
	for i := 0; i+F32Lanes <= len(x); i += F32Lanes {
		for j := range s {
			s[j] += float32(x[i+j] * y[i+j])
		}
	}
	return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]))
}

func maxF32Go(best, row []float32) {
	for i, v := range row {
		if v > best[i] {
			best[i] = v
		}
	}
}

func argMaxF32Go(best []float32, winner []int32, row []float32, index int32) {
	for i, v := range row {
		if v > best[i] {
			best[i], winner[i] = v, index
		}
	}
}

func adamF32Go(w, m, v, g []float32, a *Adam) {
	for i, d := range g {
		m[i] = float32(a.Beta1*m[i]) + float32(a.Rest1*d)
		v[i] = float32(a.Beta2*v[i]) + float32(a.Rest2*float32(d*d))
		w[i] -= float32(a.Rate*m[i]) / (float32(math.Sqrt(float64(v[i]))) + a.Epsilon)
	}
}
