// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package bedrock

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"

	"retort/dialect/internal/object"
	"retort/model"
)

// Events returns the answer of InvokeModelWithResponseStream to a model of Anthropic's as server-sent events, as the
// maker's own API sends them. It reads no more than limit bytes of any one event. A stream that breaks off is an error of
// Read; an exception becomes an event "error". Close gives buffers back, and leaves body to its owner.
func Events(body io.Reader, limit int) io.ReadCloser {
	return &invoked{frames: newFrames(body, limit)}
}

// invoked turns events of one kind into those of the other.
type invoked struct {
	frames *frames
	out    []byte // of the event read last
	rest   []byte // of out, not yet given
	err    error
}

// Read gives what is left of an event, or reads the next.
func (s *invoked) Read(p []byte) (int, error) {
	for len(s.rest) == 0 {
		if s.err != nil {
			return 0, s.err
		}
		if s.err = s.next(); s.err != nil {
			s.frames.close()
		}
	}
	n := copy(p, s.rest)
	s.rest = s.rest[n:]
	return n, nil
}

// Close ends the use of s.
func (s *invoked) Close() error {
	if s.err == nil {
		s.err = errors.New("the answer was closed")
		s.frames.close()
	}
	return nil
}

// next reads one event into s.rest.
func (s *invoked) next() error {
	f, err := s.frames.next()
	if err != nil {
		return err
	}
	switch {
	case string(f.kind) != "event":
		s.out = failedEvent(s.out[:0], exception(f))
	case string(f.name) == "chunk":
		if s.out, err = chunk(s.out[:0], f.payload); err != nil {
			return err
		}
	default:
		s.out = s.out[:0]
	}
	s.rest = s.out
	return nil
}

// chunk appends the event that a chunk holds.
func chunk(out, payload []byte) ([]byte, error) {
	d := &decoder{object.New(payload)}
	var text string
	if err := d.Done(d.only("bytes", &text)); err != nil {
		return nil, err
	}
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, errors.New("a chunk of the answer is not base64")
	}
	inner := &decoder{object.New(data)}
	var name string
	if err := inner.Done(inner.only("type", &name)); err != nil {
		return nil, err
	}
	out = append(append(append(out, "event: "...), name...), "\ndata: "...)
	return append(append(out, data...), "\n\n"...), nil
}

// failedEvent appends the event with which Anthropic's own API ends a stream that failed.
func failedEvent(out []byte, e *model.Error) []byte {
	kind := map[model.Kind]string{model.RateLimited: "rate_limit_error", model.Exhausted: "rate_limit_error", model.Unavailable: "overloaded_error",
		model.Timeout: "timeout_error", model.Invalid: "invalid_request_error", model.TooLong: "invalid_request_error",
		model.Forbidden: "permission_error", model.Unauthenticated: "authentication_error", model.NotFound: "not_found_error"}[e.Kind]
	if kind == "" {
		kind = "api_error"
	}
	message, err := json.Marshal(e.Err.Error())
	if err != nil {
		message = []byte(`"unknown"`)
	}
	out = append(out, `event: error`+"\n"+`data: {"type":"error","error":{"type":"`+kind+`","message":`...)
	return append(append(out, message...), "}}\n\n"...)
}
