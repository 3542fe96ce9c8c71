// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"retort/internal/shareddata"
)

var errNoData = errors.New("public data sets not found; set RETORT_DATA to the folder that holds routellm/, llmrouter/, …")

// readLines reads a file of JSON lines from the data folder, unpacked where its name ends in .gz.
func readLines[T any](name string) ([]T, error) {
	root, ok := shareddata.Root()
	if !ok {
		return nil, errNoData
	}
	f, err := os.Open(filepath.Join(root, name))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var from io.Reader = f
	if strings.HasSuffix(name, ".gz") {
		if from, err = gzip.NewReader(f); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	var out []T
	for d := json.NewDecoder(from); ; {
		var line T
		if err := d.Decode(&line); err == io.EOF {
			return out, nil
		} else if err != nil {
			return nil, fmt.Errorf("%s: line %d: %w", name, len(out)+1, err)
		}
		out = append(out, line)
	}
}

// contaminated returns the prompts of a RouteLLM evaluation that its routers' training data have too.
func contaminated(name string) (map[string]bool, error) {
	type pair struct {
		Prompt string `json:"eval_prompt"`
	}
	lines, err := readLines[pair](name)
	if err != nil {
		return nil, err
	}
	out := map[string]bool{}
	for _, l := range lines {
		out[strings.TrimSpace(l.Prompt)] = true
	}
	return out, nil
}
