// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

//go:build linux || darwin

package capture

import "golang.org/x/sys/unix"

// freeBytes returns what an ordinary user may still write to the disk that holds dir.
func freeBytes(dir string) (int64, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return 0, err
	}
	return int64(s.Bavail) * int64(s.Bsize), nil
}
