// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

//go:build !purego

package kernel

import "golang.org/x/sys/cpu"

func sumRows(acc []int32, weights []int8, width, stride int, rows []uint32, factors []int16) {
	if !cpu.X86.HasAVX2 {
		sumRowsPortable(acc, weights, width, stride, rows, factors)
		return
	}
	sumRowsAVX2(&acc[0], &weights[0], stride, &rows[0], &factors[0], len(rows), len(acc)/Lanes)
}

//go:noescape
func sumRowsAVX2(acc *int32, weights *int8, stride int, rows *uint32, factors *int16, n, groups int)
