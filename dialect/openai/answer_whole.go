// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package openai

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"retort/dialect/internal/tier"
	"retort/model"
)

// whole writes an answer that is not streamed: as the upstream sent it, or made from the response.
func (a *answer) whole(resp *model.Response) error {
	if b := resp.Body; b != nil && b.Dialect == Name {
		_, err := a.w.Write(b.Data)
		return err
	}
	e := &a.enc
	*e = *looseEncoder(a.room())
	e.Foreign = true
	a.identify(e, "chat.completion", resp.Model)
	e.Key("choices")
	e.B = append(e.B, '[')
	for i := range resp.Choices {
		e.choice(i, &resp.Choices[i])
	}
	e.B = append(e.B, ']')
	e.tier(resp.ServiceTier)
	e.usage(&resp.Usage)
	a.buf = append(e.B, '}')
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
	e.Elem()
	mark := e.Open()
	e.Whole("index", int64(index))
	e.Key("message")
	message := e.Open()
	e.Text("role", "assistant")
	e.answerBody(c.Message.Blocks)
	e.Close(message)
	e.logprobs(c.Logprobs)
	e.finish(c.Finish)
	e.TextIf("stop_reason", c.StopText)
	e.Close(mark)
}

// answerBody writes the blocks of an answer; its content is a string or null in this dialect, never parts.
func (e *encoder) answerBody(blocks []model.Block) {
	if !e.blocks("content", blocks, model.TextBlock) {
		e.Null("content")
	}
	if !e.blocks("refusal", blocks, model.RefusalBlock) {
		e.Null("refusal")
	}
	e.blocks("reasoning_content", blocks, model.ReasoningBlock)
	e.sealed(blocks)
	e.cited(blocks)
	e.media(blocks)
	calls := false
	for i := range blocks {
		if blocks[i].Kind != model.ToolCallBlock {
			continue
		}
		if !calls {
			e.Key("tool_calls")
			e.B = append(e.B, '[')
			calls = true
		}
		e.toolCall(&blocks[i])
	}
	if calls {
		e.B = append(e.B, ']')
	}
}

// cited writes the citations of all text.
func (e *encoder) cited(blocks []model.Block) {
	after, begun := 0, false
	for i := range blocks {
		b := &blocks[i]
		if b.Kind != model.TextBlock {
			continue
		}
		if slices.ContainsFunc(b.Citations, citable) {
			if !begun {
				e.Array("annotations")
				begun = true
			}
			e.citations(b.Citations, after)
		}
		after += utf8.RuneCountInString(b.Text)
	}
	if begun {
		e.EndArray()
	}
}

// media writes the images that the model made, and the first sound: the dialect has room for one.
func (e *encoder) media(blocks []model.Block) {
	begun, sounds := false, 0
	for i := range blocks {
		if b := &blocks[i]; b.Kind == model.ImageBlock && showable(b.Media) {
			if !begun {
				e.Array("images")
				begun = true
			}
			e.shownImage(b.Media)
		}
	}
	if begun {
		e.EndArray()
	}
	for i := range blocks {
		if b := &blocks[i]; b.Kind == model.AudioBlock && b.Media != nil && b.Media.Data != nil && sounds == 0 {
			e.shownSound(b.ID, b.Media)
			sounds++
		}
	}
}

// showable says whether an image can be shown: one that is a file of its upstream's cannot.
func showable(m *model.Media) bool { return m != nil && (m.URL != "" || m.Data != nil) }

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
		e.Text(key, first)
	default:
		e.Text(key, all.String())
	}
	return true
}

func (e *encoder) finish(reason model.Finish) {
	switch reason {
	case "":
		e.Null("finish_reason")
	case model.FinishStop, model.FinishLength, model.FinishToolCalls, model.FinishFilter:
		e.Text("finish_reason", string(reason))
	case model.FinishRefusal:
		e.Text("finish_reason", "content_filter")
	default:
		e.Text("finish_reason", nearest(string(reason)))
	}
}

// nearest returns the word of the dialect that says most of what another dialect's reason to end says: clients know
// no others, and some fail on them.
func nearest(reason string) string {
	reason = strings.ToLower(reason)
	says := func(words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(reason, w) })
	}
	switch {
	case says("length", "context", "max_"):
		return "length"
	case says("filter", "safety", "prohibited", "blocklist", "recitation", "guardrail", "spii"):
		return "content_filter"
	}
	return "stop"
}

func (e *encoder) logprobs(probs []model.TokenLogprob) {
	if len(probs) == 0 {
		e.Null("logprobs")
		return
	}
	e.Key("logprobs")
	mark := e.Open()
	e.Key("content")
	e.tokens(probs, true)
	e.Null("refusal")
	e.Close(mark)
}

func (e *encoder) tokens(probs []model.TokenLogprob, top bool) {
	e.B = append(e.B, '[')
	for i := range probs {
		t := &probs[i]
		e.Elem()
		mark := e.Open()
		e.Text("token", t.Token)
		p := t.Logprob
		e.Number("logprob", &p)
		if t.Bytes == nil {
			e.Null("bytes")
		} else {
			e.Key("bytes")
			e.B = append(e.B, '[')
			for _, b := range t.Bytes {
				e.Elem()
				e.B = strconv.AppendInt(e.B, int64(b), 10)
			}
			e.B = append(e.B, ']')
		}
		if top {
			e.Key("top_logprobs")
			e.tokens(t.Top, false)
		}
		e.Close(mark)
	}
	e.B = append(e.B, ']')
}

// tier writes the service tier that served the answer, if it has a name here.
func (e *encoder) tier(name string) {
	name, _ = tier.OpenAI(name)
	e.TextIf("service_tier", name)
}

func (e *encoder) usage(u *model.Usage) {
	e.Key("usage")
	mark := e.Open()
	e.Whole("prompt_tokens", int64(u.Input))
	e.Whole("completion_tokens", int64(u.Output))
	e.Whole("total_tokens", int64(u.Input)+int64(u.Output))
	e.Key("prompt_tokens_details")
	inner := e.Open()
	e.Whole("cached_tokens", int64(u.Cached))
	if u.Written > 0 {
		e.Whole("cache_write_tokens", int64(u.Written))
	}
	e.Close(inner)
	e.Key("completion_tokens_details")
	inner = e.Open()
	e.Whole("reasoning_tokens", int64(u.Reasoning))
	e.Close(inner)
	e.Close(mark)
}
