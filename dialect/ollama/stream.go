// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package ollama

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"math"
	"strings"
	"time"

	"retort/dialect/internal/object"
	"retort/dialect/internal/reply"
	"retort/model"
)

// stream reads the lines of an answer and collects what they add up to.
type stream struct {
	parts   []model.Part // of the line read last
	all     model.Collector
	shape   string
	begun   bool
	done    bool
	calls   int // seen so far
	created int64
	usage   model.Usage

	line fields
}

// fields are what a line has beside its parts.
type fields struct {
	thinking, text string
	media          []model.Block
	calls          []model.Block
	reason         string
	done           bool
	probs          []model.TokenLogprob
	said           bool // it has a message, or a response
	failed         bool
}

// read turns a line into s.parts, at least one, the first of which carries the line.
func (s *stream) read(data []byte) error {
	d := newDecoder(data)
	if d.Kind() != '{' {
		return reply.Bad(errors.New("a line of the answer is not a JSON object: " + reply.Excerpt(data)))
	}
	s.line = fields{}
	err := d.Done(s.members(d))
	switch {
	case d.Err() != nil:
		return reply.Bad(errors.New("a line of the answer is cut or no JSON: " + d.Err().Error()))
	case s.line.failed:
		return failure(0, data)
	case err != nil:
		return reply.Bad(err)
	case !s.line.said && !s.line.done:
		return reply.Hinted(errors.New("the answer has no message: "+reply.Excerpt(data)), "check base_url and dialect")
	}
	s.begun = true
	s.split()
	for i := range s.parts {
		if err := s.all.Add(&s.parts[i]); err != nil {
			return err
		}
		s.parts[i].More = i+1 < len(s.parts)
		s.parts[i].Event = model.Event{Dialect: Name, Name: s.shape, Same: true}
	}
	s.parts[0].Event = model.Event{Dialect: Name, Name: s.shape, Data: data}
	return nil
}

// members reads the fields of a line.
func (s *stream) members(d *decoder) error {
	d.Object()
	var err error
	for key, ok := d.Field(); ok; key, ok = d.Field() {
		name := ""
		switch string(key) {
		case "message":
			name = "message"
			err = s.message(d)
		case "response":
			s.line.said, s.shape = true, generateShape
			name, err = "response", d.Str(&s.line.text)
		case "done":
			name, err = "done", d.Flag(&s.line.done)
		case "created_at":
			s.time(d)
		default:
			name = string(key)
			err = s.member(d, name)
		}
		if err != nil {
			return object.At(name, err)
		}
	}
	return nil
}

// member reads one of the fields that few lines have.
func (s *stream) member(d *decoder, key string) error {
	switch key {
	case "thinking":
		return d.Str(&s.line.thinking)
	case "tool_calls":
		return d.toolCalls(&s.line.calls)
	case "image":
		return s.image(d)
	case "done_reason":
		return d.Str(&s.line.reason)
	case "prompt_eval_count":
		return d.tokens(&s.usage.Input)
	case "eval_count":
		return d.tokens(&s.usage.Output)
	case "logprobs":
		return d.Logprobs(&s.line.probs)
	case "error":
		s.line.failed = s.line.failed || d.Kind() != 'n'
	}
	d.Skip()
	return nil
}

func (d *decoder) tokens(n *int) error {
	_, err := d.Count(n, 0, math.MaxInt32)
	return err
}

// time reads when the answer was begun, from the first line alone.
func (s *stream) time(d *decoder) {
	if s.created != 0 || d.Kind() != '"' {
		d.Skip()
		return
	}
	if t, err := time.Parse(time.RFC3339Nano, d.String()); err == nil {
		s.created = t.Unix()
	}
}

// message reads what the model says.
func (s *stream) message(d *decoder) error {
	if d.Null() {
		return nil
	}
	if d.Kind() != '{' {
		return object.Wrong("must be an object")
	}
	s.line.said, s.shape = true, chatShape
	d.Object()
	for key, ok := d.Field(); ok; key, ok = d.Field() {
		name := ""
		var err error
		switch string(key) {
		case "content":
			name, err = "content", d.Str(&s.line.text)
		case "thinking":
			name, err = "thinking", d.Str(&s.line.thinking)
		case "tool_calls":
			name, err = "tool_calls", d.toolCalls(&s.line.calls)
		case "images":
			name, err = "images", d.images(&s.line.media)
		default:
			d.Skip()
		}
		if err != nil {
			return object.At(name, err)
		}
	}
	return nil
}

func (s *stream) image(d *decoder) error {
	var text string
	if err := d.Str(&text); err != nil || text == "" {
		return err
	}
	s.line.said, s.shape = true, generateShape
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return object.Wrong("is not valid base64")
	}
	s.line.media = append(s.line.media, model.Block{Kind: model.ImageBlock, Media: &model.Media{Type: imageType(data), Data: data}})
	return nil
}

// split makes parts of what was read of a line.
func (s *stream) split() {
	s.parts = s.parts[:0]
	l := &s.line
	if l.thinking != "" {
		s.parts = append(s.parts, model.Part{Kind: model.ReasoningPart, Text: l.thinking})
	}
	if l.text != "" || len(l.probs) > 0 {
		s.parts = append(s.parts, model.Part{Kind: model.TextPart, Text: l.text, Logprobs: l.probs})
	}
	for i := range l.media {
		media := l.media[i].Media
		if media.Type == "" {
			media.Type = "image/png"
		}
		s.parts = append(s.parts, model.Part{Kind: model.MediaPart, Detail: &model.Detail{Media: media}})
	}
	for i := range l.calls {
		c := l.calls[i].Call
		if c.ID == "" { // older versions give none, and those who answer the call need one
			c.ID = "call_" + strings.ToLower(rand.Text()[:16])
		}
		s.parts = append(s.parts, model.Part{Kind: model.ToolCallPart, Index: s.calls, ID: c.ID, Name: c.Name, Text: c.Arguments})
		s.calls++
	}
	if l.done {
		s.done = true
		s.parts = append(s.parts, model.Part{Kind: model.FinishPart, Finish: s.finish(l.reason)})
	}
	if len(s.parts) == 0 {
		s.parts = append(s.parts, model.Part{})
	}
}

// finish returns why an answer ended. Ollama does not tell calls of tools from other ends.
func (s *stream) finish(reason string) model.Finish {
	if (reason == "stop" || reason == "") && s.calls > 0 {
		return model.FinishToolCalls
	}
	if reason == "" { // older versions
		return model.FinishStop
	}
	return model.Finish(reason)
}
