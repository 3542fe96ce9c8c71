// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package openai

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"

	"retort/dialect/internal/reply"
	"retort/dialect/sse"
	"retort/model"
)

// ends says where a base URL ends.
const ends = "/chat/completions begins, often in /v1"

// Response reads an answer, as a stream of events or whole, whichever the upstream chose to send.
func (c Client) Response(r *http.Response, req *model.Request, limit int, emit func(model.Part) error) (*model.Response, error) {
	in, err := reply.Open(r, limit, ends)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	if in.Events != nil {
		return readStream(in.Events, req, emit)
	}
	return answerWhole(in, req, emit)
}

// readStream reads events until [DONE], emitting the parts of each. Some servers send no [DONE]: the stream may end
// without it once all choices have finished.
func readStream(rd *sse.Reader, req *model.Request, emit func(model.Part) error) (*model.Response, error) {
	s := &chunks{req: req}
	rd.WantComments()
	for {
		ev, err := rd.Next()
		if err == io.EOF && s.whole(req) {
			break
		}
		if err != nil {
			return nil, reply.Cut(err, s.parts != nil)
		}
		if ev.Comment {
			if err := s.keepAlive(rd.More(), emit); err != nil {
				return nil, err
			}
			continue
		}
		if string(bytes.TrimSpace(ev.Data)) == "[DONE]" {
			break
		}
		if err := s.read(ev.Name, ev.Data); err != nil {
			return nil, err
		}
		s.parts[len(s.parts)-1].More = rd.More()
		for i := range s.parts {
			if err := emit(s.parts[i]); err != nil {
				return nil, err
			}
		}
	}
	choices := s.all.Choices()
	if len(choices) == 0 {
		return nil, reply.Bad(errors.New("the stream ended without an answer in it"))
	}
	return &model.Response{ID: s.id, Created: s.created, Choices: choices, Usage: s.usage, ServiceTier: s.tier}, nil
}

// keepAlive passes on that the upstream is alive: an event without data. Before the first part and after the last one
// nothing is passed on, so that another model can still answer, or the answer end.
func (s *chunks) keepAlive(more bool, emit func(model.Part) error) error {
	if s.parts == nil || s.all.Finished() {
		return nil
	}
	return emit(model.Part{Event: model.Event{Dialect: Name}, More: more})
}

// whole says whether all choices that were asked for have finished.
func (s *chunks) whole(req *model.Request) bool {
	if !s.all.Finished() {
		return false
	}
	content, err := req.Content()
	return err != nil || len(s.all.Choices()) >= content.N
}

// whole reads an answer in one JSON object and emits it.
func answerWhole(in *reply.Reply, req *model.Request, emit func(model.Part) error) (*model.Response, error) {
	data, err := in.Whole()
	if err != nil {
		return nil, err
	}
	resp, err := readWhole(data)
	if err != nil {
		return nil, err
	}
	for i := range resp.Choices {
		for j := range resp.Choices[i].Message.Blocks {
			if b := &resp.Choices[i].Message.Blocks[j]; b.Kind == model.AudioBlock && b.Media.Type == "" {
				b.Media.Type = soundType(req)
			}
		}
	}
	if !req.Stream {
		resp.Body = &model.Body{Dialect: Name, Data: data}
	}
	if err := resp.Emit(emit); err != nil {
		return nil, err
	}
	return resp, nil
}

// readWhole reads a chat.completion object.
func readWhole(data []byte) (*model.Response, error) {
	d := newDecoder(data)
	resp := &model.Response{}
	refused, said, broke := false, false, false
	err := d.Members(func(key string) error {
		switch key {
		case "id":
			return d.Str(&resp.ID)
		case "created":
			if d.Kind() == '0' {
				resp.Created = int64(d.Float())
				return nil
			}
		case "error":
			refused = d.Kind() != 'n'
		case "usage":
			return d.usage(&resp.Usage)
		case "service_tier":
			if d.Kind() == '"' {
				resp.ServiceTier = d.String()
				return nil
			}
		case "choices":
			said = true
			return d.choices(resp, &broke)
		}
		d.Skip()
		return nil
	})
	err = d.Done(err)
	switch {
	case d.Err() != nil:
		return nil, reply.Bad(fmt.Errorf("the answer is %w", err))
	case refused:
		return nil, failure(0, data)
	case err != nil:
		return nil, reply.Bad(err)
	case !said:
		return nil, reply.Hinted(errors.New("the answer has no choices: "+reply.Excerpt(data)), "check base_url and dialect")
	case len(resp.Choices) == 0:
		return nil, reply.Bad(errors.New("the answer's choices are empty"))
	case broke:
		return nil, errBroke()
	}
	return resp, nil
}

// choices reads the answers; broke becomes true where one says that it failed.
func (d *decoder) choices(resp *model.Response, broke *bool) error {
	return d.Elems(func(int) error {
		var choice model.Choice
		err := d.Members(func(key string) error {
			switch key {
			case "message":
				var err error
				choice.Message, err = d.message()
				return err
			case "finish_reason":
				var reason string
				err := d.Str(&reason)
				choice.Finish, *broke = finishOf(reason), *broke || reason == failedEnd
				return err
			case "stop_reason":
				if d.Kind() == '"' {
					choice.StopText = d.String()
					return nil
				}
			case "logprobs":
				return d.logprobs(&choice.Logprobs)
			}
			d.Skip()
			return nil
		})
		choice.Message.Role = model.Assistant
		resp.Choices = append(resp.Choices, choice)
		return err
	})
}
