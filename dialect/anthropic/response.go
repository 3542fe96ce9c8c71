// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package anthropic

import (
	"errors"
	"fmt"
	"io"
	"net/http"

	"retort/dialect/internal/reply"
	"retort/dialect/sse"
	"retort/model"
)

// ends says where a base URL ends.
const ends = "/v1/messages begins"

// Response reads an answer, as a stream of events or whole, whichever the upstream chose to send.
func (c Client) Response(r *http.Response, req *model.Request, limit int, emit func(model.Part) error) (*model.Response, error) {
	in, err := reply.Open(r, limit, ends)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	if in.Events != nil {
		return readStream(in.Events, emit)
	}
	data, err := in.Whole()
	if err != nil {
		return nil, err
	}
	resp, err := readWhole(data)
	if err != nil {
		return nil, err
	}
	if !req.Stream {
		resp.Body = &model.Body{Dialect: Name, Data: data}
	}
	if err := resp.Emit(emit); err != nil {
		return nil, err
	}
	return resp, nil
}

// readStream reads events until message_stop, emitting the parts of each. A stream that ends without it is complete once
// the answer has said why it ended.
func readStream(rd *sse.Reader, emit func(model.Part) error) (*model.Response, error) {
	s := &stream{}
	rd.WantComments()
	for !s.stopped {
		ev, err := rd.Next()
		if err == io.EOF && s.all.Finished() {
			break
		}
		if err != nil {
			return nil, reply.Cut(err, s.begun)
		}
		if ev.Comment {
			err = s.keepAlive(rd.More(), emit)
		} else {
			err = s.event(ev, rd, emit)
		}
		if err != nil {
			return nil, err
		}
	}
	choices := s.all.Choices()
	if len(choices) == 0 {
		return nil, reply.Bad(errors.New("the stream ended without an answer in it"))
	}
	return &model.Response{ID: s.id, Choices: choices, Usage: s.counts.usage(), ServiceTier: s.tier}, nil
}

// event emits the parts of an event.
func (s *stream) event(ev sse.Event, rd *sse.Reader, emit func(model.Part) error) error {
	if err := s.read(ev.Name, ev.Data); err != nil {
		return err
	}
	if len(s.parts) == 0 {
		return nil
	}
	s.parts[len(s.parts)-1].More = !s.stopped && rd.More()
	for i := range s.parts {
		if err := emit(s.parts[i]); err != nil {
			return err
		}
	}
	return nil
}

// keepAlive passes on that the upstream is alive: an event without data. Before the first part and after the last one
// nothing is passed on, so that another model can still answer, or the answer end.
func (s *stream) keepAlive(more bool, emit func(model.Part) error) error {
	if !s.begun || s.all.Finished() {
		return nil
	}
	return emit(model.Part{Event: model.Event{Dialect: Name}, More: more})
}

// readWhole reads a message object.
func readWhole(data []byte) (*model.Response, error) {
	d := newDecoder(data)
	resp := &model.Response{Choices: make([]model.Choice, 1)}
	choice := &resp.Choices[0]
	choice.Message.Role = model.Assistant
	var kind, reason, refusal string
	var n counts
	said := false
	err := d.Members(func(key string) error {
		switch key {
		case "type":
			return d.Str(&kind)
		case "id":
			return d.Str(&resp.ID)
		case "content":
			said = true
			return d.blocks(&choice.Message.Blocks)
		case "stop_reason":
			return d.Str(&reason)
		case "stop_sequence":
			return d.Str(&choice.StopText)
		case "stop_details":
			return d.explanation(&refusal)
		case "usage":
			return d.usage(&n, &resp.ServiceTier)
		}
		d.Skip()
		return nil
	})
	err = d.Done(err)
	switch {
	case d.Err() != nil:
		return nil, reply.Bad(fmt.Errorf("the answer is %w", err))
	case kind == "error":
		return nil, failure(0, data)
	case err != nil:
		return nil, reply.Bad(err)
	case !said:
		return nil, reply.Hinted(errors.New("the answer has no content: "+reply.Excerpt(data)), "check base_url and dialect")
	}
	if refusal != "" {
		choice.Message.Blocks = append(choice.Message.Blocks, model.Block{Kind: model.RefusalBlock, Text: refusal})
	}
	choice.Finish, resp.Usage = finishOf(reason), n.usage()
	return resp, nil
}

func (d *decoder) blocks(blocks *[]model.Block) error {
	if d.Null() {
		return nil
	}
	return d.content(blocks)
}

// explanation reads why the model would not.
func (d *decoder) explanation(refusal *string) error {
	if d.Null() {
		return nil
	}
	return d.Members(func(key string) error {
		if key == "explanation" {
			return d.Str(refusal)
		}
		d.Skip()
		return nil
	})
}

// finishOf maps the dialect's reasons to end; others pass as they are.
func finishOf(reason string) model.Finish {
	switch reason {
	case "", "end_turn", "stop_sequence":
		return model.FinishStop
	case "max_tokens", "model_context_window_exceeded":
		return model.FinishLength
	case "tool_use":
		return model.FinishToolCalls
	case "pause_turn":
		return model.FinishPause
	case "refusal":
		return model.FinishRefusal
	}
	return model.Finish(reason)
}
