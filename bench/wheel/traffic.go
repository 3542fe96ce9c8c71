// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"retort/bench/internal/rig"
	"retort/internal/shareddata"
)

// message is a message of a chat, in OpenAI's shape.
type message struct {
	Role    string `json:"role"`
	Content string `json:"content"`
}

// stream is the traffic of one use: what is asked, and what a large model answers.
type stream struct {
	name     string
	messages func(input string) []message
	inputs   []string
	answers  []string
}

func (s *stream) add(input, answer string) {
	s.inputs = append(s.inputs, input)
	s.answers = append(s.answers, answer)
}

// streams reads the public data sets, each behind a template of its own, and free chat.
func streams() ([]*stream, *stream, error) {
	if _, ok := shareddata.Root(); !ok {
		return nil, nil, &rig.MissingError{What: "the public data sets are not there"}
	}
	banking := &stream{name: "banking77", messages: func(input string) []message {
		return []message{{"system", "You work for a bank. Say which of its intents the customer's message has. Answer with the intent alone."}, {"user", input}}
	}}
	clinc := &stream{name: "clinc150", messages: func(input string) []message {
		return []message{{"user", "A voice assistant heard: \"" + input + "\"\nWhich skill is to take over? Name it."}}
	}}
	headlines := &stream{name: "headlines", messages: func(input string) []message {
		return []message{{"system", "You are a helpful assistant."}, {"user", "Where does this headline say that the price of gold goes: up, down, neutral or none?\n\nHeadline: " + input}}
	}}
	commands := &stream{name: "snips", messages: func(input string) []message {
		return []message{{"system", "Turn what is said into JSON: the intent and what it needs, in the words of the speaker."}, {"user", "Said: " + input + "\nJSON:"}}
	}}
	talk := &stream{name: "chat", messages: func(input string) []message {
		return []message{{"system", "You are a helpful assistant."}, {"user", input}}
	}}
	for _, t := range []struct {
		s                  *stream
		path, input, label string
	}{
		{banking, "banking77/train.csv", "text", "category"},
		{clinc, "clinc150/data_full.csv", "text", "intent"},
		{headlines, "headlines/train.csv", "headline", "label"},
	} {
		if err := readTable(t.s, t.path, t.input, t.label); err != nil {
			return nil, nil, err
		}
	}
	err := shareddata.ReadObjects("snips_nlu/snips.jsonl.gz", func(row *snipsRow) error {
		object := map[string]any{"intent": row.Intent}
		for _, slot := range row.Slots {
			object[slot.Name] = slot.Value
		}
		answer, _ := json.Marshal(object) // strings only
		commands.add(row.Text, string(answer))
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	err = shareddata.ReadObjects("distill/alpaca_davinci003_random9k.jsonl.gz", func(row *chatRow) error {
		talk.add(strings.TrimSpace(row.Instruction+"\n"+row.Input), row.Output)
		return nil
	})
	return []*stream{banking, clinc, headlines, commands}, talk, err
}

type snipsRow struct {
	Intent, Text string
	Slots        []struct{ Name, Value string }
}

type chatRow struct{ Instruction, Input, Output string }

func readTable(s *stream, name, input, label string) error {
	header, rows, err := shareddata.ReadCSV(name)
	if err != nil {
		return err
	}
	x, y := slices.Index(header, input), slices.Index(header, label)
	if x < 0 || y < 0 {
		return fmt.Errorf("read %s: no columns %s and %s", name, input, label)
	}
	for _, row := range rows {
		s.add(row[x], row[y])
	}
	return nil
}
