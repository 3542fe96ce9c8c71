// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package auth signs requests to upstreams whose credential is more than a key that the dialect knows where to put: keys
// in other headers, AWS's signatures, Google's access tokens. What it makes is a provider.Signer each.
//
// Tokens are fetched when they are first needed, kept until shortly before they expire and fetched by one request at a
// time. No secret is in an error.
package auth

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"retort/model"
)

// Key puts a fixed key into a header.
type Key struct{ header, value string }

// Bearer returns a signer that sends key as a bearer token.
func Bearer(key string) (Key, error) { return Header("Authorization", "Bearer ", key) }

// Header returns a signer that sends key in a header, behind prefix.
func Header(name, prefix, key string) (Key, error) {
	key = strings.TrimSpace(key)
	switch {
	case key == "":
		return Key{}, errors.New("api_key: is empty")
	case strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }):
		return Key{}, errors.New("api_key: holds characters that no HTTP header may hold")
	}
	return Key{header: name, value: prefix + key}, nil
}

// Sign sets the header.
func (k Key) Sign(r *http.Request) error {
	r.Header.Set(k.header, k.value)
	return nil
}

// String keeps the key out of everything that is printed.
func (Key) String() string { return "[key]" }

// GoString keeps the key out of everything that is printed.
func (Key) GoString() string { return "auth.Key{}" }

// failed is the error for a credential that could not be had. An unreachable source may be reachable later.
func failed(ctx context.Context, op string, err error, hint string, unreachable bool) error {
	kind := model.Unauthenticated
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case unreachable:
		kind = model.Unavailable
	}
	return &model.Error{Kind: kind, Op: op, Err: err, Hint: hint}
}

var errBody = errors.New("the body of the request cannot be read twice")
