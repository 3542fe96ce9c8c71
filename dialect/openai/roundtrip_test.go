// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package openai

import (
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"retort/model"
)

// drawer draws random requests, in the form in which encode writes them, so that to decode and encode is the identity.
type drawer struct{ *rand.Rand }

type jsonMap = map[string]any

func (d drawer) text() string {
	words := []string{"", "card", "é日本😀", "a\"b\\c\n\t\u0001", " ", "</script>", "\u2028", "{}"}
	return words[d.IntN(len(words))] + words[d.IntN(len(words))]
}

func (d drawer) word() string { return "w" + strconv.Itoa(d.IntN(1000)) }

func (d drawer) maybe(o jsonMap, key string, v func() any) {
	if d.IntN(2) == 0 {
		o[key] = v()
	}
}

func (d drawer) any() any {
	return []any{1.5, "x", true, nil, []any{}, jsonMap{}, []any{1.0, jsonMap{"a": nil}}}[d.IntN(7)]
}

func (d drawer) list(most int, v func() any) []any {
	out := make([]any, 1+d.IntN(most))
	for i := range out {
		out[i] = v()
	}
	return out
}

func (d drawer) part() any {
	var o jsonMap
	switch d.IntN(6) {
	case 0, 1:
		o = jsonMap{"type": "text", "text": d.text()}
	case 2:
		image := jsonMap{"url": []string{"https://h/" + d.word(), "data:image/png;base64,AQID", "data:text/plain,hi"}[d.IntN(3)]}
		d.maybe(image, "detail", func() any { return "high" })
		d.maybe(image, "fps", d.any)
		o = jsonMap{"type": "image_url", "image_url": image}
	case 3:
		o = jsonMap{"type": "input_audio", "input_audio": jsonMap{"data": "AQIDBA==", "format": "wav"}}
	case 4:
		file := jsonMap{"file_id": d.word()}
		if d.IntN(2) == 0 {
			file = jsonMap{"file_data": []string{"data:application/pdf;base64,AQID", "AQID"}[d.IntN(2)], "filename": d.word()}
		}
		o = jsonMap{"type": "file", "file": file}
	default:
		o = jsonMap{"type": "video_url", "video_url": jsonMap{"url": d.word()}}
	}
	d.maybe(o, "cache_control", func() any { return jsonMap{"type": "ephemeral"} })
	return o
}

// content returns a string, or parts that could not be one string.
func (d drawer) content() any {
	if d.IntN(2) == 0 {
		return d.text()
	}
	return append(d.list(3, d.part), jsonMap{"type": "text", "text": d.text()})
}

func (d drawer) call() any {
	if d.IntN(4) == 0 {
		return jsonMap{"id": d.word(), "type": "custom", "custom": jsonMap{"name": d.word(), "input": d.text()}}
	}
	return jsonMap{"id": d.word(), "type": "function", "function": jsonMap{"name": d.word(), "arguments": d.text()}}
}

func (d drawer) message() any {
	var o jsonMap
	switch d.IntN(4) {
	case 0:
		o = jsonMap{"role": "system", "content": d.text()}
	case 1:
		o = jsonMap{"role": "user", "content": d.content()}
		d.maybe(o, "name", func() any { return d.word() })
	case 2:
		o = jsonMap{"role": "assistant", "content": nil}
		d.maybe(o, "content", func() any { return d.text() })
		d.maybe(o, "refusal", func() any { return d.text() })
		d.maybe(o, "reasoning_content", func() any { return d.text() })
		d.maybe(o, "tool_calls", func() any { return d.list(3, d.call) })
		d.maybe(o, "audio", func() any { return jsonMap{"id": d.word()} })
	default:
		o = jsonMap{"role": "tool", "tool_call_id": d.word(), "content": d.text()}
		d.maybe(o, "content", func() any { return []any{jsonMap{"type": "text", "text": "a"}, jsonMap{"type": "text", "text": "b"}} })
	}
	return o
}

func (d drawer) tool() any {
	if d.IntN(3) == 0 {
		custom := jsonMap{"name": d.word()}
		d.maybe(custom, "format", func() any {
			return []any{jsonMap{"type": "text"}, jsonMap{"type": "grammar", "grammar": jsonMap{"syntax": "lark", "definition": d.text()}}}[d.IntN(2)]
		})
		return jsonMap{"type": "custom", "custom": custom}
	}
	f := jsonMap{"name": d.word()}
	d.maybe(f, "description", func() any { return d.word() })
	d.maybe(f, "parameters", func() any { return jsonMap{"type": "object", "properties": jsonMap{"a": d.any()}} })
	d.maybe(f, "strict", func() any { return true })
	d.maybe(f, "own", d.any)
	o := jsonMap{"type": "function", "function": f}
	d.maybe(o, "cache_control", d.any)
	return o
}

func (d drawer) request() jsonMap {
	o := jsonMap{"model": "m", "messages": d.list(4, d.message)}
	d.maybe(o, "tools", func() any { return d.list(3, d.tool) })
	d.maybe(o, "tool_choice", func() any {
		return []any{"auto", "none", "required", jsonMap{"type": "function", "function": jsonMap{"name": "f"}},
			jsonMap{"type": "allowed_tools", "allowed_tools": jsonMap{"mode": "auto"}}}[d.IntN(5)]
	})
	d.maybe(o, "parallel_tool_calls", func() any { return d.IntN(2) == 0 })
	d.maybe(o, "response_format", func() any {
		return []any{jsonMap{"type": "text"}, jsonMap{"type": "json_object"}, jsonMap{"type": "regex", "pattern": "a"},
			jsonMap{"type": "json_schema", "json_schema": jsonMap{"name": "n", "schema": jsonMap{"type": "string"}, "strict": true}}}[d.IntN(4)]
	})
	for _, key := range []string{"temperature", "top_p", "frequency_penalty", "presence_penalty"} {
		d.maybe(o, key, func() any { return d.Float64()*4 - 2 })
	}
	for _, key := range []string{"max_tokens", "seed", "n", "top_logprobs"} {
		d.maybe(o, key, func() any { return float64(1 + d.IntN(1000)) })
	}
	for _, key := range []string{"reasoning_effort", "service_tier", "user", "verbosity", "prompt_cache_key"} {
		d.maybe(o, key, func() any { return d.word() })
	}
	d.maybe(o, "stop", func() any { return d.list(3, func() any { return d.text() }) })
	d.maybe(o, "logprobs", func() any { return true })
	for _, key := range []string{"metadata", "store", "logit_bias", "vendor_field"} {
		d.maybe(o, key, d.any)
	}
	if d.IntN(2) == 0 {
		options := jsonMap{"include_usage": true}
		d.maybe(options, "include_obfuscation", func() any { return false })
		o["stream"], o["stream_options"] = true, options
	}
	return o
}

func TestDecodeThenEncodeIsTheIdentity(t *testing.T) {
	for seed := range uint64(1500) {
		d := drawer{rand.New(rand.NewPCG(seed, 1))}
		want := d.request()
		body, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		content, err := decode(body)
		if err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, body)
		}
		out, _, err := Client{}.encode("http://127.0.0.1/v1", "m", want["stream"] == true, content)
		if err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, body)
		}
		var got jsonMap
		if err := json.Unmarshal(out, &got); err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, out)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Fatalf("seed %d (-want +got):\n%s", seed, d)
		}
		again, err := decode(out)
		if err != nil || !reflect.DeepEqual(content, again) {
			t.Fatalf("seed %d: decoded again: %v\n%s", seed, err, cmp.Diff(content, again))
		}
	}
}

// FuzzDecode checks that whatever decodes also encodes, and decodes to the same from then on.
func FuzzDecode(f *testing.F) {
	for seed := range uint64(20) {
		body, _ := json.Marshal(drawer{rand.New(rand.NewPCG(seed, 2))}.request())
		f.Add(body)
	}
	for _, s := range []string{`{"messages":[{"role":"user","content":"a"}],"n":1e0,"seed":-1,"stop":["",null]}`,
		`{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:a;base64,AA==","x":1}},{"type":"x","text":"y"}]}]}`,
		`{"messages":[{"role":"tool","tool_call_id":"c","content":[{"type":"refusal","refusal":"no"}]},{"role":"assistant","refusal":"n","tool_calls":[{"type":"custom","custom":{"input":{}}}]}]}`,
		`{"messages":[{"role":"function","content":null}],"tools":[{"type":"function","function":{"name":"f","x":1},"y":2}],"tool_choice":{}}`,
		`{"messages":[{"role":"user"}],"response_format":{"type":"x"},"stream_options":{"y":1},"temperature":1e-9}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		first, err := decode(body)
		if err != nil {
			if model.KindOf(err) != model.Invalid {
				t.Fatalf("%v: kind %v", err, model.KindOf(err))
			}
			return
		}
		out, _, err := Client{}.encode("http://127.0.0.1/v1", "m", false, first)
		if err != nil {
			t.Fatalf("decoded, but not encoded: %v", err)
		}
		second, err := decode(out)
		if err != nil {
			t.Fatalf("%v\n%s\nbecame\n%s", err, body, out)
		}
		third, _, err := Client{}.encode("http://127.0.0.1/v1", "m", false, second)
		if err != nil || string(third) != string(out) {
			t.Fatalf("not stable: %v\n%s\n%s", err, out, third)
		}
	})
}
