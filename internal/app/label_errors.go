// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"fmt"

	"retort/model"
)

// unlabelledTaskError says that nobody knows what the labels may be.
type unlabelledTaskError struct{ task string }

func (e *unlabelledTaskError) Error() string {
	return fmt.Sprintf("nothing says what the labels of task %q may be: the configuration has no such task", e.task)
}
func (e *unlabelledTaskError) Hint() string {
	return "add it to the section tasks with its output and a teacher, or give its file with --task FILE"
}

// untaughtFileError says why a file has no labels, where no task says what they may be.
type untaughtFileError struct {
	err  error // what reading it said
	task string
}

func (e *untaughtFileError) Error() string { return e.err.Error() }
func (e *untaughtFileError) Unwrap() error { return e.err }
func (e *untaughtFileError) Hint() string {
	return fmt.Sprintf("without labels there must be a teacher to give them, and the configuration has no task %q that names one", e.task)
}

// noTeacherError says that nobody is there to ask.
type noTeacherError struct{ task string }

func (e *noTeacherError) Error() string {
	return fmt.Sprintf("task %q has no teacher to label by", e.task)
}
func (e *noTeacherError) Hint() string {
	return "name one or several models of the configuration with --teacher"
}

// allLabelledError says that there is nothing to ask.
type allLabelledError struct{ file string }

func (e *allLabelledError) Error() string { return "every row of " + e.file + " has a label already" }
func (e *allLabelledError) Hint() string {
	return "distil from it without --teacher, or have the teachers label it anew with --relabel"
}

// ownTeacherError refuses to let a task teach itself.
type ownTeacherError struct{ teacher, task string }

func (e *ownTeacherError) Error() string {
	return fmt.Sprintf("teacher %q is task %q itself, or made of it", e.teacher, e.task)
}
func (e *ownTeacherError) Hint() string {
	return "name a model that answers without the task's student"
}

// unpricedError refuses to spend money that cannot be counted.
type unpricedError struct{ model string }

func (e *unpricedError) Error() string {
	return fmt.Sprintf("model %q has no price, so that nobody can say what its labels cost", e.model)
}
func (e *unpricedError) Hint() string {
	return fmt.Sprintf("give models.%s.price, in US dollars per million tokens", e.model)
}

// noBudgetError says that nobody has allowed to spend money.
type noBudgetError struct {
	missing  int
	estimate model.Money
}

func (e *noBudgetError) Error() string {
	return fmt.Sprintf("the labels cost money (%d answers, about $%.2f by the prices given), and no budget is given", e.missing, e.estimate.Dollars())
}
func (e *noBudgetError) Hint() string {
	return fmt.Sprintf("say what they may cost at most, in US dollars: --budget %.2f", max(0.01, 1.5*e.estimate.Dollars()))
}
