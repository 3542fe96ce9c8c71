// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package kernel

import "fmt"

// Lanes is the multiple that the length of acc in [SumRows] must be.
const Lanes = 32

// Slack is how many bytes behind the last row of the weights may be read.
const Slack = Lanes

// SumRows adds to acc[c], for every lane c < width, the sum over k of factors[k] * weights[rows[k]*stride+c], in
// 32-bit integers that wrap around. Lanes from width on are garbage afterwards.
//
// len(acc) is width rounded up to a multiple of Lanes, len(factors) is len(rows), and weights has Slack bytes behind
// its last row. SumRows panics when a length is wrong; rows[k] must be a row that weights has, which is not checked
// on every path.
func SumRows(acc []int32, weights []int8, width, stride int, rows []uint32, factors []int16) {
	if len(acc) < width || len(acc)%Lanes != 0 || len(factors) != len(rows) || len(rows) > 0 && len(weights) < Slack {
		panic(fmt.Sprintf("kernel: SumRows over %d lanes, width %d, %d rows, %d factors, %d weights",
			len(acc), width, len(rows), len(factors), len(weights)))
	}
	if len(rows) == 0 {
		return
	}
	sumRows(acc, weights, width, stride, rows, factors)
}

func sumRowsPortable(acc []int32, weights []int8, width, stride int, rows []uint32, factors []int16) {
	acc = acc[:width]
	for k, row := range rows {
		q := int32(factors[k])
		w := weights[int(row)*stride:]
		w = w[:len(acc)]
		for c, x := range w {
			acc[c] += q * int32(x)
		}
	}
}
