// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package responses

import (
	"encoding/json"
	"strconv"
	"time"

	"retort/dialect/internal/oaierror"
	"retort/dialect/internal/scan"
	"retort/model"
)

// place writes where an event belongs; key is the name of the index within the item, empty for none.
func (a *answer) place(m *output, key string, index int) {
	e := &a.out
	e.Text("item_id", m.id)
	e.Whole("output_index", int64(m.index))
	if key != "" {
		e.Whole(key, int64(index))
	}
}

// delta writes an event that adds a text. All but its text and number is made once.
func (a *answer) delta(m *output, name, key string, index int, p *model.Part) {
	if !a.live {
		return
	}
	e := &a.out
	if m.head == nil {
		from, seq := len(e.B), a.seq
		e.B = append(append(append(e.B, "event: "...), name...), "\ndata: {\"type\":\""...)
		e.B = append(append(e.B, name...), '"')
		a.place(m, key, index)
		e.Key("delta")
		m.head = append(m.head, e.B[from:]...)
		e.B, a.seq = e.B[:from], seq
	}
	e.B = scan.Quote(append(e.B, m.head...), p.Text)
	if p.Kind == model.TextPart {
		e.B = append(e.B, `,"logprobs":`...)
		e.probs(p.Logprobs, true)
	}
	e.B = append(e.B, `,"sequence_number":`...)
	e.B = strconv.AppendInt(e.B, int64(a.seq), 10)
	e.B = append(e.B, "}\n\n"...)
	a.seq++
}

// partEvent writes an event about the open part of a message; nil stands for one that is empty yet.
func (a *answer) partEvent(name string, m *output, part []byte) {
	if !a.live {
		return
	}
	a.event(name)
	a.place(m, "content_index", m.count)
	a.out.Key("part")
	if part == nil {
		part = a.content(m)
	}
	a.out.B = append(a.out.B, part...)
	a.endEvent()
}

// content returns the open part of a message.
func (a *answer) content(m *output) []byte {
	e := newEncoder(make([]byte, 0, len(m.text)+len(m.notes)+96))
	mark := e.Open()
	if m.part == model.RefusalPart {
		e.Text("type", "refusal")
		e.Text("refusal", string(m.text))
		e.Close(mark)
		return e.B
	}
	e.Text("type", "output_text")
	e.Text("text", string(m.text))
	e.Array("annotations")
	e.B = append(e.B, m.notes...)
	e.EndArray()
	e.Key("logprobs")
	e.probs(m.probs, true)
	e.Close(mark)
	return e.B
}

// summary writes an event about the text of reasoning, which is shown as a summary of one part.
func (a *answer) summary(name string, m *output, text string) {
	if !a.live {
		return
	}
	e := &a.out
	a.event(name)
	a.place(m, "summary_index", 0)
	if name == "response.reasoning_summary_text.done" {
		e.Text("text", text)
	} else {
		e.Key("part")
		mark := e.Open()
		e.Text("type", "summary_text")
		e.Text("text", text)
		e.Close(mark)
	}
	a.endEvent()
}

// added writes that an item has begun.
func (a *answer) added(m *output) {
	if a.live {
		a.itemEvent("response.output_item.added", m, a.item(m, "in_progress"))
	}
}

func (a *answer) itemEvent(name string, m *output, item []byte) {
	if !a.live {
		return
	}
	a.event(name)
	a.out.Whole("output_index", int64(m.index))
	a.out.Key("item")
	a.out.B = append(a.out.B, item...)
	a.endEvent()
}

// item returns an item as it stands.
func (a *answer) item(m *output, status string) []byte {
	e := newEncoder(make([]byte, 0, len(m.text)+len(m.parts)+192))
	mark := e.Open()
	e.Text("id", m.id)
	switch m.kind {
	case model.TextPart:
		e.Text("type", "message")
		e.Text("status", status)
		e.Text("role", "assistant")
		e.Array("content")
		e.B = append(e.B, m.parts...)
		e.EndArray()
	case model.ReasoningPart:
		e.Text("type", "reasoning")
		e.texts("summary", "summary_text", pieces(nil, string(m.text)))
		if m.seal != nil || status != "in_progress" {
			e.Text("encrypted_content", sealOf(m.seal))
		}
	case model.MediaPart:
		e.Text("type", "image_generation_call")
		e.Text("status", status)
		e.Null("result")
	case model.ToolCallPart:
		kind, input := "function_call", "arguments"
		if m.call.Freeform {
			kind, input = "custom_tool_call", "input"
		}
		e.Text("type", kind)
		e.Text("status", status)
		e.Text("call_id", m.call.ID)
		e.Text("name", m.call.Name)
		e.TextIf("namespace", m.call.Namespace)
		e.Text(input, string(m.text))
	}
	e.Close(mark)
	return e.B
}

// responseEvent writes an event about the response as a whole.
func (a *answer) responseEvent(name, status string, resp *model.Response, fault *oaierror.Account) {
	a.event(name)
	a.out.Key("response")
	a.response(status, resp, fault)
	a.endEvent()
}

// response writes the response object as it stands: resp once there is an answer, fault where there will be none.
func (a *answer) response(status string, resp *model.Response, fault *oaierror.Account) {
	e := &a.out
	a.parts[0] = len(e.B)
	mark := e.Open()
	e.Text("id", a.responseID())
	e.Text("object", "response")
	e.Whole("created_at", a.created)
	e.Text("status", status)
	e.Boolean("background", false)
	if status == "completed" {
		e.Whole("completed_at", time.Now().Unix())
	} else {
		e.Null("completed_at")
	}
	a.fault(fault)
	if _, why := a.ending(); status == incomplete {
		e.Key("incomplete_details")
		inner := e.Open()
		e.Text("reason", why)
		e.Close(inner)
	} else {
		e.Null("incomplete_details")
	}
	e.Text("model", a.model)
	e.Array("output")
	a.parts[1] = len(e.B)
	for _, m := range a.items {
		if m.done != nil {
			e.Elem()
			e.B = append(e.B, m.done...)
		}
	}
	a.parts[2] = len(e.B)
	e.EndArray()
	e.Key("previous_response_id")
	if a.note != nil && a.note.previousID != "" && a.note.recalled {
		e.B = scan.Quote(e.B, a.note.previousID)
	} else {
		e.B = append(e.B, "null"...)
	}
	e.Boolean("store", a.memory != nil)
	a.repeat()
	if resp != nil {
		e.TextIf("service_tier", tierOf(resp, a.said(echoTier)))
		e.Key("usage")
		e.usage(&resp.Usage)
	} else {
		e.Key("service_tier")
		if tierNamed(quotedText(a.said(echoTier))) == "" {
			e.B = append(e.B, `"auto"`...)
		} else {
			e.B = append(e.B, a.said(echoTier)...)
		}
		e.Null("usage")
	}
	e.Close(mark)
}

// responseID returns the id of the answer as a whole.
func (a *answer) responseID() string {
	if a.theirs != "" {
		return a.theirs
	}
	return "resp_" + a.id
}

// tierOf returns the service tier that answered; empty for one that the vendor has none like.
func tierOf(resp *model.Response, asked []byte) string {
	if resp.ServiceTier != "" {
		return tierNamed(resp.ServiceTier)
	}
	if tier := tierNamed(quotedText(asked)); tier != "" && tier != "auto" {
		return tier
	}
	return "default"
}

func quotedText(raw []byte) string {
	if len(raw) == 0 || raw[0] != '"' {
		return ""
	}
	return quoted(raw)
}

func or(raw []byte, otherwise string) string {
	if raw == nil {
		return otherwise
	}
	return string(raw)
}

// fault writes why there is no answer.
func (a *answer) fault(fault *oaierror.Account) {
	if fault == nil {
		a.out.Null("error")
		return
	}
	a.out.Key("error")
	mark := a.out.Open()
	a.out.Text("code", failedCode(fault.Code))
	a.out.Text("message", fault.Message)
	a.out.Close(mark)
}

// failedCode returns the code of a response that failed, for which the vendor has few; its CLI decides by it whether to
// try again.
func failedCode(code string) string {
	switch code {
	case "context_length_exceeded", "insufficient_quota", "rate_limit_exceeded":
		return code
	case model.Invalid.String():
		return "invalid_prompt"
	}
	return "server_error"
}

// said returns a field of the request; nil when it says nothing.
func (a *answer) said(f echo) []byte {
	if a.note == nil || !a.note.echo[f].There() {
		return nil
	}
	at := a.note.echo[f]
	raw := a.req.Wire.Body[at.Start:at.End]
	if string(raw) == "null" {
		return nil
	}
	return raw
}

// repeat writes what the answer repeats of the request.
func (a *answer) repeat() {
	if a.echo == nil {
		e := newEncoder([]byte{'{'})
		for f := range echoed {
			if echoed[f].otherwise != "" {
				e.Key(echoed[f].name)
				e.B = append(e.B, or(a.said(echo(f)), echoed[f].otherwise)...)
			}
		}
		e.Key("reasoning")
		e.with(a.said(echoReasoning), map[string]json.RawMessage{"effort": json.RawMessage("null"), "summary": json.RawMessage("null")})
		e.Key("text")
		e.with(a.said(echoText), map[string]json.RawMessage{"format": json.RawMessage(`{"type":"text"}`)})
		a.echo = e.B[1:]
	}
	a.out.B = append(a.out.B, ',')
	a.parts[3] = len(a.out.B)
	a.out.B = append(a.out.B, a.echo...)
	a.parts[4] = len(a.out.B)
}

// with writes an object with members that it must have.
func (e *encoder) with(raw []byte, must map[string]json.RawMessage) {
	all := must
	var has map[string]json.RawMessage
	if raw != nil && json.Unmarshal(raw, &has) == nil {
		for key, v := range has {
			all[key] = v
		}
	}
	mark := e.Open()
	e.Sorted(all)
	e.Close(mark)
}

// usage writes a count of tokens.
func (e *encoder) usage(u *model.Usage) {
	mark := e.Open()
	e.Whole("input_tokens", int64(u.Input))
	e.Key("input_tokens_details")
	inner := e.Open()
	e.Whole("cached_tokens", int64(u.Cached))
	e.Whole("cache_write_tokens", int64(u.Written))
	e.Close(inner)
	e.Whole("output_tokens", int64(u.Output))
	e.Key("output_tokens_details")
	inner = e.Open()
	e.Whole("reasoning_tokens", int64(u.Reasoning))
	e.Close(inner)
	e.Whole("total_tokens", int64(u.Input)+int64(u.Output))
	e.Close(mark)
}

// probs writes log-probabilities, with alternatives where top is set.
func (e *encoder) probs(list []model.TokenLogprob, top bool) {
	e.B = append(e.B, '[')
	for i := range list {
		t := &list[i]
		e.Elem()
		mark := e.Open()
		e.Text("token", t.Token)
		e.Number("logprob", &t.Logprob)
		e.Array("bytes")
		octets := t.Bytes
		if octets == nil {
			octets = []byte(t.Token) // what they are wherever a token is whole characters
		}
		for _, b := range octets {
			e.Elem()
			e.B = strconv.AppendInt(e.B, int64(b), 10)
		}
		e.EndArray()
		if top {
			e.Key("top_logprobs")
			e.probs(t.Top, false)
		}
		e.Close(mark)
	}
	e.B = append(e.B, ']')
}
