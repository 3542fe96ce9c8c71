// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

//go:build (amd64 || arm64) && !purego

package kernel

import "unsafe"

//go:noescape
func prefetch(base unsafe.Pointer, stride int, index *uint32, n int)
