// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package ollama

import (
	"strconv"
	"strings"

	"retort/dialect/internal/object"
	"retort/dialect/internal/scan"
	"retort/model"
)

// made is what ids begin with that were not in the request.
const made = "call_retort_"

// pair gives calls without an id one, and results the id of the call that they answer: the first one of that name
// without a result, or the first one at all where the result tells no name. So with results whose id no call has, where
// calls came without: LiteLLM sends the ids of results alone. The ids depend on nothing but the place of
// a call in the conversation, so that they are the same when it goes on.
func pair(messages []model.Message) {
	open := openCalls{}
	n := 0
	for i := range messages {
		for j := range messages[i].Blocks {
			switch b := &messages[i].Blocks[j]; b.Kind {
			case model.ToolCallBlock:
				if n++; b.Call.ID == "" || strings.HasPrefix(b.Call.ID, made) {
					b.Call.ID = made + strconv.Itoa(n)
				}
				open.add(b.Call)
			case model.ToolResultBlock:
				name := b.ID
				b.ID = ""
				if strings.HasPrefix(b.CallID, made) {
					b.CallID = ""
				}
				call := open.answer(b.CallID, name)
				if call == nil && b.CallID != "" {
					call = open.nameless(name)
				}
				if call != nil {
					b.CallID = call.ID
				} else if b.CallID == "" {
					n++
					b.CallID = made + strconv.Itoa(n)
				}
				if call == nil && name != "" {
					object.Put(&messages[i].Extra, "tool_name", scan.Quote(nil, name))
				}
			}
		}
	}
}

// openCalls are the calls of a conversation that have no result yet.
type openCalls struct {
	all  queue
	by   map[string]*queue // with the id behind "#", with the name behind "="; those that came without an id also behind "?"
	done map[*model.ToolCall]bool
}

// queue is calls in their order; those that are done are taken out when they come to its head.
type queue []*model.ToolCall

func (o *openCalls) add(c *model.ToolCall) {
	if o.by == nil {
		o.by, o.done = map[string]*queue{}, map[*model.ToolCall]bool{}
	}
	o.all = append(o.all, c)
	keys := []string{"#" + c.ID, "=" + c.Name}
	if strings.HasPrefix(c.ID, made) {
		if keys = append(keys, "?"); c.Name != "" {
			keys = append(keys, "?"+c.Name)
		}
	}
	for _, key := range keys {
		if o.by[key] == nil {
			o.by[key] = &queue{}
		}
		*o.by[key] = append(*o.by[key], c)
	}
}

// answer takes out the call that a result answers; nil when there is none.
func (o *openCalls) answer(id, name string) *model.ToolCall {
	q := &o.all
	switch {
	case id != "":
		q = o.by["#"+id]
	case name != "":
		q = o.by["="+name]
	}
	return o.first(q)
}

// first takes the first call out of a queue that has no result yet.
func (o *openCalls) first(q *queue) *model.ToolCall {
	for q != nil && len(*q) > 0 {
		c := (*q)[0]
		*q = (*q)[1:]
		if !o.done[c] {
			o.done[c] = true
			return c
		}
	}
	return nil
}

// nameless takes out the next call that came without an id: of that name, if the result tells one.
func (o *openCalls) nameless(name string) *model.ToolCall { return o.first(o.by["?"+name]) }
