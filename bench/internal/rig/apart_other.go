// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

//go:build !linux

package rig

// Apart keeps processes on cores of their own, which needs Linux.
func Apart(int) (together func() error, err error) {
	return nil, &MissingError{"keeping processes on cores of their own needs Linux"}
}
