// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package shareddata

import (
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

var errMissing = errors.New("public data sets not found; set RETORT_DATA to the folder that holds banking77/, clinc150/, …")

// ReadCSV reads a CSV file of the data folder, such as "banking77/train.csv". An error says when the folder is missing, or what is wrong
// with the file.
func ReadCSV(name string) (header []string, rows [][]string, err error) {
	root, ok := Root()
	if !ok {
		return nil, nil, errMissing
	}
	f, err := os.Open(filepath.Join(root, filepath.FromSlash(name)))
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	rows, err = csv.NewReader(f).ReadAll()
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(rows) == 0 {
		return nil, nil, fmt.Errorf("%s: the file has no header", name)
	}
	return rows[0], rows[1:], nil
}

// CSV returns the rows of a file as ReadCSV does, without the header. It skips the test when the folder is missing, and fails it
// when the file cannot be read.
func CSV(tb testing.TB, name string) [][]string {
	tb.Helper()
	Dir(tb)
	_, rows, err := ReadCSV(name)
	if err != nil {
		tb.Fatal(err)
	}
	return rows
}
