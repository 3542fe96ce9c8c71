// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package ollama

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

type value = map[string]any

func (d drawer) text() string {
	words := []string{"", "card", "é日本😀", "a\"b\\c\n\t\u0001", " ", "</script>", "\u2028", "{}"}
	return words[d.IntN(len(words))] + words[d.IntN(len(words))]
}

func (d drawer) word() string { return "w" + strconv.Itoa(d.IntN(1000)) }

func (d drawer) maybe(o value, key string, v func() any) {
	if d.IntN(2) == 0 {
		o[key] = v()
	}
}

func (d drawer) any() any {
	return []any{1.5, "x", true, []any{}, value{}, []any{1.0, value{"a": nil}}}[d.IntN(6)]
}

func (d drawer) list(most int, v func() any) []any {
	out := make([]any, 1+d.IntN(most))
	for i := range out {
		out[i] = v()
	}
	return out
}

func (d drawer) image() any { return []string{"iVBORw0KGgo=", "AQIDBA==", "/9j/"}[d.IntN(3)] }

func (d drawer) full(text func() string) string {
	for {
		if s := text(); s != "" {
			return s
		}
	}
}

// turns draws messages in which every result follows its call.
func (d drawer) turns() []any {
	var out []any
	for range 1 + d.IntN(4) {
		switch d.IntN(4) {
		case 0:
			out = append(out, value{"role": "system", "content": d.text()})
		case 1:
			m := value{"role": "user", "content": d.text()}
			d.maybe(m, "images", func() any { return d.list(2, d.image) })
			d.maybe(m, "own", d.any)
			out = append(out, m)
		case 2:
			m := value{"role": "assistant", "content": d.text()}
			d.maybe(m, "thinking", func() any { return d.full(d.text) })
			out = append(out, m)
		default:
			out = append(out, d.calls()...)
		}
	}
	return out
}

func (d drawer) calls() []any {
	named := d.IntN(2) == 0
	m := value{"role": "assistant", "content": d.text()}
	var calls, results []any
	for i := range 1 + d.IntN(3) {
		name := d.word()
		call := value{"function": value{"index": float64(i), "name": name, "arguments": value{"city": d.text(), "n": 1.0}}}
		result := value{"role": "tool", "content": d.text(), "tool_name": name}
		if named {
			id := "call_" + strconv.Itoa(d.Int())
			call["id"], result["tool_call_id"] = id, id
		}
		d.maybe(call, "own", d.any)
		d.maybe(result, "own", d.any)
		calls, results = append(calls, call), append(results, result)
	}
	m["tool_calls"] = calls
	return append([]any{m}, results...)
}

func (d drawer) tool() any {
	if d.IntN(4) == 0 {
		return value{"type": "web_search", "own": d.any()}
	}
	f := value{"name": d.word()}
	d.maybe(f, "description", func() any { return d.word() })
	d.maybe(f, "parameters", func() any { return value{"type": "object", "properties": value{"a": d.any()}} })
	d.maybe(f, "own", d.any)
	o := value{"type": "function", "function": f}
	d.maybe(o, "items", d.any)
	return o
}

func (d drawer) settings(o value) {
	o["stream"] = d.IntN(2) == 0
	d.maybe(o, "format", func() any { return []any{"json", value{"type": "object"}}[d.IntN(2)] })
	d.maybe(o, "think", func() any { return []any{true, false, "low", "medium", "high", "max"}[d.IntN(6)] })
	d.maybe(o, "logprobs", func() any { return true })
	d.maybe(o, "top_logprobs", func() any { return float64(1 + d.IntN(20)) })
	options := value{}
	for _, key := range []string{"temperature", "top_p", "frequency_penalty", "presence_penalty", "min_p", "repeat_penalty"} {
		d.maybe(options, key, func() any { return d.Float64()*4 - 2 })
	}
	for _, key := range []string{"top_k", "seed", "num_predict", "num_ctx", "main_gpu"} {
		d.maybe(options, key, func() any { return float64(d.IntN(1000)) })
	}
	d.maybe(options, "num_predict", func() any { return -1.0 })
	d.maybe(options, "stop", func() any { return d.list(3, func() any { return d.text() }) })
	if len(options) > 0 {
		o["options"] = options
	}
	for _, key := range []string{"keep_alive", "truncate", "shift", "vendor_field"} {
		d.maybe(o, key, d.any)
	}
}

func (d drawer) chat() value {
	o := value{"model": "m", "messages": d.turns()}
	d.maybe(o, "tools", func() any { return d.list(3, d.tool) })
	d.settings(o)
	return o
}

// generate draws a request that /api/generate alone can take.
func (d drawer) generate() value {
	o := value{"model": "m", "prompt": d.full(d.text), "suffix": d.full(d.text)}
	d.maybe(o, "system", func() any { return d.full(d.text) })
	d.maybe(o, "images", func() any { return d.list(2, d.image) })
	d.maybe(o, "template", func() any { return d.full(d.text) })
	d.maybe(o, "context", func() any { return []any{1.0, 2.0} })
	d.maybe(o, "raw", func() any { return true })
	d.settings(o)
	return o
}

func TestDecodeThenEncodeIsTheIdentity(t *testing.T) {
	for seed := range uint64(2000) {
		d := drawer{rand.New(rand.NewPCG(seed, 1))}
		want, read, at := d.chat(), decodeChat, chatPath
		if seed%4 == 0 {
			want, read, at = d.generate(), decodeGenerate, generatePath
		}
		body, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		content, err := read(body)
		if err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, body)
		}
		path, out, notes, err := encode("m", want["stream"] == true, content)
		if err != nil || notes != nil || path != at {
			t.Fatalf("seed %d: %v, for %s, left out %v\n%s", seed, err, path, notes, body)
		}
		var got value
		if err := json.Unmarshal(out, &got); err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, out)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Fatalf("seed %d (-want +got):\n%s", seed, d)
		}
		again, err := read(out)
		if err != nil || !reflect.DeepEqual(content, again) {
			t.Fatalf("seed %d: decoded again: %v\n%s", seed, err, cmp.Diff(content, again))
		}
	}
}

// TestPromptsAreMessages encodes what /api/generate was asked as the same question to /api/chat.
func TestPromptsAreMessages(t *testing.T) {
	content, err := decodeGenerate([]byte(`{"model":"m","prompt":"hi","system":"be brief","images":["AQID"],"raw":false,"suffix":"","template":null,"context":[],"options":{"seed":3}}`))
	if err != nil {
		t.Fatal(err)
	}
	path, body, notes, err := encode("m", true, content)
	want := `{"model":"m","messages":[{"role":"system","content":"be brief"},{"role":"user","content":"hi","images":["AQID"]}],"options":{"seed":3},"stream":true}`
	if err != nil || notes != nil || path != chatPath || string(body) != want {
		t.Errorf("for %s, left out %v, %v:\n%s\nwant\n%s", path, notes, err, body, want)
	}
}

// FuzzDecode checks that whatever decodes also encodes, and decodes to the same from then on.
func FuzzDecode(f *testing.F) {
	for seed := range uint64(20) {
		d := drawer{rand.New(rand.NewPCG(seed, 2))}
		body, _ := json.Marshal(d.chat())
		f.Add(body)
		body, _ = json.Marshal(d.generate())
		f.Add(body)
	}
	for _, s := range []string{`{"messages":[{"role":"USER","content":null}],"options":null,"think":null,"format":""}`,
		`{"messages":[{"role":"tool","content":"a"},{"role":"tool","tool_name":"x"},{"role":"critic","content":"c"}],"options":{"seed":1.5,"num_predict":-2,"stop":"a"}}`,
		`{"messages":[{"role":"assistant","tool_calls":[{"function":{"name":"f","arguments":"{"}},{"id":"call_retort_1","type":"function","function":{}}]},{"role":"tool","tool_call_id":"call_retort_1"}]}`,
		`{"prompt":"a","messages":[{"role":"user","content":"b"}],"options":{"num_predict":1e300}}`, `{"prompt":"","images":["AQ=="],"raw":true}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, read := range []func([]byte) (*model.Content, error){decodeChat, decodeGenerate} {
			first, err := read(body)
			if err != nil {
				if model.KindOf(err) != model.Invalid {
					t.Fatalf("%v: kind %v", err, model.KindOf(err))
				}
				continue
			}
			path, out, _, err := encode("m", false, first)
			if err != nil {
				t.Fatalf("decoded, but not encoded: %v", err)
			}
			if read = decodeChat; path == generatePath {
				read = decodeGenerate
			}
			second, err := read(out)
			if err != nil {
				t.Fatalf("%v\n%s\nbecame\n%s", err, body, out)
			}
			_, third, _, err := encode("m", false, second)
			if err != nil || string(third) != string(out) {
				t.Fatalf("not stable: %v\n%s\n%s", err, out, third)
			}
		}
	})
}
