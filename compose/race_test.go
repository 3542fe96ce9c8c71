// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

//go:build race

package compose

// raced says that the race detector is on, under which pools forget at random.
const raced = true
