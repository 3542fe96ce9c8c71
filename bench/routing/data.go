// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"strings"

	"retort/internal/shareddata"
)

var errNoData = errors.New("public data sets not found; set RETORT_DATA to the folder that holds routellm/, llmrouter/, …")

// readLines reads a file of JSON lines from the data folder.
func readLines[T any](name string) (out []T, err error) {
	err = shareddata.ReadObjects(name, func(line *T) error {
		out = append(out, *line)
		return nil
	})
	return out, err
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
