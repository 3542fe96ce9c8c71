// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

//go:build !unix

package sections

import "os"

// mapFile reads a file.
func (f *Format) mapFile(path string) (data []byte, release func() error, err error) {
	data, err = os.ReadFile(path)
	return data, func() error { return nil }, err
}

// syncFolder does nothing: a rename is durable here as far as the system makes it so.
func syncFolder(string) error { return nil }
