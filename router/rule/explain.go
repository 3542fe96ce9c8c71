// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package rule

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/expr-lang/expr/file"
)

// explain puts an error of the compiler into our words.
func explain(err error) error {
	var at *file.Error
	if !errors.As(err, &at) {
		message, _, _ := strings.Cut(err.Error(), "\n")
		if got, ok := strings.CutPrefix(message, "expected bool, but got "); ok {
			message = "is neither true nor false, but a " + plain(got) + "; compare it with something"
		}
		return &Error{Message: message}
	}
	e := &Error{Line: at.Line, Column: at.Column + 1, Message: plain(at.Message)}
	if name, ok := strings.CutPrefix(at.Message, "unknown name "); ok {
		e.Unknown, e.Message = name, fmt.Sprintf("there is no fact or function %q", name)
	}
	return e
}

var (
	mismatch = regexp.MustCompile(`^invalid operation: (\S+) \(mismatched types (.+) and (.+)\)$`)
	misfit   = regexp.MustCompile(`^invalid operation: (\S+) \(mismatched type (.+)\)$`)
	kinds    = regexp.MustCompile(`map\[string\]string|\[\]string|\b(?:int|float64|string|bool)\b`)
)

// plain says in words of the docs what the library says in those of Go.
func plain(message string) string {
	message = mismatch.ReplaceAllString(message, "$1 does not go with a $2 and a $3")
	message = misfit.ReplaceAllString(message, "$1 does not go with a $2")
	return kinds.ReplaceAllStringFunc(message, func(kind string) string {
		return map[string]string{"int": "number", "float64": "number", "string": "text", "bool": "true-or-false",
			"[]string": "list of texts", "map[string]string": "set of texts by name"}[kind]
	})
}

// Names returns all that a condition may name: facts and functions.
func Names() []string {
	names := make([]string, 0, len(facts)+len(functions))
	for _, f := range facts {
		names = append(names, f.name)
	}
	return append(names, functions...)
}
