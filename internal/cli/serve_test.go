// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package cli

import (
	"testing"
	"time"

	"retort/internal/store"
)

func TestGatewaysThatNobodyElseReaches(t *testing.T) {
	valid, revoked := store.Key{ID: "a"}, store.Key{ID: "b", Revoked: new(time.Time)}
	for _, tt := range []struct {
		url  string
		keys []store.Key
		want bool
	}{
		{"http://127.0.0.1:8080", nil, false},
		{"http://[::1]:8080", nil, false},
		{"http://localhost:8080", nil, false},
		{"http://[::]:8080", nil, true},
		{"http://192.0.2.2:8080", nil, true},
		{"http://gateway.example:8080", []store.Key{revoked}, true},
		{"http://0.0.0.0:8080", []store.Key{revoked, valid}, false},
	} {
		if got := unreachable(tt.url, tt.keys); got != tt.want {
			t.Errorf("%s with %d keys: got %v", tt.url, len(tt.keys), got)
		}
	}
}
