// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package shareddata

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// ReadObjects calls each with the JSON objects of a file of the data folder, such as "snips_nlu/snips.jsonl.gz", one after the other, until it
// returns an error. The file is unpacked where its name ends in .gz. An error says when the folder is missing, or what is wrong with the file.
func ReadObjects[T any](name string, each func(*T) error) error {
	root, ok := Root()
	if !ok {
		return errMissing
	}
	f, err := os.Open(filepath.Join(root, filepath.FromSlash(name)))
	if err != nil {
		return err
	}
	defer f.Close()
	var from io.Reader = f
	if strings.HasSuffix(name, ".gz") {
		if from, err = gzip.NewReader(f); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	d := json.NewDecoder(from)
	for n := 1; ; n++ {
		var one T
		if err := d.Decode(&one); err == io.EOF {
			return nil
		} else if err != nil {
			return fmt.Errorf("%s: object %d: %w", name, n, err)
		}
		if err := each(&one); err != nil {
			return err
		}
	}
}

// Objects calls each with the objects of a file as ReadObjects does. It skips the test when the folder is missing, and fails it when the file
// cannot be read.
func Objects[T any](tb testing.TB, name string, each func(*T)) {
	tb.Helper()
	Dir(tb)
	err := ReadObjects(name, func(one *T) error {
		each(one)
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
}
