// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package linear

// Lanes is the width to which the number of classes is rounded up, so that rows of weights are whole vectors.
const Lanes = 16

// Padded is n rounded up to whole vectors.
func Padded(n int) int { return (n + Lanes - 1) / Lanes * Lanes }

// Row is one example: sorted feature numbers and their values.
type Row struct {
	Index []uint32
	Value []float32
}

// dotRows sets acc[c] to the sum over k of val[k]*w[idx[k]*stride+c] for the len(acc) lanes (a multiple of Lanes),
// added in the order of k. w begins at the first lane wanted.
func dotRows(acc, w []float32, row Row, stride int) {
	if rowsAVX2 && len(acc) > 0 {
		dotRowsFast(acc, w, row, stride)
		return
	}
	dotRowsPortable(acc, w, row, stride)
}

// addRows adds val[k]*delta[c] to w[idx[k]*stride+c] for the len(delta) lanes (a multiple of Lanes).
func addRows(w, delta []float32, row Row, stride int) {
	if rowsAVX2 && len(delta) > 0 {
		addRowsFast(w, delta, row, stride)
		return
	}
	addRowsPortable(w, delta, row, stride)
}

func dotRowsPortable(acc, w []float32, row Row, stride int) {
	clear(acc)
	for k, f := range row.Index {
		v := row.Value[k]
		weights := w[int(f)*stride:]
		weights = weights[:len(acc)]
		for c, x := range weights {
			acc[c] += float32(v * x)
		}
	}
}

func addRowsPortable(w, delta []float32, row Row, stride int) {
	for k, f := range row.Index {
		v := row.Value[k]
		weights := w[int(f)*stride:]
		weights = weights[:len(delta)]
		for c, d := range delta {
			weights[c] += float32(v * d)
		}
	}
}
