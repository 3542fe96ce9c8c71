// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package capture

import "golang.org/x/sys/windows"

// freeBytes returns what the user may still write to the disk that holds dir.
func freeBytes(dir string) (int64, error) {
	name, err := windows.UTF16PtrFromString(dir)
	if err != nil {
		return 0, err
	}
	var free uint64
	if err := windows.GetDiskFreeSpaceEx(name, &free, nil, nil); err != nil {
		return 0, err
	}
	return int64(free), nil
}
