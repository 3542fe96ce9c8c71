// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package anthropic

import (
	"strings"

	"retort/dialect"
	"retort/dialect/internal/scan"
	"retort/model"
)

// Seals stand where the API has a place for them: those of thoughts in signatures, those of thoughts that nobody may read
// in redacted thoughts. Calls of tools have none, but all clients send their ids back: what another dialect's upstream
// sealed a call with goes to clients within the id, and is taken out again when it comes back:
//
//	call_1__seal_cmV0b3J0LmdlbWluaS5BYkM
//
// A seal that would make an id too long stays behind. Texts have none either: the seal of one goes to clients on an empty
// thought right after it, and returns to it when that comes back.

// unsigned stands for the signature of a thought that has none.
const unsigned = "retort.none."

// behind begins the signature of an empty thought that carries the seal of the text before it: texts have no place for one.
const behind = "retort.<"

// openBehind returns the seal of the text before a thought; nil for signatures of all other thoughts.
func openBehind(text string) *model.Seal {
	carried, ok := strings.CutPrefix(text, behind)
	if !ok {
		return nil
	}
	return dialect.OpenSeal(carried, Name, false)
}

// carriedBehind says whether the seal of a text goes to clients on an empty thought.
func carriedBehind(s *model.Seal) bool { return s != nil && s.Dialect != Name && s.Data != "" }

// openSeal returns the seal that a signature or redacted thought stands for.
func openSeal(text string, hidden bool) *model.Seal {
	if text == "" || strings.HasPrefix(text, unsigned) || strings.HasPrefix(text, behind) {
		return nil
	}
	return dialect.OpenSeal(text, Name, hidden)
}

// signature returns what stands for a seal; clients want one of every thought.
func signature(seal *model.Seal) string {
	if seal == nil || seal.Data == "" {
		return unsigned
	}
	return dialect.CarrySeal(seal, Name)
}

// redacted returns the block that stands for a thought that nobody may read.
func redacted(seal *model.Seal) []byte {
	b := scan.Quote([]byte(`{"type":"redacted_thinking","data":`), dialect.CarrySeal(seal, Name))
	return append(b, '}')
}

// sealID returns the id of a call with its seal in it.
func sealID(id string, s *model.Seal) string { return dialect.SealID(id, s, Name) }

// openID returns an id as it was before it carried a seal, and the seal.
func openID(id string) (string, *model.Seal) { return dialect.OpenID(id, Name) }
