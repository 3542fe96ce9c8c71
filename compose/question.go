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

// Question returns a hash of all that can change the answer to a request but whom it asks, and so it tells whether two models were
// asked the same: the tenant, strictness, the dialect with its headers and every field of the body but "model" and those that
// say how the answer is sent; of a request without a body the content. It is that of Cache, without the model. The error is
// that the request cannot be read.
func Question(req *model.Request) ([sha256.Size]byte, error) {
	anybody := *req
	anybody.Model = ""
	if w := req.Wire; w != nil {
		fields, err := asked(w.Body)
		if err != nil {
			return question{}, unreadable(err)
		}
		delete(fields, "model")
		return hash(&anybody, "", fields, nil)
	}
	content, err := req.Content()
	if err != nil {
		return question{}, err
	}
	return hash(&anybody, "", nil, content)
}

// keyOf returns the key of a request; others is what its answer depends on beside the request itself.
func keyOf(req *model.Request, others string) (flightKey, error) {
	content, err := req.Content()
	if err != nil {
		return flightKey{}, err
	}
	var body map[string]json.RawMessage
	if req.Wire != nil {
		if body, err = asked(req.Wire.Body); err != nil {
			return flightKey{}, unreadable(err)
		}
	}
	q, err := hash(req, others, body, content)
	return flightKey{question: q, stream: req.Stream, usage: content.IncludeUsage}, err
}

// hash returns the hash of a request by the fields of its body, or by its content where it has none.
func hash(req *model.Request, others string, body map[string]json.RawMessage, content *model.Content) (question, error) {
	whole := struct {
		Tenant, Model, Others string
		Strict                bool
		Dialect               string
		Header                map[string][]string
		Body                  map[string]json.RawMessage
		Content               *model.Content
	}{Tenant: req.Tenant, Model: req.Model, Others: others, Strict: req.Strict}
	if req.Wire != nil {
		whole.Dialect, whole.Header, whole.Body = req.Wire.Dialect, req.Wire.Header, body
	} else {
		own := *content
		own.IncludeUsage = false
		whole.Content = &own
	}
	text, err := json.Marshal(whole) // maps come out sorted
	if err != nil {
		return question{}, unreadable(err)
	}
	return sha256.Sum256(text), nil
}

func unreadable(err error) error {
	return &model.Error{Kind: model.Invalid, Op: "read request", Err: fmt.Errorf("encode content: %w", err)}
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
