// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package bedrock

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"

	"retort/dialect/internal/object"
	"retort/dialect/internal/reply"
	"retort/model"
)

// Response reads an answer, as a stream of events or whole, whichever the upstream chose to send.
func (Client) Response(r *http.Response, req *model.Request, limit int, emit func(model.Part) error) (*model.Response, error) {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	var resp *model.Response
	var err error
	if kind == EventType {
		resp, err = readStream(r.Body, limit, emit)
	} else {
		resp, err = answerWhole(r, kind, limit, emit)
	}
	if err != nil {
		return nil, err
	}
	resp.ID = r.Header.Get("X-Amzn-Requestid")
	return resp, nil
}

// answerWhole reads an answer in one JSON object and emits it.
func answerWhole(r *http.Response, kind string, limit int, emit func(model.Part) error) (*model.Response, error) {
	in := bufio.NewReader(r.Body)
	head, err := in.Peek(1)
	switch {
	case len(head) == 0 && err != io.EOF:
		return nil, reply.Broken(err)
	case len(head) == 0:
		return nil, reply.Empty()
	case kind == "text/html" || head[0] == '<':
		return nil, reply.Hinted(errors.New("a web page came instead of an answer"),
			"check base_url: it answered a web page; it should end where "+ends)
	}
	data, err := reply.ReadAll(in, r.ContentLength, limit)
	if err != nil {
		return nil, reply.Broken(err)
	}
	if !bytes.HasPrefix(bytes.TrimLeft(data, " \t\r\n"), []byte("{")) {
		return nil, reply.Hinted(errors.New("the answer is neither JSON nor a stream of events: "+reply.Excerpt(data)),
			"check base_url: it should end where "+ends)
	}
	resp, err := readWhole(data)
	if err != nil {
		return nil, err
	}
	if err := resp.Emit(emit); err != nil {
		return nil, err
	}
	return resp, nil
}

// readWhole reads the answer of Converse.
func readWhole(data []byte) (*model.Response, error) {
	d := &decoder{object.New(data)}
	resp := &model.Response{Choices: []model.Choice{{Message: model.Message{Role: model.Assistant}}}}
	choice, said, stop := &resp.Choices[0], false, ""
	err := d.Members(func(key string) error {
		switch key {
		case "output":
			said = true
			return d.output(&choice.Message)
		case "stopReason":
			return d.Str(&stop)
		case "usage":
			return d.usage(&resp.Usage)
		case "serviceTier":
			return d.only("type", &resp.ServiceTier)
		case "additionalModelResponseFields":
			return d.only("stop_sequence", &choice.StopText)
		}
		d.Skip()
		return nil
	})
	switch err = d.Done(err); {
	case d.Err() != nil:
		return nil, reply.Bad(fmt.Errorf("the answer is %w", err))
	case err != nil:
		return nil, reply.Bad(err)
	case !said:
		return nil, reply.Hinted(errors.New("the answer has no output: "+reply.Excerpt(data)), "check base_url and dialect")
	}
	choice.Finish, err = finishOf(stop)
	return resp, err
}

// finishOf maps the reasons to end; others pass as they are. An answer that the model spoiled is none.
func finishOf(reason string) (model.Finish, error) {
	switch reason {
	case "end_turn", "stop_sequence":
		return model.FinishStop, nil
	case "tool_use":
		return model.FinishToolCalls, nil
	case "max_tokens", "model_context_window_exceeded":
		return model.FinishLength, nil
	case "guardrail_intervened", "content_filtered":
		return model.FinishFilter, nil
	case "refusal":
		return model.FinishRefusal, nil
	case "pause_turn":
		return model.FinishPause, nil
	case "malformed_model_output", "malformed_tool_use":
		return "", reply.Bad(errors.New("the model's output could not be used: " + reason))
	case "":
		return "", reply.Bad(errors.New("the answer does not say why it ended"))
	}
	return model.Finish(reason), nil
}
