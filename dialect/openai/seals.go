// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package openai

import (
	"crypto/sha256"

	"retort/dialect"
	"retort/model"
)

// Seals have no place of their own in Chat Completions. Where they go:
//
//   - Of a tool's call: upstreams that have some put them into extra_content, which is kept as it is. Clients know none
//     of that and forget what they do not know, but all of them send the call's id back. A seal that another dialect
//     made therefore goes to clients within the id:
//
//     call_1__seal_cmV0b3J0LmdlbWluaS5BYkM
//
//     and is taken out again when it comes back. A seal that would make an id too long stays behind.
//
//   - Of reasoning: in reasoning_details, which several upstreams send and some clients send back; see details.go.

// sealID returns the id of a call with its seal in it.
func sealID(id string, s *model.Seal) string { return dialect.SealID(id, s, Name) }

// openID returns an id as it was before it carried a seal, and the seal.
func openID(id string) (string, *model.Seal) { return dialect.OpenID(id, Name) }

// maxID is how long an id of a call may be at the vendor's.
const maxID = 40

// callID returns the id of a call as the upstream takes it.
func (e *encoder) callID(id string) string {
	switch {
	case e.client.Quirks.ShortIDs && !short(id):
		return digest(id)[:9]
	case e.strict && len(id) > maxID:
		return "call_" + digest(id)[:24]
	}
	return id
}

func short(id string) bool {
	for _, c := range []byte(id) {
		if !(c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z') {
			return false
		}
	}
	return len(id) == 9
}

// digest returns letters and digits that stand for an id, 26 of them.
func digest(id string) string {
	const letters = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	sum := sha256.Sum256([]byte(id))
	out := sum[:26]
	for i := range out {
		out[i] = letters[int(out[i])%len(letters)]
	}
	return string(out)
}
