// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

//go:build !purego

package kernel

// Every arm64 processor that Go runs on has NEON, so nothing is detected.
func sumRows(acc []int32, weights []int8, _, stride int, rows []uint32, factors []int16) {
	sumRowsNEON(&acc[0], &weights[0], stride, &rows[0], &factors[0], len(rows), len(acc)/Lanes)
}

//go:noescape
func sumRowsNEON(acc *int32, weights *int8, stride int, rows *uint32, factors *int16, n, groups int)
