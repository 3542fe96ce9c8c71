// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package compose

import (
	"fmt"
	"slices"
	"strings"
)

// failures are the errors of members, by what they say: what several say is told once.
type failures struct {
	said  []failure
	count int
}

type failure struct {
	text  string
	names []string
	err   error // of the first
}

func (f *failures) add(name string, err error) {
	f.count++
	text := err.Error()
	at := slices.IndexFunc(f.said, func(s failure) bool { return s.text == text })
	if at < 0 {
		at = len(f.said)
		f.said = append(f.said, failure{text: text, err: err})
	}
	if s := &f.said[at]; !slices.Contains(s.names, name) {
		s.names = append(s.names, name)
	}
}

// errors returns one error for each thing said, with the names of those who said it. Each wraps the first of its kind.
func (f *failures) errors() []error {
	out := make([]error, len(f.said))
	for i, s := range f.said {
		out[i] = fmt.Errorf("%s: %w", strings.Join(s.names, ", "), s.err)
	}
	return out
}
