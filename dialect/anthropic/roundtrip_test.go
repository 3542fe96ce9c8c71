// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package anthropic

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

type anyObj = map[string]any

func (d drawer) text() string {
	words := []string{"", "card", "é日本😀", "a\"b\\c\n\t\u0001", "</script>", "\u2028", "{}"}
	return "x" + words[d.IntN(len(words))] + words[d.IntN(len(words))] + "."
}

func (d drawer) word() string { return "w" + strconv.Itoa(d.IntN(1000)) }

func (d drawer) maybe(o anyObj, key string, v func() any) {
	if d.IntN(2) == 0 {
		o[key] = v()
	}
}

func (d drawer) any() any {
	return []any{1.5, "x", true, []any{}, anyObj{}, []any{1.0, anyObj{"a": nil}}}[d.IntN(6)]
}

func (d drawer) list(most int, v func() any) []any {
	out := make([]any, 1+d.IntN(most))
	for i := range out {
		out[i] = v()
	}
	return out
}

func (d drawer) mark(o anyObj) anyObj {
	d.maybe(o, "cache_control", func() any {
		return []any{anyObj{"type": "ephemeral"}, anyObj{"type": "ephemeral", "ttl": "1h"},
			anyObj{"type": "ephemeral", "scope": "global"}, anyObj{"type": "other"}}[d.IntN(4)]
	})
	return o
}

func (d drawer) textBlock(assistant bool) any {
	o := anyObj{"type": "text", "text": d.text()}
	if assistant {
		d.maybe(o, "citations", func() any {
			return []any{anyObj{"type": "char_location", "cited_text": "c", "document_index": 0.0, "document_title": "t"},
				anyObj{"type": "web_search_result_location", "url": "https://h", "title": nil, "encrypted_index": "e", "cited_text": "c"}}
		})
	}
	d.maybe(o, "own", d.any)
	return d.mark(o)
}

func (d drawer) media() any {
	source := []anyObj{{"type": "url", "url": "https://h/" + d.word()}, {"type": "file", "file_id": d.word()}}[d.IntN(2)]
	if d.IntN(2) == 0 {
		source["detail"] = "x"
	}
	if d.IntN(2) == 0 {
		o := anyObj{"type": "image", "source": source}
		if d.IntN(2) == 0 {
			o["source"] = anyObj{"type": "base64", "media_type": "image/png", "data": "AQIDBA=="}
		}
		d.maybe(o, "transformations", func() any { return anyObj{"oversized_image": "error"} })
		return d.mark(o)
	}
	o := anyObj{"type": "document", "source": source}
	switch d.IntN(4) {
	case 0:
		o["source"] = anyObj{"type": "base64", "media_type": "application/pdf", "data": "AQID"}
	case 1:
		o["source"] = anyObj{"type": "text", "media_type": "text/plain", "data": d.text()}
	case 2:
		o["source"] = anyObj{"type": "content", "content": []any{d.textBlock(false)}}
	}
	d.maybe(o, "title", func() any { return d.word() })
	d.maybe(o, "citations", func() any { return anyObj{"enabled": true} })
	d.maybe(o, "context", func() any { return d.text() })
	return d.mark(o)
}

func (d drawer) native() any {
	return d.mark(anyObj{"type": []any{"search_result", "container_upload", "server_tool_use", "web_search_tool_result"}[d.IntN(4)], "source": "s", "content": d.any()})
}

func (d drawer) result() any {
	o := anyObj{"type": "tool_result", "tool_use_id": d.word()}
	d.maybe(o, "content", func() any {
		if d.IntN(2) == 0 {
			return d.text()
		}
		return []any{d.media(), d.textBlock(false), anyObj{"type": "tool_reference", "tool_name": "t"}}
	})
	d.maybe(o, "is_error", func() any { return true })
	d.maybe(o, "toolset_name", func() any { return d.word() })
	return d.mark(o)
}

func (d drawer) user() anyObj {
	var content []any
	for range d.IntN(3) {
		content = append(content, d.result())
	}
	for range d.IntN(3) {
		content = append(content, []func() any{d.media, d.native, func() any { return d.textBlock(false) }}[d.IntN(3)]())
	}
	if d.IntN(3) == 0 {
		return anyObj{"role": "user", "content": d.text()}
	}
	return anyObj{"role": "user", "content": append(content, anyObj{"type": "text", "text": d.text(), "own": 1.0})}
}

func (d drawer) assistant() anyObj {
	var content []any
	d0 := d.IntN(4)
	switch d0 {
	case 0:
		content = append(content, anyObj{"type": "thinking", "thinking": d.text(), "signature": d.word()})
	case 1:
		content = append(content, anyObj{"type": "thinking", "thinking": "", "signature": d.word()})
	case 2:
		content = append(content, anyObj{"type": "redacted_thinking", "data": d.word()})
	}
	content = append(content, d.textBlock(true))
	for range d.IntN(3) {
		o := anyObj{"type": "tool_use", "id": d.word(), "name": d.word(), "input": anyObj{"a": d.any()}}
		d.maybe(o, "caller", func() any { return anyObj{"type": "direct"} })
		content = append(content, d.mark(o))
	}
	if d.IntN(3) == 0 {
		content = append(content, d.native())
	}
	return anyObj{"role": "assistant", "content": append(content, anyObj{"type": "compaction", "content": "c"})}
}

func (d drawer) messages() []any {
	out := []any{d.user()}
	for range d.IntN(3) {
		if d.IntN(3) == 0 {
			out = append(out, anyObj{"role": "system", "content": d.text()})
		}
		out = append(out, d.assistant(), d.user())
	}
	return out
}

func (d drawer) tool() any {
	if d.IntN(3) == 0 {
		return anyObj{"type": "web_search_20250305", "name": "web_search", "max_uses": 3.0}
	}
	o := anyObj{"name": d.word(), "input_schema": anyObj{"type": "object", "properties": anyObj{"a": d.any()}}}
	d.maybe(o, "description", func() any { return d.word() })
	d.maybe(o, "strict", func() any { return true })
	d.maybe(o, "defer_loading", func() any { return true })
	d.maybe(o, "input_examples", func() any { return []any{anyObj{"a": 1.0}} })
	return d.mark(o)
}

func (d drawer) request() anyObj {
	o := d.mark(anyObj{"model": "m", "messages": d.messages(), "max_tokens": float64(d.IntN(1000))})
	d.maybe(o, "system", func() any {
		return []any{d.text(), []any{d.textBlock(false), anyObj{"type": "text", "text": "b"}}}[d.IntN(2)]
	})
	d.maybe(o, "tools", func() any { return d.list(3, d.tool) })
	d.maybe(o, "tool_choice", func() any {
		return []any{anyObj{"type": "auto"}, anyObj{"type": "any", "disable_parallel_tool_use": true}, anyObj{"type": "none"},
			anyObj{"type": "tool", "name": "f"}, anyObj{"type": "later", "x": 1.0}, anyObj{"type": "auto", "disable_parallel_tool_use": false}}[d.IntN(6)]
	})
	d.maybe(o, "thinking", func() any {
		return []any{anyObj{"type": "enabled", "budget_tokens": 1024.0}, anyObj{"type": "adaptive", "display": "omitted"}, anyObj{"type": "disabled"},
			anyObj{"type": "between_tools"}, anyObj{"type": "adaptive", "display": "later", "x": 1.0}, anyObj{"type": "adaptive", "display": "summarized"}}[d.IntN(6)]
	})
	d.maybe(o, "output_config", func() any {
		c := anyObj{"effort": "xhigh"}
		d.maybe(c, "format", func() any {
			return []any{anyObj{"type": "json_schema", "schema": anyObj{"type": "object"}}, anyObj{"type": "regex", "pattern": "a"}}[d.IntN(2)]
		})
		d.maybe(c, "task_budget", func() any { return anyObj{"type": "tokens", "total": 1.0} })
		return c
	})
	for _, key := range []string{"temperature", "top_p"} {
		d.maybe(o, key, func() any { return d.Float64() })
	}
	d.maybe(o, "top_k", func() any { return float64(d.IntN(100)) })
	d.maybe(o, "stop_sequences", func() any { return d.list(3, func() any { return d.text() }) })
	d.maybe(o, "service_tier", func() any { return "auto" })
	d.maybe(o, "metadata", func() any { return []any{anyObj{"user_id": "u"}, anyObj{"user_id": "u", "x": 1.0}}[d.IntN(2)] })
	for _, key := range []string{"context_management", "container", "mcp_servers", "speed", "vendor_field"} {
		d.maybe(o, key, d.any)
	}
	d.maybe(o, "stream", func() any { return true })
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
		out, notes, err := Client{}.encode("m", want["stream"] == true, content)
		if err != nil || notes != nil {
			t.Fatalf("seed %d: %v, notes %v\n%s", seed, err, notes, body)
		}
		var got anyObj
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
	for _, s := range []string{`{"messages":[{"role":"user","content":"a"}],"max_tokens":1e0,"stop_sequences":["",null]}`,
		`{"messages":[{"role":"user","content":[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AQ\nID"}},{"type":"x","text":"y"}]}]}`,
		`{"messages":[{"role":"system","content":"s"},{"role":"assistant","content":[{"type":"tool_use","name":"n","input":[1]},{"type":"thinking","thinking":"a"}]}]}`,
		`{"messages":[{"role":"assistant","content":" "}],"system":null,"tools":[{"name":"f"}],"tool_choice":{"type":"auto","x":1}}`,
		`{"messages":[{"role":"user","content":[]}],"output_format":{"type":"x"},"thinking":{"type":"enabled"},"temperature":1e-9}`} {
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
		for _, name := range []string{"m", "claude-sonnet-4-5", "claude-opus-4-8", "claude-opus-5-5"} {
			foreign := *first
			foreign.Dialect = "other"
			if _, _, err := (Client{}).encode(name, true, &foreign); err != nil {
				t.Fatalf("decoded, but not encoded for another dialect's client: %v", err)
			}
		}
		out, _, err := Client{}.encode("m", false, first)
		if err != nil {
			t.Fatalf("decoded, but not encoded: %v", err)
		}
		second, err := decode(out)
		if err != nil {
			t.Fatalf("%v\n%s\nbecame\n%s", err, body, out)
		}
		third, _, err := Client{}.encode("m", false, second)
		if err != nil || string(third) != string(out) {
			t.Fatalf("not stable: %v\n%s\n%s", err, out, third)
		}
	})
}
