// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package server

import (
	"testing"

	"retort/model"
)

// FuzzFeedback proves that whatever is sent as feedback is either taken, with a trace and something said, or refused
// as the client's mistake.
func FuzzFeedback(f *testing.F) {
	for _, seed := range []string{`{"trace":"t","rating":0.5}`, `{"trace":"t","correction":null}`, `{"trace":"t","outcome":{"name":"x","value":1},"id":"7"}`, `{"trace":"t","outcome":{}}`, `{"trace":1}`, `[]`, ``, `{"x":1}`, `{"trace":"t"}{}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := parseFeedback(body)
		if err != nil {
			if model.KindOf(err) != model.Invalid || err.Error() == "" {
				t.Errorf("refused with %v of kind %v", err, model.KindOf(err))
			}
			return
		}
		whole := got.Outcome != nil && got.Outcome.Name != "" && got.Outcome.Value != nil
		if got.Trace == "" || got.Rating == nil && got.Correction == nil && got.Comment == "" && !whole || got.Outcome != nil && !whole {
			t.Errorf("took %+v", got)
		}
	})
}
