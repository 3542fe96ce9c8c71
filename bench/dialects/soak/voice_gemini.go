// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package soak

import (
	"encoding/json"
	"net/http"
	"strings"
)

// geminiVoice is Gemini's generateContent (https://ai.google.dev/api/generate-content). Thoughts are counted beside the
// tokens of its answers, and a stream ends when the response does: its last chunk says why.
type geminiVoice struct{}

func (geminiVoice) path() string { return "/v1beta/models/m:" }

func (geminiVoice) streams(r *http.Request, _ []byte) bool {
	return strings.HasSuffix(r.URL.Path, ":streamGenerateContent")
}

func (geminiVoice) answer(o *order, parts list, last bool) object {
	candidate := object{"index": 0, "content": object{"role": "model", "parts": parts}}
	a := object{"candidates": list{candidate}, "modelVersion": "m", "responseId": "r"}
	if last {
		u := o.usage()
		candidate["finishReason"] = "STOP"
		a["usageMetadata"] = object{"promptTokenCount": u.input, "cachedContentTokenCount": u.cached, "candidatesTokenCount": u.output - u.reasoning,
			"thoughtsTokenCount": u.reasoning, "totalTokenCount": u.input + u.output}
	}
	return a
}

func (geminiVoice) call(o *order) object {
	return object{"functionCall": object{"name": toolName, "args": object{"nonce": o.argument()}}}
}

func (v geminiVoice) whole(o *order) []byte {
	parts := list{object{"text": o.text()}}
	if o.calls() {
		parts = append(parts, v.call(o))
	}
	return marshal(v.answer(o, parts, true))
}

func (v geminiVoice) script(o *order) script {
	s := script{kind: "text/event-stream", malformed: []byte("data: {\"candidates\":[{\"content\":{\"parts\":[{\"te\n\n"),
		trouble: event("", object{"error": object{"code": 503, "message": "the GPU is on fire", "status": "UNAVAILABLE"}})}
	for i := range o.pieces {
		s.pieces = append(s.pieces, event("", v.answer(o, list{object{"text": o.piece(i)}}, false)))
	}
	parts := list{object{"text": ""}}
	if o.calls() {
		parts = list{v.call(o)}
	}
	s.tail = event("", v.answer(o, parts, true))
	return s
}

func (geminiVoice) refusal(status int) []byte {
	word := map[int]string{429: "RESOURCE_EXHAUSTED", 500: "INTERNAL", 503: "UNAVAILABLE"}[status]
	return marshal(object{"error": object{"code": status, "message": http.StatusText(status), "status": word}})
}

func (geminiVoice) request(base, model string, o *order) (string, http.Header, object) {
	op := ":generateContent"
	if o.stream {
		op = ":streamGenerateContent?alt=sse"
	}
	return base + "/v1beta/models/" + model + op, http.Header{"X-Goog-Api-Key": {"k"}}, object{
		"contents": list{object{"role": "user", "parts": list{object{"text": o.prompt()}}}},
		"tools":    list{object{"functionDeclarations": list{object{"name": toolName, "parametersJsonSchema": schema()}}}}}
}

// geminiAnswer is an answer, or a chunk of one.
type geminiAnswer struct {
	Candidates []struct {
		Content struct {
			Parts []struct {
				Text         string
				Thought      bool
				FunctionCall *struct{ Args json.RawMessage }
			}
		}
		FinishReason string
	}
	UsageMetadata *struct{ PromptTokenCount, CachedContentTokenCount, CandidatesTokenCount, ThoughtsTokenCount int }
	Error         *struct{ Message string }
}

func (a *geminiAnswer) read(data []byte, h *heard) (spoke bool, err error) {
	if err := json.Unmarshal(data, a); err != nil {
		return false, err
	}
	if a.Error != nil {
		h.failed = a.Error.Message
		return false, nil
	}
	if u := a.UsageMetadata; u != nil {
		h.usage = usage{u.PromptTokenCount, u.CachedContentTokenCount, u.CandidatesTokenCount + u.ThoughtsTokenCount, u.ThoughtsTokenCount}
	}
	for _, c := range a.Candidates {
		for _, p := range c.Content.Parts {
			if p.Thought {
				continue
			}
			h.text = append(h.text, p.Text...)
			spoke = spoke || p.Text != ""
			if p.FunctionCall != nil {
				if err := h.called(p.FunctionCall.Args); err != nil {
					return spoke, err
				}
			}
		}
		h.complete = h.complete || c.FinishReason != ""
	}
	return spoke, nil
}

func (geminiVoice) hearWhole(body []byte, h *heard) error {
	_, err := new(geminiAnswer).read(body, h)
	return err
}

func (geminiVoice) hear(in *events, h *heard, said func()) error {
	for h.failed == "" {
		_, data, err := in.next()
		if err != nil {
			return ended(err, h)
		}
		var a geminiAnswer
		spoke, err := a.read(data, h)
		if err != nil {
			return err
		}
		if spoke {
			said()
		}
	}
	return nil
}
