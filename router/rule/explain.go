// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package rule

import (
	"errors"
	"fmt"
	"strings"

	"github.com/expr-lang/expr/file"
)

// explain puts an error of the compiler into our words.
func explain(err error) error {
	var at *file.Error
	if !errors.As(err, &at) {
		message, _, _ := strings.Cut(err.Error(), "\n")
		if got, ok := strings.CutPrefix(message, "expected bool, but got "); ok {
			message = "is neither true nor false, but of type " + got + "; compare it with something"
		}
		return &Error{Message: message}
	}
	e := &Error{Line: at.Line, Column: at.Column + 1, Message: at.Message}
	if name, ok := strings.CutPrefix(at.Message, "unknown name "); ok {
		e.Unknown, e.Message = name, fmt.Sprintf("there is no fact or function %q", name)
	}
	return e
}

// Names returns all that a condition may name: facts and functions.
func Names() []string {
	names := make([]string, 0, len(facts)+len(functions))
	for _, f := range facts {
		names = append(names, f.name)
	}
	return append(names, functions...)
}
