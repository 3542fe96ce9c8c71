// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

//go:build !purego

package linear

import "golang.org/x/sys/cpu"

var rowsAVX2 = cpu.X86.HasAVX2

func dotRowsFast(acc, w []float32, row Row, stride int) {
	if len(row.Index) == 0 {
		clear(acc)
		return
	}
	dotRowsAVX2(&acc[0], &w[0], &row.Index[0], &row.Value[0], len(row.Index), stride, len(acc)/Lanes)
}

func addRowsFast(w, delta []float32, row Row, stride int) {
	if len(row.Index) == 0 {
		return
	}
	addRowsAVX2(&w[0], &delta[0], &row.Index[0], &row.Value[0], len(row.Index), stride, len(delta)/Lanes)
}

//go:noescape
func dotRowsAVX2(acc, w *float32, idx *uint32, val *float32, n, stride, groups int)

//go:noescape
func addRowsAVX2(w, delta *float32, idx *uint32, val *float32, n, stride, groups int)
