// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package model

import "time"

// Trace is the record of one answered request.
type Trace struct {
	ID       string        `json:"id"`
	Tenant   string        `json:"tenant"`
	Key      string        `json:"key,omitempty"` // id of the API key
	Model    string        `json:"model"`         // as asked for
	Purpose  Work          `json:"purpose,omitempty"`
	Stream   bool          `json:"stream,omitempty"`
	Start    time.Time     `json:"start"`
	Duration time.Duration `json:"duration_ns"`
	First    time.Duration `json:"first_ns,omitempty"` // until the first part
	Usage    Usage         `json:"usage"`              // over all attempts, estimated ones included
	Cost     Money         `json:"cost"`               // over all attempts, estimated ones included
	Attempts []Attempt     `json:"attempts,omitempty"`
	Picks    []Pick        `json:"picks,omitempty"` // what routes chose, and why

	Arms []Arm `json:"arms,omitempty"` // what the splits on the way chose, the outermost first

	// Drawn says that chance alone, before anything looked at the request, chose it to be put to the teacher of a task too: whoever
	// answered, what the teacher says is a fair sample of the task's traffic.
	Drawn bool `json:"drawn,omitempty"`

	Dropped []string `json:"dropped,omitempty"` // what of the request was left out, as in the header Retort-Dropped

	Error   string `json:"error,omitempty"`   // kind of the error, when there was no answer
	Message string `json:"message,omitempty"` // what the error said

	Dialect string `json:"dialect,omitempty"` // of Body; empty when Body is a Content as JSON
	Body    []byte `json:"-"`                 // the request as it came; nil when content is not captured

	Response *Response `json:"response,omitempty"` // nil on error; without choices when content is not captured
}

// Work is what a request was made for.
type Work string

// What requests are made for. All but Serving are questions that Retort asks by itself, or for a command: they are no traffic, and
// nothing that learns from traffic sees them.
const (
	Serving    Work = ""      // a client asked
	Labelling  Work = "label" // a teacher, for labels to learn from
	Reasking   Work = "reask" // a teacher, to see whether it says the same again
	Evaluating Work = "eval"  // any model, to measure its answers
	Judging    Work = "judge" // a judge, for verdicts on answers of others
	Tuning     Work = "tune"  // a part of a blend, for outcomes to tune the blend by
	Auditing   Work = "audit" // a teacher, to compare its answer with a student's that a client got
)

// Works are all that requests are made for.
func Works() []Work {
	return []Work{Serving, Labelling, Reasking, Evaluating, Judging, Tuning, Auditing}
}
