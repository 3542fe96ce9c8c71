// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package openai

import (
	"strconv"
	"strings"

	"retort/model"
)

// whole writes an answer that is not streamed: as the upstream sent it, or made from the response.
func (a *answer) whole(resp *model.Response) error {
	if b := resp.Body; b != nil && b.Dialect == Name {
		_, err := a.w.Write(b.Data)
		return err
	}
	e := &a.enc
	*e = encoder{b: a.room(), loose: true, foreign: true}
	a.identify(e, "chat.completion", resp.Model)
	e.key("choices")
	e.b = append(e.b, '[')
	for i := range resp.Choices {
		e.choice(i, &resp.Choices[i])
	}
	e.b = append(e.b, ']')
	e.usage(&resp.Usage)
	a.buf = append(e.b, '}')
	return a.flush()
}

// room returns where to make a whole answer: in the buffer that takes it, where the writer has one.
func (a *answer) room() []byte {
	if w, ok := a.w.(interface{ AvailableBuffer() []byte }); ok {
		return w.AvailableBuffer()
	}
	return a.buf[:0]
}

func (e *encoder) choice(index int, c *model.Choice) {
	e.elem()
	mark := e.open()
	e.whole("index", int64(index))
	e.key("message")
	message := e.open()
	e.text("role", "assistant")
	e.answerBody(c.Message.Blocks)
	e.close(message)
	e.logprobs(c.Logprobs)
	e.finish(c.Finish)
	e.close(mark)
}

// answerBody writes the blocks of an answer; its content is a string or null in this dialect, never parts.
func (e *encoder) answerBody(blocks []model.Block) {
	if !e.blocks("content", blocks, model.TextBlock) {
		e.null("content")
	}
	if !e.blocks("refusal", blocks, model.RefusalBlock) {
		e.null("refusal")
	}
	e.blocks("reasoning_content", blocks, model.ReasoningBlock)
	calls := false
	for i := range blocks {
		if blocks[i].Kind != model.ToolCallBlock {
			continue
		}
		if !calls {
			e.key("tool_calls")
			e.b = append(e.b, '[')
			calls = true
		}
		e.toolCall(&blocks[i], "")
	}
	if calls {
		e.b = append(e.b, ']')
	}
}

// blocks writes the joined text of the blocks of one kind; without any it writes nothing and returns false.
func (e *encoder) blocks(key string, blocks []model.Block, kind model.BlockKind) bool {
	var first string
	var all strings.Builder // of more than one
	found := 0
	for i := range blocks {
		if blocks[i].Kind != kind {
			continue
		}
		switch found++; found {
		case 1:
			first = blocks[i].Text
		case 2:
			all.WriteString(first)
			fallthrough
		default:
			all.WriteString(blocks[i].Text)
		}
	}
	switch found {
	case 0:
		return false
	case 1:
		e.text(key, first)
	default:
		e.text(key, all.String())
	}
	return true
}

func (e *encoder) finish(reason model.Finish) {
	if reason == "" {
		e.null("finish_reason")
	} else {
		e.text("finish_reason", string(reason))
	}
}

func (e *encoder) logprobs(probs []model.TokenLogprob) {
	if len(probs) == 0 {
		e.null("logprobs")
		return
	}
	e.key("logprobs")
	mark := e.open()
	e.key("content")
	e.tokens(probs, true)
	e.null("refusal")
	e.close(mark)
}

func (e *encoder) tokens(probs []model.TokenLogprob, top bool) {
	e.b = append(e.b, '[')
	for i := range probs {
		t := &probs[i]
		e.elem()
		mark := e.open()
		e.text("token", t.Token)
		p := t.Logprob
		e.number("logprob", &p)
		if t.Bytes == nil {
			e.null("bytes")
		} else {
			e.key("bytes")
			e.b = append(e.b, '[')
			for _, b := range t.Bytes {
				e.elem()
				e.b = strconv.AppendInt(e.b, int64(b), 10)
			}
			e.b = append(e.b, ']')
		}
		if top {
			e.key("top_logprobs")
			e.tokens(t.Top, false)
		}
		e.close(mark)
	}
	e.b = append(e.b, ']')
}

func (e *encoder) usage(u *model.Usage) {
	e.key("usage")
	mark := e.open()
	e.whole("prompt_tokens", int64(u.Input))
	e.whole("completion_tokens", int64(u.Output))
	e.whole("total_tokens", int64(u.Input)+int64(u.Output))
	e.key("prompt_tokens_details")
	inner := e.open()
	e.whole("cached_tokens", int64(u.Cached))
	e.close(inner)
	e.key("completion_tokens_details")
	inner = e.open()
	e.whole("reasoning_tokens", int64(u.Reasoning))
	e.close(inner)
	e.close(mark)
}
