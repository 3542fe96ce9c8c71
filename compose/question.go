// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package compose

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"

	"retort/model"
)

// question is the hash of all that can change the answer to a request.
type question [sha256.Size]byte

// flightKey is a question and how its answer is to be told: callers that want it told differently do not share the
// parts of one answer.
type flightKey struct {
	question question
	stream   bool
	usage    bool
}

// keyOf returns the key of a request; others is what its answer depends on beside the request itself.
func keyOf(req *model.Request, others string) (flightKey, error) {
	content, err := req.Content()
	if err != nil {
		return flightKey{}, err
	}
	whole := struct {
		Tenant, Model, Others string
		Strict                bool
		Dialect               string
		Header                map[string][]string
		Body                  map[string]json.RawMessage
		Content               *model.Content
	}{Tenant: req.Tenant, Model: req.Model, Others: others, Strict: req.Strict}
	if req.Wire != nil {
		whole.Dialect, whole.Header = req.Wire.Dialect, req.Wire.Header
		whole.Body, err = asked(req.Wire.Body)
	} else {
		own := *content
		own.IncludeUsage = false
		whole.Content = &own
	}
	var text []byte
	if err == nil {
		text, err = json.Marshal(whole) // maps come out sorted
	}
	if err != nil {
		return flightKey{}, &model.Error{Kind: model.Invalid, Op: "read request", Err: fmt.Errorf("encode content: %w", err)}
	}
	return flightKey{question: sha256.Sum256(text), stream: req.Stream, usage: content.IncludeUsage}, nil
}

// asked returns the fields of a body but for those that say how the answer is sent, by the names that all dialects
// give them. The decoded content would not do: what a dialect does not know deep inside a body reaches an upstream of the
// same dialect all the same.
func asked(body []byte) (map[string]json.RawMessage, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(body, &fields); err != nil {
		return nil, err
	}
	delete(fields, "stream")
	delete(fields, "stream_options")
	return fields, nil
}
