// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package dataset

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/tidwall/gjson"

	"retort/model"
)

// objects reads a file of JSON lines.
func (r *reader) objects(in *lines) error {
	shape := &objectShape{reader: r}
	for {
		text, err := in.next()
		if errors.Is(err, io.EOF) {
			return shape.end()
		} else if err != nil {
			return err
		}
		if text = bytes.TrimSpace(text); len(text) == 0 {
			continue
		}
		if err := shape.line(in.line, text); err != nil {
			return &lineError{in.line, err}
		}
	}
}

// objectShape knows where in an object the example is: settled at the first line.
type objectShape struct {
	*reader
	settled   bool
	messages  bool            // the objects hold conversations
	seenInput bool            // an object had the input field
	seenLabel bool            // an object had the label field
	names     []string        // fields of the first object
	fields    [2]gjson.Result // of the current object: input, label
}

func (s *objectShape) line(line int, text []byte) error {
	if !gjson.ValidBytes(text) {
		return notJSON(text)
	}
	object := gjson.ParseBytes(text)
	if !object.IsObject() {
		return errors.New("the line is no JSON object; write one object a line, such as {\"text\": …, \"label\": …}")
	}
	if !s.settled {
		if err := s.settle(object); err != nil {
			return err
		}
	}
	if s.messages {
		input, label, err := conversation(object.Get("messages"), s.bare)
		if err != nil {
			return err
		}
		return s.add(Example{Line: line, Text: input, Label: label})
	}
	return s.object(line, object)
}

// settle finds the fields among those of the first object. Fields named by the caller may be missing in some objects.
func (s *objectShape) settle(object gjson.Result) error {
	s.settled = true
	object.ForEach(func(key, _ gjson.Result) bool {
		s.names = append(s.names, key.String())
		return true
	})
	if s.wanted == (Columns{}) && object.Get("messages").IsArray() {
		s.messages, s.set.Columns = true, Columns{Input: "messages", Label: "messages"}
		return nil
	}
	if s.wanted.Input != "" && s.wanted.Label != "" {
		s.set.Columns = s.wanted
		return nil
	}
	_, _, found, err := s.find(s.names, false)
	s.set.Columns = found
	return err
}

// object takes the example of an object with fields.
func (s *objectShape) object(line int, object gjson.Result) error {
	s.fields = [2]gjson.Result{}
	e := Example{Line: line}
	var wrong error
	object.ForEach(func(key, value gjson.Result) bool {
		if s.bare && s.set.Columns.Label == "" && s.wanted.Label == "" && position(key.Str, labelNames) >= 0 {
			s.set.Columns.Label = key.Str // objects before had none
		}
		switch key.Str {
		case s.set.Columns.Input:
			s.fields[0], s.seenInput = value, true
		case s.set.Columns.Label:
			s.fields[1], s.seenLabel = value, true
		default:
			wrong = s.detail(&e, key.Str, value)
		}
		return wrong == nil
	})
	if wrong != nil {
		return wrong
	}
	if s.fields[0].Type == gjson.JSON {
		return fmt.Errorf("field %q is no text but an object or a list", s.set.Columns.Input)
	}
	text := scalar(s.fields[0])
	if len(object.Raw) > 2*len(text) {
		text = strings.Clone(text) // else the whole line stays in memory
	}
	e.Text, e.Label = text, scalar(s.fields[1])
	return s.add(e)
}

// detail takes what else an object says of its example, as far as it is spelled as exports spell it. Other fields do not count.
func (s *objectShape) detail(e *Example, key string, value gjson.Result) error {
	switch {
	case key == "gold" && value.IsBool():
		e.Gold = value.Bool()
	case key == "hard" && value.IsBool():
		e.Hard = value.Bool()
	case key == "teacher" && value.Type == gjson.String:
		e.Teacher = s.once(value.Str)
	case key == "soft" && value.IsObject():
		return s.soft(e, value.Raw)
	}
	return nil
}

// soft takes soft labels, spelled as an object of shares.
func (r *reader) soft(e *Example, text string) error {
	shares := map[string]float64{}
	if err := json.Unmarshal([]byte(text), &shares); err != nil {
		return fmt.Errorf("soft: it must be an object of labels with their shares, such as {\"refund\": 0.9, \"other\": 0.1}: %w", err)
	}
	soft, err := Shares(shares)
	if err != nil {
		return err
	}
	e.Soft = make(map[string]float64, len(soft))
	for label, share := range soft {
		e.Soft[r.once(label)] = share
	}
	return nil
}

// scalar returns a string's text, and a number, a truth value or an object as it is written.
func scalar(value gjson.Result) string {
	if value.Type == gjson.Number || value.Type == gjson.JSON {
		return value.Raw
	}
	return value.String()
}

// end reports a field that no object had.
func (s *objectShape) end() error {
	if !s.settled {
		return errors.New("the file is empty")
	}
	if s.messages {
		return nil
	}
	if !s.seenInput {
		return fmt.Errorf("no object has the field %q; the first has %s; name the right one with --input", s.set.Columns.Input, list(s.names))
	}
	if !s.seenLabel && !s.bare {
		return fmt.Errorf("no object has the field %q; the first has %s; name the right one with --label", s.set.Columns.Label, list(s.names))
	}
	return nil
}

// notJSON says what is wrong with a line.
func notJSON(text []byte) error {
	var syntax *json.SyntaxError
	var value any
	err := json.Unmarshal(text, &value)
	if errors.As(err, &syntax) {
		return fmt.Errorf("the line is not JSON: %w at byte %d", err, syntax.Offset)
	}
	return fmt.Errorf("the line is not JSON: %w", err)
}

// conversation returns the example in a list of messages as OpenAI's fine-tuning files hold them; a bare one may lack the answer.
func conversation(list gjson.Result, bare bool) (input, label string, err error) {
	messages := list.Array()
	answered := len(messages) > 1 && messages[len(messages)-1].Get("role").String() == "assistant"
	if !answered && !(bare && len(messages) > 0) {
		return "", "", errors.New("messages: the last message must be the assistant's answer to the ones before")
	}
	content := &model.Content{}
	for i, m := range messages {
		text, err := messageText(m.Get("content"))
		if err != nil {
			return "", "", fmt.Errorf("messages[%d].content: %w", i, err)
		}
		if answered && i == len(messages)-1 {
			label = text
			break
		}
		role := model.Role(m.Get("role").String())
		switch role {
		case "developer":
			role = model.System
		case model.System, model.User, model.Assistant, model.ToolRole:
		default:
			return "", "", fmt.Errorf("messages[%d].role: %q is none of system, developer, user, assistant, tool", i, clip(string(role)))
		}
		content.Messages = append(content.Messages, model.Text(role, text))
	}
	input, err = model.InputText(content)
	if err != nil {
		return "", "", fmt.Errorf("messages: %w", err)
	}
	return input, label, nil
}

// messageText returns the text of a message's content: a string, or a list of text parts.
func messageText(content gjson.Result) (string, error) {
	switch {
	case content.Type == gjson.String:
		return content.Str, nil
	case content.Type == gjson.Null:
		return "", nil
	case !content.IsArray():
		return "", errors.New("is neither text nor a list of parts")
	}
	text := ""
	for i, part := range content.Array() {
		if kind := part.Get("type").String(); kind != "text" {
			return "", fmt.Errorf("part %d is of type %q; only text can be learned from", i, clip(kind))
		}
		text += part.Get("text").String()
	}
	return text, nil
}
