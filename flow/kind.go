// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package flow

import (
	"encoding/json"
	"fmt"
)

// Kind is a kind of run: a function with a name and a version. Its zero value is of no use; Define makes one.
type Kind struct {
	name    string
	version int
	call    func(ctx Context, input []byte) (output any, err error)
}

// Name returns the kind's name.
func (k Kind) Name() string { return k.name }

// Define makes a kind of run of a function. Input, output and what steps return go through JSON. The version is to be
// raised when the function's steps, their order or their types change: a run that another version began is refused, since
// its records would be taken for something else.
func Define[In, Out any](name string, version int, function func(Context, In) (Out, error)) Kind {
	return Kind{name: name, version: version, call: func(ctx Context, input []byte) (any, error) {
		var in In
		if err := json.Unmarshal(input, &in); err != nil {
			return nil, fmt.Errorf("read the input of run %s: %w", ctx.run, err)
		}
		return function(ctx, in)
	}}
}

// envelope is what is recorded of a run when it begins.
type envelope struct {
	Kind    string `json:"kind"`
	Version int    `json:"version"`
	Title   string `json:"title"`
	Key     string `json:"key,omitempty"`
	Input   value  `json:"input"`
}
