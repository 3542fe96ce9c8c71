// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package server

import (
	"crypto/sha256"
	"crypto/subtle"
	"iter"
	"net/http"
	"net/url"
	"strings"
)

// Key is an API key as the server knows it: never the secret, only its hash.
type Key struct {
	ID      string
	Tenant  string
	Manages bool              // it may end and resume runs
	Hash    [sha256.Size]byte // SHA-256 of the secret
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

// keyHeaders are where clients put their keys, beside "Authorization: Bearer": Anthropic's, Gemini's and Azure's.
var keyHeaders = [...]string{"X-Api-Key", "X-Goog-Api-Key", "Api-Key"}

// secretsOf yields the secrets that a request carries, each with the header that it is in. Some clients carry several: one that is meant for us, and one
// that they found somewhere and send along.
func secretsOf(h http.Header) iter.Seq2[string, string] {
	return func(yield func(header, secret string) bool) {
		for _, value := range h["Authorization"] {
			scheme, secret, _ := strings.Cut(value, " ")
			if secret = strings.TrimSpace(secret); secret != "" && strings.EqualFold(scheme, "Bearer") && !yield("Authorization", secret) {
				return
			}
		}
		for _, name := range keyHeaders {
			for _, secret := range h[name] {
				if secret != "" && !yield(name, secret) {
					return
				}
			}
		}
	}
}

// hideKey moves a key in the query, where Gemini's clients may put it, to the header that is for it: what stands in a
// URL is all too easily logged or passed on.
func hideKey(r *http.Request) {
	if !strings.Contains(r.URL.RawQuery, "key=") {
		return
	}
	var rest []string
	for pair := range strings.SplitSeq(r.URL.RawQuery, "&") {
		value, ok := strings.CutPrefix(pair, "key=")
		if !ok {
			rest = append(rest, pair)
			continue
		}
		if secret, err := url.QueryUnescape(value); err == nil && secret != "" {
			r.Header["X-Goog-Api-Key"] = append(r.Header["X-Goog-Api-Key"], secret)
		}
	}
	bare := *r.URL
	bare.RawQuery = strings.Join(rest, "&")
	r.URL, r.RequestURI = &bare, bare.RequestURI()
}

// first returns the first value of a header whose name is in canonical form.
func first(h http.Header, name string) string {
	if v := h[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}
