// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package kernel holds the inner loops of students, in assembly where the machine has the instructions and in Go
// everywhere else. Kernels over integers give the same bits on every path. The build tag purego selects the Go paths.
package kernel
