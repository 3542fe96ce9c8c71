// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package responses

import (
	"slices"
	"strings"

	"retort/dialect"
)

// efforts are the vendor's, from the least.
var efforts = [...]string{"none", "minimal", "low", "medium", "high", "xhigh", "max"}

// effort returns the effort to ask the model of that name for: where the vendor would refuse the one that a request of
// another dialect asks, the nearest that it takes.
func (e *encoder) effort(asked, name string) string {
	if asked == "" || e.own || !e.strict {
		return asked
	}
	at := slices.Index(efforts[:], asked)
	most := slices.Index(efforts[:], mostEffort(name))
	switch {
	case at >= 0 && at <= most:
		return asked
	case at < 0 && asked != "ultra" && asked != "maximum":
		e.left(string(dialect.Effort)) // nobody knows what is near
		return ""
	}
	e.left(string(dialect.Effort))
	return efforts[most]
}

// mostEffort returns the most effort that a model takes, by its name: all that came later take them all.
func mostEffort(name string) string {
	name = name[strings.LastIndexByte(name, '/')+1:]
	if strings.HasPrefix(name, "gpt-5.1-codex-max") {
		return "xhigh"
	}
	for _, old := range [...]struct{ prefix, most string }{{"o1", "high"}, {"o3", "high"}, {"o4", "high"}, {"codex-mini", "high"}, {"gpt-5", "high"},
		{"gpt-5.1", "high"}, {"gpt-5.2", "xhigh"}, {"gpt-5.3", "xhigh"}, {"gpt-5.4", "xhigh"}, {"gpt-5.5", "xhigh"}} {
		if rest, ok := strings.CutPrefix(name, old.prefix); ok && (rest == "" || rest[0] == '-') {
			return old.most
		}
	}
	return "max"
}
