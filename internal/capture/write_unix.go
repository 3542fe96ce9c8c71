// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

//go:build linux || darwin || openbsd

package capture

import (
	"errors"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// maxVectors is how many buffers one write takes: what Linux allows.
const maxVectors = 1024

// writeAll writes the buffers one behind the other from off on. It consumes bufs.
func writeAll(f *os.File, bufs [][]byte, off int64) error {
	for len(bufs) > 0 {
		n, err := pwrite(int(f.Fd()), bufs, off)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return &os.PathError{Op: "write", Path: f.Name(), Err: err}
		case n == 0:
			return &os.PathError{Op: "write", Path: f.Name(), Err: io.ErrShortWrite}
		}
		off += int64(n)
		bufs = rest(bufs, n)
	}
	return nil
}

func pwrite(fd int, bufs [][]byte, off int64) (int, error) {
	if len(bufs) == 1 { // one buffer costs the system less to write than a list of one
		return unix.Pwrite(fd, bufs[0], off)
	}
	return unix.Pwritev(fd, bufs, off)
}

// rest returns what is left of bufs behind the first n bytes.
func rest(bufs [][]byte, n int) [][]byte {
	for len(bufs) > 0 && n >= len(bufs[0]) {
		n -= len(bufs[0])
		bufs = bufs[1:]
	}
	if n > 0 {
		bufs[0] = bufs[0][n:]
	}
	return bufs
}
