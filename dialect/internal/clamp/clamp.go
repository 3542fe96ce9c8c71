// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package clamp makes values that one vendor takes short enough for another.
package clamp

import (
	"crypto/sha256"
	"encoding/hex"
	"unicode/utf8"
)

// EndUser returns a caller's id of its end user in at most most characters: one that is longer becomes a part of its
// SHA-256 in hexadecimal digits, so that the same user stays the same and two stay two. most is at least 32.
func EndUser(id string, most int) string {
	if utf8.RuneCountInString(id) <= most {
		return id
	}
	sum := sha256.Sum256([]byte(id))
	digits := hex.EncodeToString(sum[:])
	return digits[:min(most, len(digits))]
}
