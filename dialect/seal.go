// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package dialect

import (
	"strings"

	"retort/model"
)

// A seal travels through clients of other dialects in the place where theirs would stand, marked as carried:
//
//	retort.gemini.AbC=      the upstream of dialect gemini said AbC=
//	retort.anthropic!.AbC=  the same, of a block whose content is hidden
//
// Clients send seals back as they came, so that a conversation that goes through Anthropic's dialect to a Gemini
// upstream keeps the signatures that the upstream insists on.
const carried = "retort."

// CarrySeal returns what stands for a seal in the dialect of that name: its own as they are, others marked.
func CarrySeal(s *model.Seal, name string) string {
	if s.Dialect == name {
		return s.Data
	}
	mark := "."
	if s.Hidden {
		mark = "!."
	}
	return carried + s.Dialect + mark + s.Data
}

// OpenSeal returns the seal that text stands for in the dialect of that name; hidden is for its own.
func OpenSeal(text, name string, hidden bool) *model.Seal {
	if rest, ok := strings.CutPrefix(text, carried); ok {
		if from, data, ok := strings.Cut(rest, "."); ok {
			origin, dark := strings.CutSuffix(from, "!")
			return &model.Seal{Dialect: origin, Data: data, Hidden: dark}
		}
	}
	return &model.Seal{Dialect: name, Data: text, Hidden: hidden}
}
