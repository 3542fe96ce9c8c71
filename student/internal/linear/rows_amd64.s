// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

//go:build !purego

#include "textflag.h"

// Each product is rounded before it is added (no fused multiply-add), as in rows.go, so that both give the same bits.

// func dotRowsAVX2(acc *float32, w *float32, idx *uint32, val *float32, n, stride, groups int)
TEXT ·dotRowsAVX2(SB), NOSPLIT, $0-56
	MOVQ acc+0(FP), DI
	MOVQ w+8(FP), SI
	MOVQ stride+40(FP), R8
	SHLQ $2, R8
	MOVQ groups+48(FP), R9

wide:
	CMPQ R9, $2
	JLT  narrow
	VXORPS Y0, Y0, Y0
	VXORPS Y1, Y1, Y1
	VXORPS Y2, Y2, Y2
	VXORPS Y3, Y3, Y3
	MOVQ idx+16(FP), R10
	MOVQ val+24(FP), R11
	MOVQ n+32(FP), CX
	TESTQ CX, CX
	JZ   wideDone
wideLoop:
	MOVL (R10), AX
	IMULQ R8, AX
	VBROADCASTSS (R11), Y8
	VMULPS (SI)(AX*1), Y8, Y4
	VMULPS 32(SI)(AX*1), Y8, Y5
	VMULPS 64(SI)(AX*1), Y8, Y6
	VMULPS 96(SI)(AX*1), Y8, Y7
	VADDPS Y4, Y0, Y0
	VADDPS Y5, Y1, Y1
	VADDPS Y6, Y2, Y2
	VADDPS Y7, Y3, Y3
	ADDQ $4, R10
	ADDQ $4, R11
	DECQ CX
	JNZ  wideLoop
wideDone:
	VMOVUPS Y0, (DI)
	VMOVUPS Y1, 32(DI)
	VMOVUPS Y2, 64(DI)
	VMOVUPS Y3, 96(DI)
	ADDQ $128, DI
	ADDQ $128, SI
	SUBQ $2, R9
	JMP  wide

narrow:
	TESTQ R9, R9
	JZ   done
	VXORPS Y0, Y0, Y0
	VXORPS Y1, Y1, Y1
	MOVQ idx+16(FP), R10
	MOVQ val+24(FP), R11
	MOVQ n+32(FP), CX
	TESTQ CX, CX
	JZ   narrowDone
narrowLoop:
	MOVL (R10), AX
	IMULQ R8, AX
	VBROADCASTSS (R11), Y8
	VMULPS (SI)(AX*1), Y8, Y4
	VMULPS 32(SI)(AX*1), Y8, Y5
	VADDPS Y4, Y0, Y0
	VADDPS Y5, Y1, Y1
	ADDQ $4, R10
	ADDQ $4, R11
	DECQ CX
	JNZ  narrowLoop
narrowDone:
	VMOVUPS Y0, (DI)
	VMOVUPS Y1, 32(DI)
done:
	VZEROUPPER
	RET

// func addRowsAVX2(w *float32, delta *float32, idx *uint32, val *float32, n, stride, groups int)
TEXT ·addRowsAVX2(SB), NOSPLIT, $0-56
	MOVQ w+0(FP), SI
	MOVQ delta+8(FP), DI
	MOVQ stride+40(FP), R8
	SHLQ $2, R8
	MOVQ groups+48(FP), R9

addWide:
	CMPQ R9, $2
	JLT  addNarrow
	VMOVUPS (DI), Y0
	VMOVUPS 32(DI), Y1
	VMOVUPS 64(DI), Y2
	VMOVUPS 96(DI), Y3
	MOVQ idx+16(FP), R10
	MOVQ val+24(FP), R11
	MOVQ n+32(FP), CX
	TESTQ CX, CX
	JZ   addWideDone
addWideLoop:
	MOVL (R10), AX
	IMULQ R8, AX
	VBROADCASTSS (R11), Y8
	VMULPS Y0, Y8, Y4
	VMULPS Y1, Y8, Y5
	VMULPS Y2, Y8, Y6
	VMULPS Y3, Y8, Y7
	VADDPS (SI)(AX*1), Y4, Y4
	VADDPS 32(SI)(AX*1), Y5, Y5
	VADDPS 64(SI)(AX*1), Y6, Y6
	VADDPS 96(SI)(AX*1), Y7, Y7
	VMOVUPS Y4, (SI)(AX*1)
	VMOVUPS Y5, 32(SI)(AX*1)
	VMOVUPS Y6, 64(SI)(AX*1)
	VMOVUPS Y7, 96(SI)(AX*1)
	ADDQ $4, R10
	ADDQ $4, R11
	DECQ CX
	JNZ  addWideLoop
addWideDone:
	ADDQ $128, DI
	ADDQ $128, SI
	SUBQ $2, R9
	JMP  addWide

addNarrow:
	TESTQ R9, R9
	JZ   addDone
	VMOVUPS (DI), Y0
	VMOVUPS 32(DI), Y1
	MOVQ idx+16(FP), R10
	MOVQ val+24(FP), R11
	MOVQ n+32(FP), CX
	TESTQ CX, CX
	JZ   addDone
addNarrowLoop:
	MOVL (R10), AX
	IMULQ R8, AX
	VBROADCASTSS (R11), Y8
	VMULPS Y0, Y8, Y4
	VMULPS Y1, Y8, Y5
	VADDPS (SI)(AX*1), Y4, Y4
	VADDPS 32(SI)(AX*1), Y5, Y5
	VMOVUPS Y4, (SI)(AX*1)
	VMOVUPS Y5, 32(SI)(AX*1)
	ADDQ $4, R10
	ADDQ $4, R11
	DECQ CX
	JNZ  addNarrowLoop
addDone:
	VZEROUPPER
	RET
