// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package router

import (
	"strings"
	"unicode/utf8"

	"retort/model"
)

// Query is a request as the router sees it.
type Query struct {
	Text   string // what is asked: the messages' text without system prompts, the latest turn last
	System string // the system prompt's text; may be empty

	Tokens int // of the whole prompt, about; 0 when not known
	Turns  int // messages without system prompts
	Tools  int // that the model may call
	Images int
	JSON   bool // the answer must be structured
}

// QueryOf describes a request. Text and System are copies; nothing of c is kept.
func QueryOf(c *model.Content) Query {
	var q Query
	var asked, system []string
	for _, m := range c.Messages {
		to := &asked
		if m.Role == model.System {
			to = &system
		} else {
			q.Turns++
		}
		for _, b := range m.Blocks {
			q.read(b, to)
		}
	}
	q.Text, q.System = strings.Join(asked, "\n"), strings.Join(system, "\n")
	q.Tools = len(c.Tools)
	q.JSON = c.Format != nil && c.Format.Kind != "" && c.Format.Kind != "text"
	// Four bytes to a token is what English text has with most tokenisers; as a fact of shape it need not be exact.
	q.Tokens = (len(q.Text) + len(q.System) + 3) / 4
	return q
}

// read adds one block of a message to the query.
func (q *Query) read(b model.Block, to *[]string) {
	switch b.Kind {
	case model.ImageBlock:
		q.Images++
	case model.TextBlock, model.ToolResultBlock:
		if b.Text != "" {
			*to = append(*to, b.Text)
		}
	}
	for _, inner := range b.Blocks {
		q.read(inner, to)
	}
}

// What is read of a request, in bytes. It bounds the time of a decision; where a text is longer its beginning and its end, which has the
// latest turn, say most.
const (
	mostOfText   = 2000
	mostOfSystem = 400
)

// pieces returns the parts of the request that are read.
func (q *Query) pieces() [3]string {
	if len(q.Text) <= mostOfText {
		return [3]string{q.Text, "", head(q.System, mostOfSystem)}
	}
	return [3]string{head(q.Text, mostOfText/2), tail(q.Text, mostOfText/2), head(q.System, mostOfSystem)}
}

// head returns the first n bytes of s, or up to three fewer so that no character is cut.
func head(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for range utf8.UTFMax - 1 {
		if utf8.RuneStart(s[n]) {
			break
		}
		n--
	}
	return s[:n]
}

// tail returns the last n bytes of s, or up to three fewer.
func tail(s string, n int) string {
	from := len(s) - n
	for range utf8.UTFMax - 1 {
		if utf8.RuneStart(s[from]) {
			break
		}
		from++
	}
	return s[from:]
}
