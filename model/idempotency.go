// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package model

import "context"

type idempotencyKey struct{}

// WithIdempotencyKey returns a context in which calls to upstreams say that they are one and the same piece of work as every
// other call with that key and the same body, whichever process makes it: an upstream that keeps to such keys answers the
// second as it answered the first, and bills one of them. The key holds no secret. It is for work that is paid for once and whose
// answer may be lost on the way, as when a process is killed; not for asking again in the hope of another answer.
func WithIdempotencyKey(ctx context.Context, key string) context.Context {
	return context.WithValue(ctx, idempotencyKey{}, key)
}

// IdempotencyKey returns the context's idempotency key; empty where it has none.
func IdempotencyKey(ctx context.Context) string {
	key, _ := ctx.Value(idempotencyKey{}).(string)
	return key
}
