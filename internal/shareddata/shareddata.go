// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package shareddata finds the folder of public data sets that tests and benchmarks read. The data are not part of
// the project: they lie beside a checkout, in ../shared/data, or where RETORT_DATA says.
package shareddata

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// Root returns the data folder and whether it is there.
func Root() (string, bool) {
	if dir := os.Getenv("RETORT_DATA"); dir != "" {
		return dir, isDir(dir)
	}
	_, file, _, _ := runtime.Caller(0)
	dir := filepath.Join(filepath.Dir(file), "..", "..", "..", "shared", "data")
	return dir, isDir(dir)
}

// Dir returns the data folder, or skips the test when it is missing.
func Dir(tb testing.TB) string {
	tb.Helper()
	dir, ok := Root()
	if !ok {
		tb.Skipf("public data sets not found in %s; set RETORT_DATA to the folder that holds banking77/, clinc150/, …", dir)
	}
	return dir
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
