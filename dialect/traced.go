// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package dialect

// Traced is a Server with a place of its own for the id of a request. The clients of all others look for it in
// X-Request-Id.
type Traced interface {
	// TraceHeader returns the header, in canonical form, in which clients look for the id.
	TraceHeader() string
	// TracedError returns what Error returns, with the id of the request that failed; empty: it has none.
	TracedError(err error, trace string) []byte
}
