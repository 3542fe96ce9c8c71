// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

//go:build race

package router

// raced says that the race detector is on, under which pools forget at random and so predictions allocate.
const raced = true
