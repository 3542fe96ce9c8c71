// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"retort/model"
)

// Feedback is what somebody says of an answer. At least one of Rating, Correction, Comment and Outcome is set.
type Feedback struct {
	Trace      string   `json:"trace"`                // id of the trace, from the answer's Retort-Trace header
	Rating     *float64 `json:"rating,omitempty"`     // on the client's own scale; higher is better
	Correction *string  `json:"correction,omitempty"` // what the answer should have been
	Comment    string   `json:"comment,omitempty"`
	Outcome    *Outcome `json:"outcome,omitempty"` // what became of it, perhaps much later
	ID         string   `json:"id,omitempty"`      // the client's, under which it is kept once
}

// Outcome is what became of an answer by some measure of the client's.
type Outcome struct {
	Name  string   `json:"name"`
	Value *float64 `json:"value"`
}

// FeedbackStore keeps feedback. It is safe for concurrent use.
type FeedbackStore interface {
	// AddFeedback keeps feedback on a trace of the tenant. A trace that the tenant does not have is an error of kind
	// NotFound.
	AddFeedback(ctx context.Context, tenant string, f Feedback) error
}

// feedback takes feedback.
func (s *Server) feedback(w http.ResponseWriter, r *http.Request, caller Key) {
	buf := s.bodies.take()
	defer s.bodies.give(buf)
	if err := s.readBody(w, r, buf); err != nil {
		s.failIn(w, r, s.table.first, err)
		return
	}
	f, err := parseFeedback(*buf)
	if err == nil {
		err = about("trace", s.options.Feedback.AddFeedback(r.Context(), caller.Tenant, f))
	}
	if err != nil {
		s.failIn(w, r, s.table.first, err)
		return
	}
	s.writeJSON(w, r, map[string]any{"object": "feedback", "trace": f.Trace})
}

// about names the field that an error of kind NotFound is about, should it not say so itself.
func about(field string, err error) error {
	var e *model.Error
	if !errors.As(err, &e) || e.Kind != model.NotFound || e.Field != "" {
		return err
	}
	named := *e
	named.Field = field
	return &named
}

// maxTrace bounds the id of a trace, in bytes.
const maxTrace = 100

var (
	errTrailing  = errors.New("there is more after the JSON object")
	errLongTrace = fmt.Errorf("is no trace's id: none is longer than %d bytes", maxTrace)
	errRange     = errors.New("is out of range: no such number can be kept")
	errNoTrace   = errors.New("say which answer you mean: its Retort-Trace header has the id")
	errNothing   = errors.New("give at least one of rating, correction, comment and outcome")
	errNoName    = errors.New("say what is measured")
	errNoValue   = errors.New("give the number that was measured")
)

// parseFeedback reads a body strictly: a field it does not know is more likely a mistake than meant for nobody.
func parseFeedback(body []byte) (Feedback, error) {
	var f Feedback
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(&f); err != nil {
		return f, unreadable(err)
	}
	if _, err := d.Token(); err != io.EOF {
		return f, invalidFeedback("", errTrailing)
	}
	switch {
	case f.Trace == "":
		return f, invalidFeedback("trace", errNoTrace)
	case len(f.Trace) > maxTrace:
		return f, invalidFeedback("trace", errLongTrace)
	case f.Rating == nil && f.Correction == nil && f.Comment == "" && f.Outcome == nil:
		return f, invalidFeedback("", errNothing)
	case f.Outcome != nil && f.Outcome.Name == "":
		return f, invalidFeedback("outcome.name", errNoName)
	case f.Outcome != nil && f.Outcome.Value == nil:
		return f, invalidFeedback("outcome.value", errNoValue)
	}
	return f, nil
}

// unreadable puts what the decoder found wrong in words for a client.
func unreadable(err error) error {
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		if strings.HasPrefix(wrong.Value, "number ") { // a number where a number should be
			return invalidFeedback(wrong.Field, errRange)
		}
		return invalidFeedback(wrong.Field, fmt.Errorf("%s where a %s should be", wrong.Value, jsonName(wrong.Type.String())))
	}
	if field, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok { // the decoder has no type for it
		return invalidFeedback(strings.Trim(field, `"`), errors.New("there is no such field; there are: trace rating correction comment outcome id"))
	}
	return invalidFeedback("", fmt.Errorf("the body is not a JSON object: %w", err))
}

func jsonName(goType string) string {
	switch goType {
	case "string":
		return "string"
	case "float64":
		return "number"
	}
	return "JSON object"
}

func invalidFeedback(field string, err error) error {
	return &model.Error{Kind: model.Invalid, Op: "read feedback", Field: field, Err: err}
}
