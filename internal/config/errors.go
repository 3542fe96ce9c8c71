// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package config

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
)

// Error is one mistake in a configuration file.
type Error struct {
	File    string // as given to Parse
	Line    int    // from 1; 0 when the mistake has no place
	Column  int    // from 1, in characters
	Path    string // of the field, such as models.steady.fallback[1]; empty for mistakes of syntax
	Message string // what is wrong, and the fix where one is known
	Fix     string // what to do where Message does not say it; may be empty
}

// Hint returns the fix that the message leaves out.
func (e *Error) Hint() string { return e.Fix }

// Error returns file:line:column: path: message.
func (e *Error) Error() string {
	var b strings.Builder
	if e.File != "" {
		b.WriteString(e.File + ":")
		if e.Line > 0 {
			fmt.Fprintf(&b, "%d:%d:", e.Line, e.Column)
		}
		b.WriteByte(' ')
	}
	if e.Path != "" {
		b.WriteString(e.Path + ": ")
	}
	return b.String() + e.Message
}

// keyPath matches keys below a thing of the file, such as cascade.verify.command or route.rules[2].when.
var keyPath = regexp.MustCompile(`^[\w-]+(\[\d+\])?(\.[\w-]+(\[\d+\])?)*$`)

// Fault returns err, which shows only when the thing of that name in a section is made, as a mistake with its place: err
// begins with the key that is to blame, or the path to it, and a colon.
func (c *Config) Fault(section, name string, err error) error {
	path := join(section, name)
	key, message, found := strings.Cut(err.Error(), ": ")
	if !found || !keyPath.MatchString(key) {
		return c.mistake(path, err.Error())
	}
	if errors.Is(err, fs.ErrNotExist) {
		message += "; paths are relative to this file"
	}
	return c.mistake(path+"."+key, message)
}

// Errors are all mistakes of one file, in the order of their places. Parse returns no other error.
type Errors []*Error

// Error returns one mistake per line.
func (es Errors) Error() string {
	lines := make([]string, len(es))
	for i, e := range es {
		lines[i] = e.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap returns the mistakes one by one.
func (es Errors) Unwrap() []error {
	errs := make([]error, len(es))
	for i, e := range es {
		errs[i] = e
	}
	return errs
}

func (es Errors) sort() {
	slices.SortStableFunc(es, func(a, b *Error) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Path, b.Path))
	})
}
