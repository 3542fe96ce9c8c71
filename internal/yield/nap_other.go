// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

//go:build !linux

package yield

import "time"

// nap is not needed: there are no control groups.
func nap(time.Duration) {}
