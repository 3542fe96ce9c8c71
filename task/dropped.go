// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package task

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"retort/model"
)

// read returns the input of a request. What else the request asks for, a task does not do: its prompt, its output and
// how it is asked are the contract's. Such fields are noted on the trail in ctx or, when the request is strict, refused
// with an error of kind Invalid.
func (t *Task) read(ctx context.Context, req *model.Request, by reader) (string, error) {
	input, err := t.Input(req)
	if err != nil {
		return "", err
	}
	content, err := req.Content()
	if err != nil {
		return "", err
	}
	fields := t.beside(content, by)
	if len(fields) > 0 && req.Strict {
		return "", &model.Error{Kind: model.Invalid, Op: "read task input", Field: fields[0],
			Err:  fmt.Errorf("%w %s", errBeside, t.Name),
			Hint: "leave the field out, or do not ask to be strict; fields concerned: " + strings.Join(fields, ", ")}
	}
	trail := model.TrailOf(ctx)
	for _, field := range fields {
		trail.Drop(field)
	}
	return input, nil
}

// Repeatable returns the input of a request that an earlier answer to the same input would answer as well, and notes what
// else it asks as a teacher does. Log-probabilities belong to one answer: a request for them is an error, as is one
// that a teacher would refuse.
func (t *Task) Repeatable(ctx context.Context, req *model.Request) (string, error) {
	content, err := req.Content()
	if err != nil {
		return "", err
	}
	if content.Logprobs || content.TopLogprobs > 0 {
		return "", &model.Error{Kind: model.Invalid, Op: "read task input", Field: "logprobs", Err: errOneAnswer}
	}
	return t.read(ctx, req, asTeacher)
}

var errOneAnswer = errors.New("belong to one answer and cannot be repeated")

// reader is who reads a request for a task.
type reader bool

const (
	asStudent reader = false // knows labels
	asTeacher reader = true  // writes tokens
)

var errBeside = errors.New("has no effect on the task")

// beside returns what a request asks that a task does not honour, by the names of package dialect's features. How the
// answer is sent and whom it is for is not among it, nor a limit to its length, which some dialects insist on and no
// label reaches. That the answer be a JSON object is honoured by objects. For most requests there is nothing, and nothing is allocated.
func (t *Task) beside(c *model.Content, by reader) []string {
	var fields []string
	add := func(said bool, field string) {
		if said {
			fields = append(fields, field)
		}
	}
	for i := range c.Messages {
		if c.Messages[i].Role == model.System {
			fields = append(fields, "system")
			break
		}
	}
	add(len(c.Tools) > 0, "tools")
	add(c.ToolChoice != nil, "tool_choice")
	add(c.ParallelTools != nil, "parallel_tools")
	add(c.Format != nil && c.Format.Kind == "json" && (t.Object == nil || t.Object.Bare), "format_json")
	add(c.Format != nil && c.Format.Kind == "schema", "format_schema")
	add(c.Temperature != nil, "temperature")
	add(c.TopP != nil, "top_p")
	add(c.TopK != nil, "top_k")
	add(c.FrequencyPenalty != nil, "frequency_penalty")
	add(c.PresencePenalty != nil, "presence_penalty")
	add(c.Seed != nil, "seed")
	add(len(c.Stop) > 0, "stop")
	add(c.N > 1, "n")
	add(by == asStudent && (c.Logprobs || c.TopLogprobs > 0), "logprobs")
	add(c.Effort != "", "effort")
	add(c.Reasoning != nil, "reasoning_mode")
	add(c.Verbosity != "", "verbosity")
	add(c.ServiceTier != "", "service_tier")
	if len(c.Extra) == 0 {
		return fields
	}
	for _, field := range slices.Sorted(maps.Keys(c.Extra)) {
		switch field {
		case "metadata", "safety_identifier", "store", "client_metadata", "keep_alive", "include", "options": // for the vendor's own books
		default:
			fields = append(fields, field)
		}
	}
	return fields
}
