// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

//go:build !linux

package cli

import "runtime/debug"

// releaseStart gives back the memory that only the start needed.
func releaseStart() { debug.FreeOSMemory() }
