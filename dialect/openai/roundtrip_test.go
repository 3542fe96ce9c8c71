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

type object = map[string]any

func (d drawer) text() string {
	words := []string{"", "card", "é日本😀", "a\"b\\c\n\t\u0001", " ", "</script>", "\u2028", "{}"}
	return words[d.IntN(len(words))] + words[d.IntN(len(words))]
}

func (d drawer) word() string { return "w" + strconv.Itoa(d.IntN(1000)) }

func (d drawer) maybe(o object, key string, v func() any) {
	if d.IntN(2) == 0 {
		o[key] = v()
	}
}

func (d drawer) any() any {
	return []any{1.5, "x", true, nil, []any{}, object{}, []any{1.0, object{"a": nil}}}[d.IntN(7)]
}

func (d drawer) list(most int, v func() any) []any {
	out := make([]any, 1+d.IntN(most))
	for i := range out {
		out[i] = v()
	}
	return out
}

func (d drawer) part() any {
	var o object
	switch d.IntN(6) {
	case 0, 1:
		o = object{"type": "text", "text": d.text()}
	case 2:
		image := object{"url": []string{"https://h/" + d.word(), "data:image/png;base64,AQID", "data:text/plain,hi"}[d.IntN(3)]}
		d.maybe(image, "detail", func() any { return "high" })
		d.maybe(image, "fps", d.any)
		o = object{"type": "image_url", "image_url": image}
	case 3:
		o = object{"type": "input_audio", "input_audio": object{"data": "AQIDBA==", "format": "wav"}}
	case 4:
		file := object{"file_id": d.word()}
		if d.IntN(2) == 0 {
			file = object{"file_data": []string{"data:application/pdf;base64,AQID", "AQID"}[d.IntN(2)], "filename": d.word()}
		}
		o = object{"type": "file", "file": file}
	default:
		o = object{"type": "video_url", "video_url": object{"url": d.word()}}
	}
	d.maybe(o, "cache_control", func() any { return object{"type": "ephemeral"} })
	return o
}

// content returns a string, or parts that could not be one string.
func (d drawer) content() any {
	if d.IntN(2) == 0 {
		return d.text()
	}
	return append(d.list(3, d.part), object{"type": "text", "text": d.text()})
}

func (d drawer) call() any {
	if d.IntN(4) == 0 {
		return object{"id": d.word(), "type": "custom", "custom": object{"name": d.word(), "input": d.text()}}
	}
	return object{"id": d.word(), "type": "function", "function": object{"name": d.word(), "arguments": d.text()}}
}

func (d drawer) message() any {
	var o object
	switch d.IntN(4) {
	case 0:
		o = object{"role": "system", "content": d.text()}
	case 1:
		o = object{"role": "user", "content": d.content()}
		d.maybe(o, "name", func() any { return d.word() })
	case 2:
		o = object{"role": "assistant", "content": nil}
		d.maybe(o, "content", func() any { return d.text() })
		d.maybe(o, "refusal", func() any { return d.text() })
		d.maybe(o, "reasoning_content", func() any { return d.text() })
		d.maybe(o, "tool_calls", func() any { return d.list(3, d.call) })
		d.maybe(o, "audio", func() any { return object{"id": d.word()} })
	default:
		o = object{"role": "tool", "tool_call_id": d.word(), "content": d.text()}
		d.maybe(o, "content", func() any { return []any{object{"type": "text", "text": "a"}, object{"type": "text", "text": "b"}} })
	}
	return o
}

func (d drawer) tool() any {
	if d.IntN(3) == 0 {
		return object{"type": "custom", "custom": object{"name": d.word(), "format": object{"type": "text"}}}
	}
	f := object{"name": d.word()}
	d.maybe(f, "description", func() any { return d.word() })
	d.maybe(f, "parameters", func() any { return object{"type": "object", "properties": object{"a": d.any()}} })
	d.maybe(f, "strict", func() any { return true })
	d.maybe(f, "own", d.any)
	o := object{"type": "function", "function": f}
	d.maybe(o, "cache_control", d.any)
	return o
}

func (d drawer) request() object {
	o := object{"model": "m", "messages": d.list(4, d.message)}
	d.maybe(o, "tools", func() any { return d.list(3, d.tool) })
	d.maybe(o, "tool_choice", func() any {
		return []any{"auto", "none", "required", object{"type": "function", "function": object{"name": "f"}},
			object{"type": "allowed_tools", "allowed_tools": object{"mode": "auto"}}}[d.IntN(5)]
	})
	d.maybe(o, "parallel_tool_calls", func() any { return d.IntN(2) == 0 })
	d.maybe(o, "response_format", func() any {
		return []any{object{"type": "text"}, object{"type": "json_object"}, object{"type": "regex", "pattern": "a"},
			object{"type": "json_schema", "json_schema": object{"name": "n", "schema": object{"type": "string"}, "strict": true}}}[d.IntN(4)]
	})
	for _, key := range []string{"temperature", "top_p", "frequency_penalty", "presence_penalty"} {
		d.maybe(o, key, func() any { return d.Float64()*4 - 2 })
	}
	for _, key := range []string{"max_tokens", "seed", "n", "top_logprobs"} {
		d.maybe(o, key, func() any { return float64(1 + d.IntN(1000)) })
	}
	for _, key := range []string{"reasoning_effort", "service_tier", "user"} {
		d.maybe(o, key, func() any { return d.word() })
	}
	d.maybe(o, "stop", func() any { return d.list(3, func() any { return d.text() }) })
	d.maybe(o, "logprobs", func() any { return true })
	for _, key := range []string{"metadata", "store", "logit_bias", "verbosity", "vendor_field"} {
		d.maybe(o, key, d.any)
	}
	if d.IntN(2) == 0 {
		options := object{"include_usage": true}
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
		out, dropped, err := Client{}.encode("http://127.0.0.1/v1", "m", want["stream"] == true, content)
		if err != nil || dropped != nil {
			t.Fatalf("seed %d: %v, dropped %v\n%s", seed, err, dropped, body)
		}
		var got object
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
