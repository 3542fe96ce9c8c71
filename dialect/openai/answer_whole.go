// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package openai

import (
	"strconv"

	"retort/model"
)

// whole writes an answer that is not streamed: as the upstream sent it, or made from the response.
func (a *answer) whole(resp *model.Response) error {
	if b := resp.Body; b != nil && b.Dialect == Name {
		_, err := a.w.Write(b.Data)
		return err
	}
	e := &encoder{b: a.buf, foreign: true}
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
	kinds := map[model.BlockKind][]*model.Block{}
	for i := range blocks {
		kinds[blocks[i].Kind] = append(kinds[blocks[i].Kind], &blocks[i])
	}
	for _, f := range [...]struct {
		key  string
		kind model.BlockKind
	}{{"content", model.TextBlock}, {"refusal", model.RefusalBlock}} {
		if list := kinds[f.kind]; len(list) > 0 {
			e.text(f.key, joined(list))
		} else {
			e.null(f.key)
		}
	}
	if list := kinds[model.ReasoningBlock]; len(list) > 0 {
		e.text("reasoning_content", joined(list))
	}
	if list := kinds[model.ToolCallBlock]; len(list) > 0 {
		e.key("tool_calls")
		e.b = append(e.b, '[')
		for _, b := range list {
			e.toolCall(b, "")
		}
		e.b = append(e.b, ']')
	}
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
