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

func keyOf(req *model.Request) (flightKey, error) {
	content, err := req.Content()
	if err != nil {
		return flightKey{}, err
	}
	key := flightKey{stream: req.Stream, usage: content.IncludeUsage}
	asked := *content
	asked.IncludeUsage = false
	whole := struct {
		Tenant, Model string
		Strict        bool
		Dialect       string
		Header        map[string][]string
		Content       *model.Content
	}{Tenant: req.Tenant, Model: req.Model, Strict: req.Strict, Content: &asked}
	if req.Wire != nil {
		whole.Dialect, whole.Header = req.Wire.Dialect, req.Wire.Header
	}
	text, err := json.Marshal(whole) // maps come out sorted
	if err != nil {
		return flightKey{}, &model.Error{Kind: model.Invalid, Op: "read request", Err: fmt.Errorf("encode content: %w", err)}
	}
	key.question = sha256.Sum256(text)
	return key, nil
}
