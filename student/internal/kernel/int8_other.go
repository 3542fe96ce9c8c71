// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

//go:build (!amd64 && !arm64) || purego

package kernel

func sumRows(acc []int32, weights []int8, width, stride int, rows []uint32, factors []int16) {
	sumRowsPortable(acc, weights, width, stride, rows, factors)
}
