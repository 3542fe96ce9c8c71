// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

//go:build !purego

#include "textflag.h"

// Go's assembler does not know the widening instructions, hence the words.

// func sumRowsNEON(acc *int32, weights *int8, stride int, rows *uint32, factors *int16, n, groups int)
TEXT ·sumRowsNEON(SB), NOSPLIT, $0-56
	MOVD acc+0(FP), R0
	MOVD weights+8(FP), R1
	MOVD stride+16(FP), R2
	MOVD groups+48(FP), R3

group:
	CBZ  R3, done
	MOVD rows+24(FP), R4
	MOVD factors+32(FP), R5
	MOVD n+40(FP), R6
	MOVD R0, R7
	VLD1.P 64(R7), [V16.S4, V17.S4, V18.S4, V19.S4]
	VLD1 (R7), [V20.S4, V21.S4, V22.S4, V23.S4]

row:
	MOVWU.P 4(R4), R8
	MOVH.P  2(R5), R9
	MUL  R2, R8, R8
	ADD  R1, R8, R8
	VLD1 (R8), [V0.B16, V1.B16]
	VDUP R9, V6.H8
	WORD $0x0F08A402 // SXTL   V2.8H, V0.8B
	WORD $0x4F08A403 // SXTL2  V3.8H, V0.16B
	WORD $0x0F08A424 // SXTL   V4.8H, V1.8B
	WORD $0x4F08A425 // SXTL2  V5.8H, V1.16B
	WORD $0x0E668050 // SMLAL  V16.4S, V2.4H, V6.4H
	WORD $0x4E668051 // SMLAL2 V17.4S, V2.8H, V6.8H
	WORD $0x0E668072 // SMLAL  V18.4S, V3.4H, V6.4H
	WORD $0x4E668073 // SMLAL2 V19.4S, V3.8H, V6.8H
	WORD $0x0E668094 // SMLAL  V20.4S, V4.4H, V6.4H
	WORD $0x4E668095 // SMLAL2 V21.4S, V4.8H, V6.8H
	WORD $0x0E6680B6 // SMLAL  V22.4S, V5.4H, V6.4H
	WORD $0x4E6680B7 // SMLAL2 V23.4S, V5.8H, V6.8H
	SUBS $1, R6, R6
	BNE  row

	VST1.P [V16.S4, V17.S4, V18.S4, V19.S4], 64(R0)
	VST1.P [V20.S4, V21.S4, V22.S4, V23.S4], 64(R0)
	ADD  $32, R1, R1
	SUB  $1, R3, R3
	B    group

done:
	RET
