// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package model

import "time"

// Trace is the record of one answered request.
type Trace struct {
	ID       string        `json:"id"`
	Tenant   string        `json:"tenant"`
	Key      string        `json:"key,omitempty"` // id of the API key
	Model    string        `json:"model"`         // as asked for
	Stream   bool          `json:"stream,omitempty"`
	Start    time.Time     `json:"start"`
	Duration time.Duration `json:"duration_ns"`
	First    time.Duration `json:"first_ns,omitempty"` // until the first part
	Usage    Usage         `json:"usage"`              // over all attempts, estimated ones included
	Cost     Money         `json:"cost"`               // over all attempts, estimated ones included
	Attempts []Attempt     `json:"attempts,omitempty"`
	Picks    []Pick        `json:"picks,omitempty"` // what routes chose, and why

	Arms []Arm `json:"arms,omitempty"` // what the splits on the way chose, the outermost first

	Dropped []string `json:"dropped,omitempty"` // what of the request was left out, as in the header Retort-Dropped

	Error   string `json:"error,omitempty"`   // kind of the error, when there was no answer
	Message string `json:"message,omitempty"` // what the error said

	Dialect string `json:"dialect,omitempty"` // of Body; empty when Body is a Content as JSON
	Body    []byte `json:"-"`                 // the request as it came; nil when content is not captured

	Response *Response `json:"response,omitempty"` // nil on error; without choices when content is not captured
}
