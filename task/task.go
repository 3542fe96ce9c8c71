// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package task holds contracts: what a model is asked to do (instructions), what it may answer (output: one of some
// labels, or an object that keeps to a JSON Schema) and what it must answer alike (agreement). A Task turns any language model into its teacher, by building the prompt and reading
// the answer, and any student into a Model that answers the same requests.
package task

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"retort/model"
)

// Task is a contract. It is immutable after Validate and safe for concurrent use.
type Task struct {
	Name         string
	Instructions string
	Labels       []string // the answers allowed: an enum, in order
	Object       *Object  // the answers allowed where they are objects; then there are no Labels
	Examples     []Example
}

// Example is an input with the answer wanted, shown to a teacher.
type Example struct {
	Input  string
	Output string
}

// Validate reports the first thing wrong with a contract, naming its field.
func (t *Task) Validate() error {
	if t.Object == nil {
		if err := t.checkLabels(); err != nil {
			return err
		}
	} else if len(t.Labels) > 0 {
		return errors.New("output: answers are labels or objects, not both")
	}
	for i, ex := range t.Examples {
		if _, err := t.Canonical(ex.Input, ex.Output); err != nil {
			return fmt.Errorf("examples[%d].output: %w", i, err)
		}
	}
	return nil
}

// output is a kind of answers: labels or objects.
type output interface {
	// canonical checks an answer to input and returns its one spelling.
	canonical(input, answer string) (string, error)
	// read is canonical for answers as language models give them, with more around them or in other spelling.
	read(input, answer string) (string, error)
	// ask tells a language model how to answer.
	ask() wording
}

// wording is what a language model is told about answers.
type wording struct {
	duty   string                     // what to do where the task has no instructions
	rules  string                     // how to answer
	word   string                     // for an answer, in examples
	again  string                     // how to answer, after an answer outside the contract
	tell   bool                       // say before that what was wrong
	shown  func(answer string) string // an answer as it is shown in examples; nil: as it is
	format *model.Format
}

func (t *Task) output() output {
	if t.Object != nil {
		return t.Object
	}
	return labels(t.Labels)
}

// Canonical returns an answer to input in its one spelling: a label as it is, or an object in canonical form. The error
// says why an answer is outside the contract.
func (t *Task) Canonical(input, answer string) (string, error) {
	return t.output().canonical(input, answer)
}

// Spell is Canonical that also takes labels which differ from the task's in case, blanks or punctuation only, as people write
// them into files.
func (t *Task) Spell(input, answer string) (string, error) {
	said, err := t.Canonical(input, answer)
	if err == nil || t.Object != nil {
		return said, err
	}
	if label, ok := labels(t.Labels).match(answer); ok {
		return label, nil
	}
	return "", err
}

// Read returns a language model's answer to input as one that the task allows, in its one spelling. For labels that is what
// Parse does. An object may stand in a Markdown fence or between words, but must be the only one. The error says
// why the answer is outside the contract.
func (t *Task) Read(input, answer string) (string, error) { return t.output().read(input, answer) }

// Parse is Read where the input is not known: the strings of an object stay spelled as they are.
func (t *Task) Parse(answer string) (said string, ok bool) {
	said, err := t.Read("", answer)
	return said, err == nil
}

// Class returns the index of a label, spelled exactly, or -1.
func (t *Task) Class(label string) int { return slices.Index(t.Labels, label) }

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
func (t *Task) unusable(answer string, why error) error {
	return &model.Error{Kind: model.Unusable, Op: "task " + t.Name + ": read answer",
		Err:  fmt.Errorf("the model answered %q: %w", clip(answer, 200), why),
		Hint: "give the task clearer instructions or examples, or a stronger teacher"}
}

func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}
