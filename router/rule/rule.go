// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package rule decides by conditions that people write: which of several rules is the first that holds for a request?
//
//	tokens > 8000 || images > 0
//	language == "de" and task != "support"
//	metadata.tier in ["gold", "silver"] && not stream
//	text matches "(?s)```.*```" || "run_query" in tool_names
//
// A condition is an expression in the language of expr (github.com/expr-lang/expr) over the facts that Facts lists, and
// is true or false. It is checked when it is compiled: names must be facts, types must fit. It can only look: it has no
// loops, no ranges, no patterns made at run time and nothing that builds text, so that its time grows with its own length
// and the request's, never faster. Regular expressions are RE2.
//
// Facts are computed when a rule that names them is tried, once for each request. All values are safe for concurrent use.
package rule

import (
	"fmt"
	"slices"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/vm"
)

// The bounds of a condition.
const (
	maxBytes = 4096
	maxNodes = 400
	memory   = 100_000 // what a run may use, in elements of lists
)

// functions are those that a condition may call.
var functions = []string{"len", "lower", "upper", "trim", "hasPrefix", "hasSuffix", "abs", "min", "max", "int", "float"}

// Condition is a compiled condition. Its zero value always holds.
type Condition struct {
	program *vm.Program
	needs   []int // places of facts that it names
}

// Error says what is wrong with a condition.
type Error struct {
	Line, Column int    // where, from 1, in characters; 0: it concerns the whole
	Unknown      string // the name that is no fact and no function, if that is it
	Message      string
}

// Error returns the place and the message, on one line.
func (e *Error) Error() string {
	switch {
	case e.Column == 0:
		return e.Message
	case e.Line > 1:
		return fmt.Sprintf("line %d, character %d: %s", e.Line, e.Column, e.Message)
	}
	return fmt.Sprintf("character %d: %s", e.Column, e.Message)
}

// Compile checks a condition; a mistake is an *Error. An empty one always holds.
func Compile(when string) (Condition, error) {
	if when == "" {
		return Condition{}, nil
	}
	if len(when) > maxBytes {
		return Condition{}, &Error{Message: fmt.Sprintf("has %d bytes; a condition has at most %d", len(when), maxBytes)}
	}
	look := &inspector{source: file.NewSource(when)}
	program, err := compile(when, look)
	switch {
	case err != nil:
		return Condition{}, err
	case look.err != nil:
		return Condition{}, look.err
	}
	return Condition{program, look.needs}, nil
}

// compile turns a panic of the library into an error: what people write must never end the process.
func compile(when string, look *inspector) (program *vm.Program, err error) {
	defer func() {
		if r := recover(); r != nil {
			program, err = nil, &Error{Message: fmt.Sprintf("is no condition: %v", r)}
		}
	}()
	options := []expr.Option{expr.Env(zeroes()), expr.AsBool(), expr.MaxNodes(maxNodes), expr.DisableAllBuiltins(), expr.Patch(look)}
	for _, name := range functions {
		options = append(options, expr.EnableBuiltin(name))
	}
	program, err = expr.Compile(when, options...)
	if err != nil {
		return nil, explain(err)
	}
	return program, nil
}

// inspector refuses what could make a condition slow, before the compiler works on it, and notes the facts that it names.
type inspector struct {
	source file.Source
	needs  []int // places of facts
	err    error // the first mistake
}

// Visit looks at one node of the tree.
func (i *inspector) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.IdentifierNode:
		at := slices.IndexFunc(facts, func(f fact) bool { return f.name == n.Value })
		switch {
		case n.Value == "$env":
			i.refuse(n, "$env has all facts at once; name the one that is meant")
		case at >= 0 && !slices.Contains(i.needs, at):
			i.needs = append(i.needs, at)
		}
	case *ast.BinaryNode:
		i.binary(n)
	case *ast.PredicateNode:
		i.refuse(n, "a condition has no loops; write \"name\" in a list")
	}
}

func (i *inspector) binary(n *ast.BinaryNode) {
	_, constant := n.Right.(*ast.StringNode)
	switch {
	case n.Operator == "..":
		i.refuse(n, "a condition has no ranges; compare with < and >")
	case n.Operator == "matches" && !constant:
		i.refuse(n, "the pattern must stand in the condition, in quotes")
	case n.Operator == "+" && (isText(n.Left) || isText(n.Right)):
		i.refuse(n, "a condition only looks at text and puts none together")
	}
}

func isText(n ast.Node) bool {
	t := n.Type()
	return t != nil && t.Kind().String() == "string"
}

// refuse notes the first mistake.
func (i *inspector) refuse(n ast.Node, message string) {
	if i.err == nil {
		at := (&file.Error{Location: n.Location()}).Bind(i.source)
		i.err = &Error{Line: at.Line, Column: at.Column + 1, Message: message}
	}
}
