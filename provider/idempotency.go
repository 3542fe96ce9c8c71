// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package provider

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"

	"retort/model"
)

// idempotencyHeader is how OpenAI's and Anthropic's clients name a piece of work; other upstreams pay it no attention.
const idempotencyHeader = "Idempotency-Key"

// identify names the piece of work that a request is, where its context has a key. The body is part of the name: upstreams
// refuse a key that comes again with another body, as when an answer has to be repaired. A name that the client gave stays.
func identify(r *http.Request) error {
	key := model.IdempotencyKey(r.Context())
	if key == "" || r.GetBody == nil || r.Header.Get(idempotencyHeader) != "" {
		return nil
	}
	body, err := r.GetBody()
	if err != nil {
		return fmt.Errorf("read the request again: %w", err)
	}
	defer body.Close()
	sum := sha256.New()
	fmt.Fprintf(sum, "%d:%s", len(key), key) // a hash cannot fail
	if _, err := io.Copy(sum, body); err != nil {
		return fmt.Errorf("read the request again: %w", err)
	}
	r.Header.Set(idempotencyHeader, "retort-"+hex.EncodeToString(sum.Sum(nil)[:20]))
	return nil
}
