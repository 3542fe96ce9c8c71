// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"encoding/binary"
	"fmt"
	"slices"
	"unsafe"
)

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

// sumRowsPortable computes two lanes with one multiplication: a lane in the lower half of a 64-bit number and one in the
// upper half, both of weights made positive, so that bytes need no sign to be extended. What that adds is taken off at the end.
func sumRowsPortable(acc []int32, weights []int8, width, stride int, rows []uint32, factors []int16) {
	for len(rows) > 0 {
		n := min(packedRows, len(rows))
		var shift int32
		for _, q := range factors[:n] {
			shift += packedShift * int32(q)
		}
		last := int(slices.Max(rows[:n])) * stride
		_ = weights[last : last+width+packedLanes] // so that what follows need not look
		for c := 0; c < width; c += packedLanes {
			sumPacked((*[packedLanes]int32)(acc[c:]), unsafe.Pointer(&weights[c]), stride, rows[:n], factors[:n], shift)
		}
		rows, factors = rows[n:], factors[n:]
	}
}

const (
	packedLanes = 16  // of two words of weights
	packedShift = 128 // makes a weight positive
	packedRows  = 256 // of so many the sum of a lane fits into its half
)

// sumPacked adds to acc the sums of sixteen lanes, less shift.
func sumPacked(acc *[packedLanes]int32, table unsafe.Pointer, stride int, rows []uint32, factors []int16, shift int32) {
	const positive, lanes = 0x8080808080808080, 0x000000FF000000FF
	var s0, s1, s2, s3, s4, s5, s6, s7 uint64
	factors = factors[:len(rows)]
	for k, row := range rows {
		q := uint64(int64(factors[k]))
		weights := (*[packedLanes]byte)(unsafe.Add(table, int(row)*stride))
		w := binary.LittleEndian.Uint64(weights[:]) ^ positive
		s0 += w & lanes * q
		s1 += w >> 8 & lanes * q
		s2 += w >> 16 & lanes * q
		s3 += w >> 24 & lanes * q
		w = binary.LittleEndian.Uint64(weights[8:]) ^ positive
		s4 += w & lanes * q
		s5 += w >> 8 & lanes * q
		s6 += w >> 16 & lanes * q
		s7 += w >> 24 & lanes * q
	}
	for i, s := range [...]uint64{s0, s1, s2, s3, s4, s5, s6, s7} {
		low := int32(s)
		high := int32((s - uint64(int64(low))) >> 32)
		at := i/4*8 + i%4
		acc[at] += low - shift
		acc[at+4] += high - shift
	}
}
