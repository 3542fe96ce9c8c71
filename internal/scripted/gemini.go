// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package scripted

import (
	"net/http"
	"slices"
	"strings"
)

// gemini speaks the Gemini API (https://ai.google.dev/api/generate-content).
type gemini struct{}

var geminiFields = []string{"contents", "systemInstruction", "tools", "toolConfig", "safetySettings", "generationConfig", "cachedContent", "store",
	"serviceTier"}

func (gemini) hear(r *http.Request, body []byte) (a asked, err error) {
	name, method, ok := strings.Cut(strings.TrimPrefix(r.URL.Path, "/v1beta/models/"), ":")
	if !ok || method != "generateContent" && method != "streamGenerateContent" {
		a.fault("no such path: %s", r.URL.Path)
		return a, nil
	}
	o, err := read(body)
	if err != nil {
		return a, err
	}
	o = camel(o).(object)
	a.unknown("body", o, geminiFields...)
	a.model, a.stream = name, method == "streamGenerateContent"
	if a.stream && r.URL.Query().Get("alt") != "sse" {
		a.fault("this server streams with alt=sse alone")
	}
	config := sub(o, "generationConfig")
	a.think = sub(config, "thinkingConfig")["includeThoughts"] == true
	a.schema = config["responseMimeType"] == "application/json"
	a.system = text(sub(o, "systemInstruction")["parts"])
	for _, t := range list(o["tools"]) {
		for _, f := range list(t["functionDeclarations"]) {
			a.tools = append(a.tools, str(f["name"]))
		}
	}
	gemini{}.turns(&a, list(o["contents"]))
	return a, nil
}

// camel gives the fields of a body the names that the documentation uses: like all JSON of protocol buffers, the API takes
// snake_case too. What callers name themselves (arguments, schemas, results) stays.
func camel(v any) any {
	switch v := v.(type) {
	case object:
		out := object{}
		for key, inner := range v {
			words := strings.Split(key, "_")
			for i := range words[1:] {
				if w := words[i+1]; w != "" {
					words[i+1] = strings.ToUpper(w[:1]) + w[1:]
				}
			}
			switch name := strings.Join(words, ""); name {
			case "args", "response", "parameters", "parametersJsonSchema", "responseSchema", "responseJsonSchema":
				out[name] = inner
			default:
				out[name] = camel(inner)
			}
		}
		return out
	case []any:
		for i := range v {
			v[i] = camel(v[i])
		}
	}
	return v
}

// turns checks the conversation as the vendor does: as many responses as calls, right behind them, and calls that
// carry the signature they came with.
func (gemini) turns(a *asked, turns []object) {
	if len(turns) == 0 {
		a.fault("contents is not specified")
	}
	var open []string
	for i, c := range turns {
		role := str(c["role"])
		if role != "user" && role != "model" && role != "function" && role != "" {
			a.fault("contents[%d]: please use a valid role: user, model", i)
		}
		a.results = nil
		first := true
		for j, p := range list(c["parts"]) {
			if f, ok := p["functionCall"].(object); ok {
				if first && p["thoughtSignature"] != Signature && p["thoughtSignature"] != "skip_thought_signature_validator" {
					a.fault("contents[%d].parts[%d]: function call is missing a thought_signature", i, j)
				}
				first = false
				open = append(open, str(f["name"]))
				continue
			}
			if f, ok := p["functionResponse"].(object); ok {
				at := slices.Index(open, str(f["name"]))
				if at < 0 {
					a.fault("contents[%d].parts[%d]: function response for %v without its call", i, j, f["name"])
					continue
				}
				open = slices.Delete(open, at, at+1)
				a.results = append(a.results, string(marshal(f["response"])))
			}
		}
		if role != "model" && len(open) > 0 {
			a.fault("contents[%d]: the number of function response parts is not equal to that of the function call parts", i)
			open = nil
		}
	}
}

func (gemini) usage() object {
	return object{"promptTokenCount": InputTokens, "cachedContentTokenCount": CachedTokens,
		"candidatesTokenCount": OutputTokens - ReasoningTokens, "thoughtsTokenCount": ReasoningTokens,
		"totalTokenCount": InputTokens + OutputTokens}
}

func (g gemini) say(w http.ResponseWriter, a asked, l lines) {
	var chunks [][]object
	for _, s := range l.reasoning {
		chunks = append(chunks, []object{{"text": s, "thought": true}})
	}
	for _, s := range l.text {
		chunks = append(chunks, []object{{"text": s}})
	}
	var calls []object
	for _, c := range l.calls {
		part := object{"functionCall": object{"name": c.name, "args": c.args}}
		if calls == nil {
			part["thoughtSignature"] = Signature
		}
		calls = append(calls, part)
	}
	if calls != nil {
		chunks = append(chunks, calls)
	}
	answer := func(parts []object, last bool) object {
		candidate := object{"content": object{"role": "model", "parts": parts}, "index": 0}
		if last {
			candidate["finishReason"] = "STOP"
		}
		o := object{"candidates": []object{candidate}, "modelVersion": a.model, "responseId": "r1",
			"usageMetadata": object{"promptTokenCount": InputTokens, "totalTokenCount": InputTokens}}
		if last {
			o["usageMetadata"] = g.usage()
		}
		return o
	}
	if !a.stream {
		var parts []object
		if l.reasoning != nil {
			parts = append(parts, object{"text": strings.Join(l.reasoning, ""), "thought": true})
		}
		parts = append(parts, object{"text": strings.Join(l.text, "")})
		whole(w, http.StatusOK, answer(append(parts, calls...), true))
		return
	}
	stream(w)
	for i, parts := range chunks {
		event(w, "", answer(parts, i == len(chunks)-1))
	}
}

func (gemini) refuse(w http.ResponseWriter, status int, message string) {
	whole(w, status, object{"error": object{"code": status, "message": message, "status": "INVALID_ARGUMENT"}})
}
