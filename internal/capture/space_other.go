// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

//go:build !(linux || darwin || windows)

package capture

import "math"

// freeBytes is not known here: a full disk shows when a write fails.
func freeBytes(string) (int64, error) { return math.MaxInt64, nil }
