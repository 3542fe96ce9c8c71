// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

//go:build !purego

#include "textflag.h"

// The assembler knows only the fused multiply-add of vectors; these kernels round the product first.
#define FMUL4S(m, n, d) WORD $(0x6E20DC00 | (m)<<16 | (n)<<5 | (d))
#define FADD4S(m, n, d) WORD $(0x4E20D400 | (m)<<16 | (n)<<5 | (d))

// ROW adds the row of the panel in V16 to V19, times V20, to four sums.
#define ROW(s0, s1, s2, s3) \
	FMUL4S(20, 16, 24) \
	FMUL4S(20, 17, 25) \
	FMUL4S(20, 18, 26) \
	FMUL4S(20, 19, 27) \
	FADD4S(24, s0, s0) \
	FADD4S(25, s1, s1) \
	FADD4S(26, s2, s2) \
	FADD4S(27, s3, s3)

// func gemm4x16NEON(out *float32, ldo int, a *float32, lda int, panel *float32, k int)
TEXT ·gemm4x16NEON(SB), NOSPLIT, $0-48
	MOVD out+0(FP), R0
	MOVD ldo+8(FP), R1
	MOVD a+16(FP), R2
	MOVD lda+24(FP), R3
	MOVD panel+32(FP), R4
	MOVD k+40(FP), R5
	LSL  $2, R1
	LSL  $2, R3
	ADD  R3, R2, R6
	ADD  R3, R6, R7
	ADD  R3, R7, R8
	VEOR V0.B16, V0.B16, V0.B16
	VEOR V1.B16, V1.B16, V1.B16
	VEOR V2.B16, V2.B16, V2.B16
	VEOR V3.B16, V3.B16, V3.B16
	VEOR V4.B16, V4.B16, V4.B16
	VEOR V5.B16, V5.B16, V5.B16
	VEOR V6.B16, V6.B16, V6.B16
	VEOR V7.B16, V7.B16, V7.B16
	VEOR V8.B16, V8.B16, V8.B16
	VEOR V9.B16, V9.B16, V9.B16
	VEOR V10.B16, V10.B16, V10.B16
	VEOR V11.B16, V11.B16, V11.B16
	VEOR V12.B16, V12.B16, V12.B16
	VEOR V13.B16, V13.B16, V13.B16
	VEOR V14.B16, V14.B16, V14.B16
	VEOR V15.B16, V15.B16, V15.B16

loop:
	VLD1.P  64(R4), [V16.S4, V17.S4, V18.S4, V19.S4]
	VLD1R.P 4(R2), [V20.S4]
	ROW(0, 1, 2, 3)
	VLD1R.P 4(R6), [V20.S4]
	ROW(4, 5, 6, 7)
	VLD1R.P 4(R7), [V20.S4]
	ROW(8, 9, 10, 11)
	VLD1R.P 4(R8), [V20.S4]
	ROW(12, 13, 14, 15)
	SUBS $1, R5
	BNE  loop

	VST1 [V0.S4, V1.S4, V2.S4, V3.S4], (R0)
	ADD  R1, R0
	VST1 [V4.S4, V5.S4, V6.S4, V7.S4], (R0)
	ADD  R1, R0
	VST1 [V8.S4, V9.S4, V10.S4, V11.S4], (R0)
	ADD  R1, R0
	VST1 [V12.S4, V13.S4, V14.S4, V15.S4], (R0)
	RET

// func axpyNEON(y, x *float32, n int, alpha float32)
TEXT ·axpyNEON(SB), NOSPLIT, $0-28
	MOVD y+0(FP), R0
	MOVD x+8(FP), R1
	MOVD n+16(FP), R2
	MOVWU alpha+24(FP), R3
	VDUP R3, V20.S4

axpy8:
	VLD1.P 32(R1), [V16.S4, V17.S4]
	VLD1   (R0), [V0.S4, V1.S4]
	FMUL4S(20, 16, 24)
	FMUL4S(20, 17, 25)
	FADD4S(24, 0, 0)
	FADD4S(25, 1, 1)
	VST1.P [V0.S4, V1.S4], 32(R0)
	SUBS $8, R2
	BNE  axpy8
	RET
