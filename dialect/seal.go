// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package dialect

import (
	"encoding/base64"
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

// Where a client's dialect has no place for the seal of a tool's call, it travels in the call's id, behind SealMark:
// every client sends ids back. A seal of more than MaxSeal bytes stays behind.
const (
	SealMark = "__seal_"
	MaxSeal  = 16 << 10
)

// SealID returns the id of a call, for clients of the dialect of that name, with a seal of another dialect in it.
func SealID(id string, s *model.Seal, name string) string {
	if s == nil || s.Dialect == name || len(s.Data) > MaxSeal {
		return id
	}
	return id + SealMark + base64.RawURLEncoding.EncodeToString([]byte(CarrySeal(s, name)))
}

// OpenID returns an id as it was before SealID put a seal into it, and the seal.
func OpenID(id, name string) (string, *model.Seal) {
	i := strings.LastIndex(id, SealMark)
	if i < 0 {
		return id, nil
	}
	text, err := base64.RawURLEncoding.DecodeString(id[i+len(SealMark):])
	if err != nil {
		return id, nil
	}
	s := OpenSeal(string(text), name, false)
	if s.Dialect == name { // not one that was carried
		return id, nil
	}
	return id[:i], s
}
