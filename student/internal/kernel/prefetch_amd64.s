// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

//go:build !purego

#include "textflag.h"

// func prefetch(base unsafe.Pointer, stride int, index *uint32, n int)
TEXT ·prefetch(SB), NOSPLIT, $0-32
	MOVQ base+0(FP), DI
	MOVQ stride+8(FP), DX
	MOVQ index+16(FP), SI
	MOVQ n+24(FP), CX

next:
	MOVL  (SI), AX
	IMULQ DX, AX
	PREFETCHT0 (DI)(AX*1)
	ADDQ  $4, SI
	DECQ  CX
	JNZ   next
	RET
