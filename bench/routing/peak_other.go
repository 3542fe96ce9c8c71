// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

//go:build !linux

package main

import "os"

// peakMiB is not known here.
func peakMiB(*os.ProcessState) float64 { return 0 }
