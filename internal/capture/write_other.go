// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

//go:build !(linux || darwin || openbsd)

package capture

import "os"

// maxVectors is how many buffers go into one call of writeAll.
const maxVectors = 1024

// writeAll writes the buffers one behind the other from off on.
func writeAll(f *os.File, bufs [][]byte, off int64) error {
	for _, b := range bufs {
		n, err := f.WriteAt(b, off)
		if err != nil {
			return err
		}
		off += int64(n)
	}
	return nil
}
