// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

//go:build !purego

#include "textflag.h"

// Two rows at a time: their bytes are widened to words and interleaved, so that one multiply-add of word pairs takes
// a lane of both. Interleaving works within halves of a register, which is why Y0 to Y3 hold lanes 0-3|8-11, 4-7|12-15,
// 16-19|24-27 and 20-23|28-31 until they are put in order at the end.

#define PAIR(A, B, F, WA, WB, WC, LOW, HIGH) \
	VPMOVSXBW A, WA          \
	VPMOVSXBW B, WB          \
	VPUNPCKLWD WB, WA, WC    \
	VPUNPCKHWD WB, WA, WA    \
	VPMADDWD F, WC, WC       \
	VPMADDWD F, WA, WA       \
	VPADDD WC, LOW, LOW      \
	VPADDD WA, HIGH, HIGH

// func sumRowsAVX2(acc *int32, weights *int8, stride int, rows *uint32, factors *int16, n, groups int)
TEXT ·sumRowsAVX2(SB), NOSPLIT, $0-56
	MOVQ acc+0(FP), DI
	MOVQ weights+8(FP), SI
	MOVQ stride+16(FP), R8
	MOVQ groups+48(FP), R9

group:
	TESTQ R9, R9
	JZ    done
	VPXOR Y0, Y0, Y0
	VPXOR Y1, Y1, Y1
	VPXOR Y2, Y2, Y2
	VPXOR Y3, Y3, Y3
	MOVQ  rows+24(FP), R10
	MOVQ  factors+32(FP), R11
	MOVQ  n+40(FP), CX
	SUBQ  $2, CX
	JLT   last

pair:
	MOVL  (R10), AX
	MOVL  4(R10), BX
	IMULQ R8, AX
	IMULQ R8, BX
	VPBROADCASTD (R11), Y7
	PAIR((SI)(AX*1), (SI)(BX*1), Y7, Y4, Y5, Y6, Y0, Y1)
	PAIR(16(SI)(AX*1), 16(SI)(BX*1), Y7, Y8, Y9, Y10, Y2, Y3)
	ADDQ  $8, R10
	ADDQ  $4, R11
	SUBQ  $2, CX
	JGE   pair

last:
	CMPQ  CX, $-1
	JNE   store
	// An odd row is left: pair it with itself, times zero.
	MOVL  (R10), AX
	IMULQ R8, AX
	MOVWLZX (R11), BX
	VMOVD BX, X7
	VPBROADCASTD X7, Y7
	PAIR((SI)(AX*1), (SI)(AX*1), Y7, Y4, Y5, Y6, Y0, Y1)
	PAIR(16(SI)(AX*1), 16(SI)(AX*1), Y7, Y8, Y9, Y10, Y2, Y3)

store:
	VPERM2I128 $0x20, Y1, Y0, Y4
	VPERM2I128 $0x31, Y1, Y0, Y5
	VPERM2I128 $0x20, Y3, Y2, Y6
	VPERM2I128 $0x31, Y3, Y2, Y7
	VPADDD (DI), Y4, Y4
	VPADDD 32(DI), Y5, Y5
	VPADDD 64(DI), Y6, Y6
	VPADDD 96(DI), Y7, Y7
	VMOVDQU Y4, (DI)
	VMOVDQU Y5, 32(DI)
	VMOVDQU Y6, 64(DI)
	VMOVDQU Y7, 96(DI)
	ADDQ  $128, DI
	ADDQ  $32, SI
	DECQ  R9
	JMP   group

done:
	VZEROUPPER
	RET
