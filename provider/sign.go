// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package provider

import (
	"net/http"
	"strings"
)

// Signer adds an account's credential to a request at the moment it is sent, and whatever else its address needs. It is
// safe for concurrent use. The request's body, if it has one, can be read through GetBody. Sign may ask others for a
// token and keeps to the request's context. Its errors hold no secret.
type Signer interface {
	Sign(r *http.Request) error
}

// sign authorises a request.
func (p *Provider) sign(r *http.Request) error {
	if p.signer == nil {
		p.dialect.Authorize(r, p.key)
		return nil
	}
	return p.signer.Sign(r)
}

// telling are the headers that hold credentials, in whole or behind a word.
var telling = []string{"Authorization", "X-Api-Key", "Api-Key", "X-Goog-Api-Key", "X-Amz-Security-Token"}

// secrets returns what must not be seen of the credential: the key, and what was sent in its place.
func (p *Provider) secrets(sent *http.Request) []string {
	var all []string
	if p.key != "" {
		all = append(all, p.key)
	}
	if sent == nil {
		return all
	}
	const least = 6 // shorter ones stand in messages by chance
	for _, name := range telling {
		value := sent.Header.Get(name)
		if i := strings.LastIndexAny(value, " ="); i >= 0 {
			value = value[i+1:]
		}
		if len(value) >= least {
			all = append(all, value)
		}
	}
	return all
}
