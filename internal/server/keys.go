// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package server

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"strings"
)

// Key is an API key as the server knows it: never the secret, only its hash.
type Key struct {
	ID     string
	Tenant string
	Hash   [sha256.Size]byte // SHA-256 of the secret
}

// keyring finds keys by the hash of their secret. Who cannot compute SHA-256 backwards learns nothing from how long a
// look-up takes, since a guess decides nothing about the bits of its hash.
type keyring map[[sha256.Size]byte]Key

func (k keyring) find(secret string) (Key, bool) {
	hash := sha256.Sum256([]byte(secret))
	key, ok := k[hash]
	return key, ok && subtle.ConstantTimeCompare(key.Hash[:], hash[:]) == 1
}

// SetKeys replaces the keys that the server accepts, from the next request on. nil says that no key was ever made: then
// it serves clients on this machine only, and asks none for a key. An empty list admits nobody.
func (s *Server) SetKeys(keys []Key) {
	if keys == nil {
		s.keys.Store(new(keyring))
		return
	}
	ring := make(keyring, len(keys))
	for _, k := range keys {
		ring[k.Hash] = k
	}
	s.keys.Store(&ring)
}

// secretOf returns the secret that a request carries, or "".
func secretOf(h http.Header) string {
	if auth := first(h, "Authorization"); auth != "" {
		scheme, secret, _ := strings.Cut(auth, " ")
		if strings.EqualFold(scheme, "Bearer") {
			return strings.TrimSpace(secret)
		}
	}
	return first(h, "X-Api-Key")
}

// first returns the first value of a header whose name is in canonical form.
func first(h http.Header, name string) string {
	if v := h[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}
