// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

//go:build !amd64 || purego

package linear

const rowsAVX2 = false

func dotRowsFast(acc, w []float32, row Row, stride int) { dotRowsPortable(acc, w, row, stride) }

func addRowsFast(w, delta []float32, row Row, stride int) { addRowsPortable(w, delta, row, stride) }
