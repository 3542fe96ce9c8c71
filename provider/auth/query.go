// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package auth

import (
	"net/http"
	"net/url"
)

// Signer is provider.Signer.
type Signer interface{ Sign(*http.Request) error }

// Query returns a signer that adds a parameter to the URL before s signs, such as Azure's api-version.
func Query(name, value string, s Signer) Signer { return query{name, value, s} }

type query struct {
	name, value string
	next        Signer
}

// Sign adds the parameter, unless the request has it.
func (q query) Sign(r *http.Request) error {
	if !r.URL.Query().Has(q.name) {
		if r.URL.RawQuery != "" {
			r.URL.RawQuery += "&"
		}
		r.URL.RawQuery += url.QueryEscape(q.name) + "=" + url.QueryEscape(q.value)
	}
	return q.next.Sign(r)
}
