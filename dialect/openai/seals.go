// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package openai

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"

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
//   - Of reasoning: in reasoning_details, which several upstreams send and some clients send back.
const (
	sealMark = "__seal_"
	maxSeal  = 16 << 10 // bytes of a seal that an id may carry
)

// sealID returns the id of a call with its seal in it.
func sealID(id string, s *model.Seal) string {
	if s == nil || s.Dialect == Name || len(s.Data) > maxSeal {
		return id
	}
	return id + sealMark + base64.RawURLEncoding.EncodeToString([]byte(dialect.CarrySeal(s, Name)))
}

// openID returns an id as it was before it carried a seal, and the seal.
func openID(id string) (string, *model.Seal) {
	i := strings.LastIndex(id, sealMark)
	if i < 0 {
		return id, nil
	}
	text, err := base64.RawURLEncoding.DecodeString(id[i+len(sealMark):])
	if err != nil {
		return id, nil
	}
	s := dialect.OpenSeal(string(text), Name, false)
	if s.Dialect == Name { // not one that was carried
		return id, nil
	}
	return id[:i], s
}

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

// detail is one of a message's reasoning_details.
type detail struct {
	Type      string `json:"type"`
	Text      string `json:"text,omitempty"`
	Summary   string `json:"summary,omitempty"`
	Data      string `json:"data,omitempty"`
	Signature string `json:"signature,omitempty"`
	Index     int    `json:"index"`
}

// details returns the reasoning_details that carry a seal.
func details(s *model.Seal, index int) json.RawMessage {
	if s.Dialect == Name {
		if raw := json.RawMessage(s.Data); json.Valid(raw) {
			return raw
		}
		return nil
	}
	d := detail{Type: "reasoning.text", Signature: dialect.CarrySeal(s, Name), Index: index}
	if s.Hidden {
		d = detail{Type: "reasoning.encrypted", Data: d.Signature, Index: index}
	}
	raw, err := json.Marshal([]detail{d})
	if err != nil {
		return nil // cannot be: strings and numbers alone
	}
	return raw
}

// undetailed returns the seal in reasoning_details: one that was carried there, or else all of them as they came. It
// is nil where there is nothing that an upstream could want back. text is what they say of the reasoning itself.
func undetailed(raw json.RawMessage) (s *model.Seal, text string) {
	var all []detail
	if json.Unmarshal(raw, &all) != nil {
		return nil, ""
	}
	worth := false
	for _, d := range all {
		text += d.Text + d.Summary
		for _, sealed := range []string{d.Signature, d.Data} {
			if sealed == "" {
				continue
			}
			worth = true
			if s := dialect.OpenSeal(sealed, Name, false); s.Dialect != Name {
				return s, text
			}
		}
	}
	if !worth {
		return nil, text
	}
	return &model.Seal{Dialect: Name, Data: string(raw)}, text
}
