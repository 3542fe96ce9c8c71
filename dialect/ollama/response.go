// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package ollama

import (
	"bytes"
	"errors"
	"io"
	"net/http"

	"retort/dialect/internal/reply"
	"retort/model"
)

// ends says where a base URL ends.
const ends = "/api/chat begins"

// Response reads an answer, as a stream of lines or whole, whichever the upstream chose to send.
func (Client) Response(r *http.Response, req *model.Request, limit int, emit func(model.Part) error) (*model.Response, error) {
	in, err := reply.Open(r, limit, ends)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	if in.Events != nil {
		return nil, reply.Hinted(errors.New("the answer is a stream of events, not of lines"), "check dialect: the upstream speaks another")
	}
	if req.Stream {
		return readStream(in.Rest(), limit, emit)
	}
	data, err := in.Whole()
	if err != nil {
		return nil, err
	}
	resp, err := readWhole(data)
	if err != nil {
		if one := bytes.IndexByte(data, '\n'); one >= 0 && len(bytes.TrimSpace(data[one:])) > 0 && model.KindOf(err) == model.Upstream {
			return readStream(bytes.NewReader(data), limit, emit) // though nobody asked for one
		}
		return nil, err
	}
	resp.Body = &model.Body{Dialect: Name, Data: data}
	return resp, resp.Emit(emit)
}

// readStream reads lines until the one that says that the answer is done, emitting the parts of each.
func readStream(src io.Reader, limit int, emit func(model.Part) error) (*model.Response, error) {
	in := readLines(src, limit)
	defer in.Close()
	s := &stream{}
	for !s.done {
		data, err := in.Next()
		if err != nil {
			return nil, reply.Cut(err, s.begun)
		}
		if len(bytes.TrimSpace(data)) == 0 {
			if s.begun {
				err = emit(model.Part{Event: model.Event{Dialect: Name, Name: s.shape}, More: in.More()})
			}
			if err != nil {
				return nil, err
			}
			continue
		}
		if err := s.read(data); err != nil {
			return nil, err
		}
		s.parts[len(s.parts)-1].More = in.More()
		for i := range s.parts {
			if err := emit(s.parts[i]); err != nil {
				return nil, err
			}
		}
	}
	return s.response(), nil
}

// readWhole reads an answer that is one object.
func readWhole(data []byte) (*model.Response, error) {
	s := &stream{}
	if err := s.read(data); err != nil {
		return nil, err
	}
	if !s.done {
		return nil, reply.Bad(errors.New("the answer is not done: it ends in the middle"))
	}
	return s.response(), nil
}

// response returns what the lines add up to.
func (s *stream) response() *model.Response {
	return &model.Response{Created: s.created, Choices: s.all.Choices(), Usage: s.usage}
}
