// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package gemini

import (
	"encoding/base64"
	"strings"

	"retort/dialect"
	"retort/dialect/internal/object"
	"retort/model"
)

// unsigned is the signature that the vendor documents for calls that another model made; the field holds bytes, and this
// is their base64 for URLs. For clients, some of which read one alphabet alone, it is written in the standard one.
const (
	unsigned          = "skip_thought_signature_validator"
	unsignedForClient = "skip/thought/signature/validator"
)

// isUnsigned says whether a signature is one of those that say there is none, in any form in which clients send them.
func isUnsigned(signature string) bool {
	for _, s := range [...]string{unsigned, "context_engineering_is_the_way_to_go"} {
		if signature == s || signature == strings.ReplaceAll(s, "_", "/") || signature == base64.StdEncoding.EncodeToString([]byte(s)) {
			return true
		}
	}
	return false
}

// carriedMark is how a JSON string begins that is the base64 of a carried seal.
var carriedMark = []byte(`"cmV0b3J0L`)

// openSeal returns the seal that a signature stands for; nil when it stands for none.
func openSeal(signature string, hidden bool) *model.Seal {
	if isUnsigned(signature) {
		return nil
	}
	if strings.HasPrefix(signature, string(carriedMark[1:])) {
		if text, err := unbase64(signature); err == nil {
			return dialect.OpenSeal(string(text), Name, hidden)
		}
	}
	return &model.Seal{Dialect: Name, Data: signature, Hidden: hidden}
}

// carrySeal returns the signature that stands for a seal: the field holds base64.
func carrySeal(s *model.Seal) string {
	if s.Dialect == Name {
		return s.Data
	}
	return base64.StdEncoding.EncodeToString([]byte(dialect.CarrySeal(s, Name)))
}

// own says whether a seal is worth something to the vendor.
func own(s *model.Seal) bool { return s != nil && s.Dialect == Name && s.Data != "" }

// unbase64 reads base64 in either alphabet, padded or not.
func unbase64(text string) ([]byte, error) {
	text = strings.TrimRight(text, "=")
	enc := base64.RawStdEncoding
	if strings.ContainsAny(text, "-_") {
		enc = base64.RawURLEncoding
	}
	data, err := enc.DecodeString(text)
	if err != nil {
		return nil, object.Wrong("is not valid base64")
	}
	return data, nil
}
