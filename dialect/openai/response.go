// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package openai

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"

	"retort/dialect/sse"
	"retort/model"
)

// Response reads an answer, as a stream of events or whole, whichever the upstream chose to send.
func (c Client) Response(r *http.Response, req *model.Request, limit int, emit func(model.Part) error) (*model.Response, error) {
	rd := sse.NewReader(r.Body, limit)
	defer rd.Close()
	head, err := rd.Peek(1)
	for i := 2; err == nil && len(head) == i-1 && i < 64 && blank(head); i++ {
		head, err = rd.Peek(i)
	}
	head = bytes.TrimLeft(head, " \t\r\n\xEF\xBB\xBF")
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case len(head) == 0 && err != nil && err != io.EOF:
		return nil, broken(err)
	case len(head) == 0 && err == nil && kind == "text/event-stream":
		return readStream(rd, req, emit)
	case len(head) == 0:
		return nil, emptyAnswer()
	case head[0] == '<' || kind == "text/html":
		return nil, webPage()
	case head[0] == '{':
		return answerWhole(rd, r.ContentLength, req, limit, emit)
	case kind == "text/event-stream" || strings.IndexByte("deir:", head[0]) >= 0 && kind != "application/json":
		return readStream(rd, req, emit)
	}
	return nil, hinted(errors.New("the answer is neither JSON nor a stream of events: "+excerpt(head)),
		"check base_url: it should end where /chat/completions begins, often in /v1")
}

func blank(b []byte) bool { return len(bytes.TrimLeft(b, " \t\r\n\xEF\xBB\xBF")) == 0 }

func emptyAnswer() *model.Error {
	return hinted(errors.New("the answer is empty"), "check base_url: what answers there may not be an OpenAI-compatible API")
}

func webPage() *model.Error {
	return hinted(errors.New("a web page came instead of an answer"), "check base_url: it answered a web page; "+
		"it should end where /chat/completions begins, often in /v1")
}

// readStream reads events until [DONE], emitting the parts of each. Some servers send no [DONE]: the stream may end
// without it once all choices have finished.
func readStream(rd *sse.Reader, req *model.Request, emit func(model.Part) error) (*model.Response, error) {
	s := &chunks{}
	rd.WantComments()
	for {
		ev, err := rd.Next()
		if err == io.EOF && s.whole(req) {
			break
		}
		if err != nil {
			return nil, s.cut(err)
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
		return nil, badAnswer(errors.New("the stream ended without an answer in it"))
	}
	return &model.Response{ID: s.id, Created: s.created, Choices: choices, Usage: s.usage}, nil
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

// cut says how a stream ended that did not end as it should.
func (s *chunks) cut(err error) error {
	switch {
	case errors.Is(err, io.EOF) && s.parts == nil:
		return emptyAnswer()
	case errors.Is(err, io.EOF):
		return badAnswer(errors.New("the stream broke off in the middle of the answer"))
	}
	return broken(err)
}

// broken is the error for an answer that could not be read to its end.
func broken(err error) error {
	switch {
	case errors.Is(err, sse.ErrTooLong):
		return hinted(err, "raise the provider's limit for a single event if such answers are expected")
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return &model.Error{Kind: model.KindOf(err), Op: "read answer", Err: err}
	}
	return badAnswer(fmt.Errorf("the answer broke off: %w", err))
}

func badAnswer(err error) *model.Error {
	return &model.Error{Kind: model.Upstream, Op: "read answer", Err: err}
}

func hinted(err error, hint string) *model.Error {
	e := badAnswer(err)
	e.Hint = hint
	return e
}

// whole reads an answer in one JSON object and emits it.
func answerWhole(rd *sse.Reader, size int64, req *model.Request, limit int, emit func(model.Part) error) (*model.Response, error) {
	data, err := readAll(rd, size, limit)
	if err != nil {
		return nil, broken(err)
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

// readAll reads to the end, or fails beyond limit bytes. size is what to expect, or negative.
func readAll(r io.Reader, size int64, limit int) ([]byte, error) {
	if size > int64(limit) {
		return nil, fmt.Errorf("%w: an answer of %d bytes, where %d are allowed", sse.ErrTooLong, size, limit)
	}
	if size <= 0 {
		size = 4 << 10
	}
	data := make([]byte, 0, size+1)
	for {
		n, err := r.Read(data[len(data):cap(data)])
		data = data[:len(data)+n]
		switch {
		case err == io.EOF:
			return data, nil
		case err != nil:
			return nil, err
		case len(data) > limit:
			return nil, fmt.Errorf("%w: an answer of more than %d bytes", sse.ErrTooLong, limit)
		case len(data) == cap(data):
			data = append(data, 0)[:len(data)]
		}
	}
}

// readWhole reads a chat.completion object.
func readWhole(data []byte) (*model.Response, error) {
	d := &decoder{c: scanNew(data)}
	resp := &model.Response{}
	failed, said := false, false
	err := d.object(func(key string) error {
		switch key {
		case "id":
			return d.str(&resp.ID)
		case "created":
			if d.c.Kind() == '0' {
				resp.Created = int64(d.c.Float())
				return nil
			}
		case "error":
			failed = d.c.Kind() != 'n'
		case "usage":
			return d.usage(&resp.Usage)
		case "choices":
			said = true
			return d.choices(resp)
		}
		d.c.Skip()
		return nil
	})
	err = d.end(err)
	switch {
	case d.c.Err() != nil:
		return nil, badAnswer(fmt.Errorf("the answer is %w", err))
	case failed:
		return nil, failure(0, data)
	case err != nil:
		return nil, badAnswer(err)
	case !said:
		return nil, hinted(errors.New("the answer has no choices: "+excerpt(data)), "check base_url and dialect")
	case len(resp.Choices) == 0:
		return nil, badAnswer(errors.New("the answer's choices are empty"))
	}
	return resp, nil
}

func (d *decoder) choices(resp *model.Response) error {
	return d.array(func(int) error {
		var choice model.Choice
		err := d.object(func(key string) error {
			switch key {
			case "message":
				var err error
				choice.Message, err = d.message()
				return err
			case "finish_reason":
				var reason string
				err := d.str(&reason)
				choice.Finish = finishOf(reason)
				return err
			case "logprobs":
				return d.logprobs(&choice.Logprobs)
			}
			d.c.Skip()
			return nil
		})
		choice.Message.Role = model.Assistant
		resp.Choices = append(resp.Choices, choice)
		return err
	})
}
