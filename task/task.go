// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package task holds contracts: what a model is asked to do (instructions), what it may answer (output) and what it
// must answer alike (agreement). A Task turns any language model into its teacher, by building the prompt and reading
// the answer, and any student into a Model that answers the same requests.
package task

import (
	"errors"
	"fmt"
	"strings"

	"retort/model"
)

// Task is a contract. It is immutable after Validate and safe for concurrent use.
type Task struct {
	Name         string
	Instructions string
	Labels       []string // the answers allowed: an enum, in order
	Examples     []Example
}

// Example is an input with the answer wanted, shown to a teacher.
type Example struct {
	Input  string
	Output string
}

// Validate reports the first thing wrong with a contract, naming its field.
func (t *Task) Validate() error {
	if len(t.Labels) == 0 {
		return errors.New("output.enum: no labels; list the answers the task may give")
	}
	seen := make(map[string]string, len(t.Labels))
	for i, label := range t.Labels {
		key := fold(label)
		if key == "" {
			return fmt.Errorf("output.enum[%d]: the label is empty", i)
		}
		if other, ok := seen[key]; ok {
			return fmt.Errorf("output.enum[%d]: %q and %q differ only in case or punctuation; rename one", i, other, label)
		}
		seen[key] = label
	}
	for i, ex := range t.Examples {
		if t.Class(ex.Output) < 0 {
			return fmt.Errorf("examples[%d].output: %q is not one of the labels", i, ex.Output)
		}
	}
	return nil
}

// Class returns the index of a label, spelled exactly, or -1.
func (t *Task) Class(label string) int {
	for i, l := range t.Labels {
		if l == label {
			return i
		}
	}
	return -1
}

// Input returns the text that a request puts to the task. System messages are not part of it: the task's own
// instructions hold. The error is of kind Invalid when the request has no text, or content that is not text.
func (t *Task) Input(req *model.Request) (string, error) {
	content, err := req.Content()
	if err != nil {
		return "", err
	}
	return model.InputText(content)
}

// unusable is the error of an answer outside the contract.
func (t *Task) unusable(answer string) error {
	return &model.Error{Kind: model.Unusable, Op: "task " + t.Name + ": read answer",
		Err:  fmt.Errorf("the model answered %q, which is none of the %d labels", clip(answer, 200), len(t.Labels)),
		Hint: "give the task clearer instructions or examples, or a stronger teacher"}
}

func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}
