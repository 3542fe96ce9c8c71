// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package provider

import (
	"net/http"
	"strings"
	"testing"

	"retort/model"
)

func TestIdempotencyKeyNamesKeyAndBody(t *testing.T) {
	name := func(key, body, own string) string {
		t.Helper()
		ctx := t.Context()
		if key != "" {
			ctx = model.WithIdempotencyKey(ctx, key)
		}
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://127.0.0.1/", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if own != "" {
			r.Header.Set(idempotencyHeader, own)
		}
		if err := identify(r); err != nil {
			t.Fatal(err)
		}
		return r.Header.Get(idempotencyHeader)
	}
	first := name("secret-free", "body", "")
	if again := name("secret-free", "body", ""); again != first || !strings.HasPrefix(first, "retort-") {
		t.Errorf("the same work has the keys %q and %q", first, again)
	}
	seen := map[string]bool{first: true}
	for _, other := range [][2]string{{"secret-free", "body, repaired"}, {"other", "body"}, {"secret-free2", ":body"}, {"secret-freeb", "ody"}} {
		got := name(other[0], other[1], "")
		if seen[got] {
			t.Errorf("key %q of other work (%q) is taken", got, other)
		}
		seen[got] = true
	}
	if got := name("", "body", ""); got != "" {
		t.Errorf("without a key of the context the header is %q", got)
	}
	if got := name("secret-free", "body", "the client's"); got != "the client's" {
		t.Errorf("a client's key became %q", got)
	}
}
