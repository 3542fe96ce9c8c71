// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package responses

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"net/http"

	"retort/dialect/internal/oaierror"
	"retort/dialect/internal/reply"
	"retort/model"
)

// ends says where a base URL ends.
const ends = "/responses begins, often in /v1"

const maxTokens = math.MaxInt32

// advise adds a hint to the error of a response.
func advise(e *model.Error, header http.Header, body []byte) *model.Error {
	if e.Status == http.StatusNotFound && e.Body == nil {
		e.Hint = "check base_url and dialect: the upstream may not speak the Responses API; the openai dialect is chat completions"
	}
	return reply.Advise(e, header, body)
}

// Response reads an answer, as a stream of events or whole, whichever the upstream chose to send.
func (Client) Response(r *http.Response, req *model.Request, limit int, emit func(model.Part) error) (*model.Response, error) {
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
	resp, err := readWhole(data, inBackground(req))
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

// response is what matters of a response object.
type response struct {
	id, status, tier, reason string
	created                  int64
	usage                    model.Usage
	fault                    []byte // its error; nil when it has none
	output                   []byte // its items
}

// inBackground says whether a client of this dialect asks the upstream for an answer that it will fetch itself later.
func inBackground(req *model.Request) bool {
	if req.Wire == nil || req.Wire.Dialect != Name {
		return false
	}
	n, err := noteOf(req.Wire)
	return err == nil && n.background
}

// readWhole reads an answer in one JSON object, which must be all of it but in the background.
func readWhole(data []byte, background bool) (*model.Response, error) {
	d := newDecoder(data)
	var o response
	err := d.response(&o)
	if err = d.Done(err); err != nil {
		if d.Err() != nil {
			err = fmt.Errorf("the answer is %w", err)
		}
		return nil, reply.Bad(err)
	}
	switch {
	case o.fault != nil && (o.status == "failed" || o.output == nil):
		return nil, o.failure(data)
	case o.status == "failed":
		return nil, reply.Bad(errors.New("the answer failed, for a reason that it does not say"))
	case o.status == "cancelled", !background && (o.status == "queued" || o.status == "in_progress"):
		return nil, reply.Bad(errors.New("the answer is not one yet, or never will be: its status is " + o.status))
	case o.output == nil:
		return nil, reply.Hinted(errors.New("the answer has no output: "+reply.Excerpt(data)), "check base_url and dialect")
	}
	choice, err := o.choice()
	if err != nil {
		return nil, err
	}
	return o.done([]model.Choice{choice}), nil
}

// done returns the answer.
func (o *response) done(choices []model.Choice) *model.Response {
	return &model.Response{ID: o.id, Created: o.created, Choices: choices, Usage: o.usage, ServiceTier: o.tier}
}

// failure is the error of a response that failed; whole is all of it.
func (o *response) failure(whole []byte) *model.Error {
	if e := oaierror.Failure(Name, 0, whole); e.Body != nil { // an error object that came with status 200
		return e
	}
	return failure(o.fault)
}

// failure is the error of an error object without its envelope, which came within an answer.
func failure(fault []byte) *model.Error {
	whole := append(append([]byte(`{"error":`), fault...), '}')
	e := oaierror.Failure(Name, 0, whole)
	e.Body = nil // it came in another shape
	return e
}

// response reads a response object.
func (d *decoder) response(o *response) error {
	return d.Members(func(key string) error {
		switch key {
		case "id":
			return d.Str(&o.id)
		case "status":
			return d.Str(&o.status)
		case "service_tier":
			return d.Str(&o.tier)
		case "created_at":
			if d.Kind() == '0' {
				o.created = int64(d.Float())
				return nil
			}
		case "error":
			if !d.Null() {
				o.fault = d.Raw()
			}
			return nil
		case "incomplete_details":
			return d.reason(&o.reason)
		case "usage":
			return d.usage(&o.usage)
		case "output":
			if d.Kind() == '[' {
				o.output = d.Raw()
				return nil
			}
		}
		d.Skip()
		return nil
	})
}

func (d *decoder) reason(reason *string) error {
	if d.Null() {
		return nil
	}
	return d.Members(func(key string) error {
		if key == "reason" {
			return d.Str(reason)
		}
		d.Skip()
		return nil
	})
}

// usage reads the count of tokens; null leaves u as it is.
func (d *decoder) usage(u *model.Usage) error {
	if d.Null() {
		return nil
	}
	var n model.Usage
	err := d.Members(func(key string) error {
		switch key {
		case "input_tokens":
			return d.tokens(&n.Input)
		case "output_tokens":
			return d.tokens(&n.Output)
		case "input_tokens_details", "output_tokens_details":
			return d.details(&n)
		}
		d.Skip()
		return nil
	})
	if err == nil {
		*u = n
	}
	return err
}

func (d *decoder) details(n *model.Usage) error {
	if d.Null() {
		return nil
	}
	return d.Members(func(key string) error {
		switch key {
		case "cached_tokens":
			return d.tokens(&n.Cached)
		case "cache_write_tokens":
			return d.tokens(&n.Written)
		case "reasoning_tokens":
			return d.tokens(&n.Reasoning)
		}
		d.Skip()
		return nil
	})
}

func (d *decoder) tokens(n *int) error {
	_, err := d.Count(n, 0, maxTokens)
	return err
}

// choice returns the answer that the items of a response add up to.
func (o *response) choice() (model.Choice, error) {
	c := model.Choice{Message: model.Message{Role: model.Assistant}}
	d := newDecoder(o.output)
	t := &turns{}
	probs := bytes.Contains(o.output, []byte(`"logprob"`))
	err := d.Elems(func(int) error {
		again := *d
		err := d.item(t)
		if err == nil && probs {
			err = again.itemProbs(&c.Logprobs)
		}
		return err
	})
	if err = d.Done(err); err != nil {
		return c, reply.Bad(fmt.Errorf("output: %w", err))
	}
	var has seen
	for i := range t.messages {
		for j := range t.messages[i].Blocks {
			has.block(t.messages[i].Blocks[j].Kind)
		}
		c.Message.Blocks = append(c.Message.Blocks, t.messages[i].Blocks...)
	}
	c.Finish = o.finish(has)
	return c, nil
}

// seen is what an answer has.
type seen struct{ text, refusal, call bool }

func (s *seen) block(k model.BlockKind) {
	s.text = s.text || k == model.TextBlock
	s.refusal = s.refusal || k == model.RefusalBlock
	s.call = s.call || k == model.ToolCallBlock
}

// finish says why the answer ended.
func (o *response) finish(has seen) model.Finish {
	switch o.status {
	case "incomplete":
		switch o.reason {
		case "max_output_tokens", "max_tokens", "":
			return model.FinishLength
		}
		return model.Finish(o.reason)
	case "completed", "":
	default:
		return model.Finish(o.status) // "queued", "in_progress": an answer in the background
	}
	switch {
	case has.call:
		return model.FinishToolCalls
	case has.refusal && !has.text:
		return model.FinishRefusal
	}
	return model.FinishStop
}

// itemProbs reads the log-probabilities of a message's texts.
func (d *decoder) itemProbs(probs *[]model.TokenLogprob) error {
	return d.Members(func(key string) error {
		if key != "content" || d.Kind() != '[' {
			d.Skip()
			return nil
		}
		return d.Elems(func(int) error {
			if d.Kind() != '{' {
				d.Skip()
				return nil
			}
			return d.Members(func(key string) error {
				if key == "logprobs" {
					return d.Logprobs(probs)
				}
				d.Skip()
				return nil
			})
		})
	})
}
