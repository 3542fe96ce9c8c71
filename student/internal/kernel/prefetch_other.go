// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

//go:build (!amd64 && !arm64) || purego

package kernel

import "unsafe"

func prefetch(unsafe.Pointer, int, *uint32, int) {}
