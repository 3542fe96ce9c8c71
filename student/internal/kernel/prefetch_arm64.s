// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

//go:build !purego

#include "textflag.h"

// func prefetch(base unsafe.Pointer, stride int, index *uint32, n int)
TEXT ·prefetch(SB), NOSPLIT, $0-32
	MOVD base+0(FP), R0
	MOVD stride+8(FP), R1
	MOVD index+16(FP), R2
	MOVD n+24(FP), R3

next:
	MOVWU.P 4(R2), R4
	MADD    R1, R0, R4, R4
	PRFM    (R4), PLDL1KEEP
	SUBS    $1, R3, R3
	BNE     next
	RET
