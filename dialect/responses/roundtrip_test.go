// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package responses

import (
	"encoding/json"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"retort/internal/shareddata"
)

type jsonMap = map[string]any

// again decodes and encodes a body.
func again(body []byte) ([]byte, error) {
	n, err := scanRequest(body)
	if err != nil {
		return nil, err
	}
	content, err := decode(body)
	if err != nil {
		return nil, err
	}
	out, _, err := Client{}.encode(asked{base: "http://127.0.0.1/v1", name: n.model, stream: n.stream}, content)
	return out, err
}

// plain parses a body and writes it in the one of several ways to say the same in which encode does.
func plain(t *testing.T, body []byte) any {
	t.Helper()
	var v jsonMap
	if err := json.Unmarshal(body, &v); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	if text, ok := v["input"].(string); ok {
		v["input"] = []any{jsonMap{"role": "user", "content": text}}
	}
	if v["stream"] == false {
		delete(v, "stream")
	}
	if items, ok := v["input"].([]any); ok {
		for _, item := range items {
			m := item.(jsonMap)
			if _, typed := m["type"]; !typed {
				m["type"] = "message"
			}
			if text, ok := m["content"].(string); ok {
				kind := "input_text"
				if m["role"] == "assistant" {
					kind = "output_text"
				}
				m["content"] = []any{jsonMap{"type": kind, "text": text}}
			}
		}
	}
	return silent(v, "")
}

// silent takes out what says nothing.
func silent(v any, under string) any {
	switch v := v.(type) {
	case jsonMap:
		maps.DeleteFunc(v, func(key string, value any) bool {
			list, ok := value.([]any)
			_, object := value.(jsonMap)
			return value == nil || ok && len(list) == 0 && (key == "annotations" || key == "logprobs") ||
				object && len(value.(jsonMap)) == 0 && key == "text"
		})
		for key := range v {
			if key != "parameters" && key != "schema" {
				v[key] = silent(v[key], key)
			}
		}
	case []any:
		for i := range v {
			v[i] = silent(v[i], under)
		}
	}
	return v
}

func same(t *testing.T, body []byte) {
	t.Helper()
	out, err := again(body)
	if err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	if d := cmp.Diff(plain(t, body), plain(t, out)); d != "" {
		t.Fatalf("(-sent +written again):\n%s\nsent %s\nwritten %s", d, body, out)
	}
	twice, err := again(out)
	if err != nil || string(twice) != string(out) {
		t.Errorf("written twice: %v\n%s\n%s", err, out, twice)
	}
}

// TestIdentity reads requests with all that the dialect has, and writes them again.
func TestIdentity(t *testing.T) {
	data, err := os.ReadFile("testdata/requests.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.Split(strings.TrimSpace(string(data)), "\n") {
		t.Run(strconv.Itoa(i+1), func(t *testing.T) { same(t, []byte(line)) })
	}
}

// TestRecordedClients does the same with what clients were recorded to send. The recordings lie beside the public data.
func TestRecordedClients(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(shareddata.Dir(t), "..", "clients", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var recorded struct {
			Requests []struct {
				Method, Path string
				Body         jsonMap
			}
		}
		if err := json.Unmarshal(data, &recorded); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for i, r := range recorded.Requests {
			if r.Method != "POST" || r.Path != "/v1/responses" {
				continue
			}
			body, err := json.Marshal(unshaped(r.Body, ""))
			if err != nil {
				t.Fatal(err)
			}
			checked++
			t.Run(filepath.Base(file)+" "+strconv.Itoa(i), func(t *testing.T) {
				if r.Body["previous_response_id"] != nil {
					if _, err := again(body); err == nil {
						t.Error("previous_response_id can be translated")
					}
					return
				}
				same(t, body)
			})
		}
	}
	if checked == 0 {
		t.Skip("no recordings of clients found beside the data sets")
	}
}

// unshaped makes a request of the recorded shape of one.
func unshaped(v any, key string) any {
	switch v := v.(type) {
	case jsonMap:
		for key := range v {
			v[key] = unshaped(v[key], key)
		}
	case []any:
		kept := []any{}
		for _, elem := range v {
			if text, ok := elem.(string); ok && strings.HasPrefix(text, "<array of") {
				continue
			}
			if elem == "<object>" {
				elem = jsonMap{"role": "user", "content": "hi"}
			}
			kept = append(kept, unshaped(elem, key))
		}
		return kept
	case string:
		switch v {
		case "<json-schema>":
			return jsonMap{"type": "object", "properties": jsonMap{}}
		case "<number>":
			return 1
		}
	}
	return v
}

// drawer draws random requests.
type drawer struct{ *rand.Rand }

func (d drawer) text() string {
	words := []string{"", "card", "é日本😀", "a\"b\\c\n\t\u0001", " ", "</script>", "\u2028", "{}", "retort.x"}
	return words[d.IntN(len(words))] + words[d.IntN(len(words))]
}

func (d drawer) word() string { return "w" + strconv.Itoa(d.IntN(1000)) }

func (d drawer) maybe(o jsonMap, key string, v func() any) {
	if d.IntN(2) == 0 {
		o[key] = v()
	}
}

func (d drawer) any() any {
	return []any{1.5, "x", true, []any{}, jsonMap{}, []any{1.0, jsonMap{"a": 1.0}}}[d.IntN(6)]
}

func (d drawer) list(most int, v func() any) []any {
	out := make([]any, 1+d.IntN(most))
	for i := range out {
		out[i] = v()
	}
	return out
}

func (d drawer) input() any {
	var o jsonMap
	switch d.IntN(6) {
	case 0, 1:
		o = jsonMap{"type": "input_text", "text": d.text()}
	case 2:
		o = jsonMap{"type": "input_image", "image_url": []string{"https://h/a", "data:image/png;base64,AQID", "data:text/plain,hi"}[d.IntN(3)]}
		d.maybe(o, "detail", func() any { return "high" })
	case 3:
		o = []jsonMap{{"type": "input_file", "file_id": "f"}, {"type": "input_file", "file_url": "https://h/a.pdf"},
			{"type": "input_file", "file_data": "AQID", "filename": "a.pdf"},
			{"type": "input_file", "file_data": "data:application/pdf;base64,AQID"}}[d.IntN(4)]
	case 4:
		o = jsonMap{"type": "input_audio", "input_audio": jsonMap{"data": "AQID", "format": "wav"}}
	default:
		return jsonMap{"type": "input_video", "video": d.any()}
	}
	d.maybe(o, "prompt_cache_breakpoint", func() any {
		return []any{jsonMap{"mode": "explicit"}, jsonMap{"mode": "explicit", "ttl": "30m"}, jsonMap{"mode": "odd"}}[d.IntN(3)]
	})
	d.maybe(o, "own", d.any)
	return o
}

func (d drawer) said() any {
	if d.IntN(4) == 0 {
		return jsonMap{"type": "refusal", "refusal": d.text()}
	}
	o := jsonMap{"type": "output_text", "text": d.text()}
	d.maybe(o, "annotations", func() any {
		return []any{jsonMap{"type": "url_citation", "url": "u", "title": "t", "start_index": 1.0, "end_index": 2.0},
			jsonMap{"type": "file_citation", "file_id": "f", "filename": "n", "index": 3.0}}
	})
	d.maybe(o, "own", d.any)
	return o
}

func (d drawer) texts(kind string) any {
	return d.list(3, func() any { return jsonMap{"type": kind, "text": d.word()} })
}

func (d drawer) item() any {
	var o jsonMap
	switch d.IntN(8) {
	case 0:
		o = jsonMap{"type": "message", "role": "user", "content": d.list(3, d.input)}
	case 1:
		o = jsonMap{"type": "message", "role": []string{"developer", "system"}[d.IntN(2)], "content": d.list(2, d.input)}
	case 2, 3:
		o = jsonMap{"type": "message", "role": "assistant", "content": d.list(3, d.said)}
		d.maybe(o, "phase", func() any { return "commentary" })
	case 4:
		o = jsonMap{"type": "function_call", "call_id": d.word(), "name": d.word(), "arguments": d.text()}
		if d.IntN(2) == 0 {
			o = jsonMap{"type": "custom_tool_call", "call_id": d.word(), "name": d.word(), "input": d.text()}
		}
		d.maybe(o, "namespace", func() any { return d.word() })
	case 5:
		o = jsonMap{"type": []string{"function_call_output", "custom_tool_call_output"}[d.IntN(2)], "call_id": d.word(), "output": d.text()}
		d.maybe(o, "output", func() any { return append(d.list(2, d.input), jsonMap{"type": "input_text", "text": "x"}, d.input()) })
	case 6:
		o = jsonMap{"type": "reasoning", "summary": []any{}}
		d.maybe(o, "summary", func() any { return d.texts("summary_text") })
		d.maybe(o, "content", func() any { return d.texts("reasoning_text") })
		d.maybe(o, "encrypted_content", func() any { return "gAAA" + d.word() })
	default:
		o = jsonMap{"type": []string{"web_search_call", "local_shell_call_output", "mcp_call", "compaction"}[d.IntN(4)], "x": d.any()}
	}
	d.maybe(o, "id", func() any { return d.word() + strconv.Itoa(d.Int()) })
	d.maybe(o, "status", func() any { return []string{"completed", "incomplete"}[d.IntN(2)] })
	d.maybe(o, "meta", d.any)
	return o
}

func (d drawer) tool() any {
	switch d.IntN(4) {
	case 0:
		o := jsonMap{"type": "custom", "name": d.word()}
		d.maybe(o, "format", func() any { return jsonMap{"type": "grammar", "syntax": "lark", "definition": d.text()} })
		return o
	case 1:
		o := jsonMap{"type": "namespace", "name": d.word(), "description": d.word(), "tools": d.list(2, d.function)}
		d.maybe(o, "own", d.any)
		return o
	case 2:
		return jsonMap{"type": "web_search", "external_web_access": true}
	}
	return d.function()
}

func (d drawer) function() any {
	o := jsonMap{"type": "function", "name": d.word()}
	d.maybe(o, "description", func() any { return d.word() })
	d.maybe(o, "parameters", func() any { return jsonMap{"type": "object", "properties": jsonMap{"a": d.any()}} })
	d.maybe(o, "strict", func() any { return true })
	d.maybe(o, "defer_loading", func() any { return true })
	return o
}

func (d drawer) request() jsonMap {
	o := jsonMap{"model": "m", "input": d.list(6, d.item)}
	d.maybe(o, "instructions", func() any { return "Be " + d.word() })
	d.maybe(o, "tools", func() any { return d.list(3, d.tool) })
	d.maybe(o, "tool_choice", func() any {
		return []any{"auto", "none", "required", jsonMap{"type": "function", "name": "f"}, jsonMap{"type": "web_search"},
			jsonMap{"type": "allowed_tools", "mode": "auto", "tools": []any{jsonMap{"type": "function", "name": "f"}}},
			jsonMap{"type": "allowed_tools", "mode": "auto", "tools": []any{jsonMap{"type": "mcp", "server_label": "f"}}}}[d.IntN(7)]
	})
	d.maybe(o, "text", func() any {
		text := jsonMap{}
		d.maybe(text, "verbosity", func() any { return "low" })
		d.maybe(text, "format", func() any {
			return []any{jsonMap{"type": "text"}, jsonMap{"type": "json_object"}, jsonMap{"type": "odd", "x": 1.0},
				jsonMap{"type": "json_schema", "name": "n", "strict": true, "schema": jsonMap{"type": "object"}}}[d.IntN(4)]
		})
		return text
	})
	d.maybe(o, "reasoning", func() any { return jsonMap{"effort": "low", "summary": "auto", "context": "auto"} })
	d.maybe(o, "include", func() any { return []any{"web_search_call.results", includeSeals, includeLogprobs} })
	for _, field := range []string{"store", "stream", "parallel_tool_calls"} {
		d.maybe(o, field, func() any { return d.IntN(2) == 0 })
	}
	for _, field := range []string{"service_tier", "user", "safety_identifier", "prompt_cache_key", "truncation", "prompt_cache_retention"} {
		d.maybe(o, field, func() any { return []string{"disabled", "auto"}[d.IntN(2)] })
	}
	for _, field := range []string{"temperature", "top_p", "max_output_tokens", "top_logprobs"} {
		d.maybe(o, field, func() any { return 3.0 })
	}
	d.maybe(o, "prompt_cache_options", func() any {
		return []any{jsonMap{"mode": "implicit", "ttl": "30m"}, jsonMap{"mode": "explicit"}}[d.IntN(2)]
	})
	for _, field := range []string{"metadata", "client_metadata", "stream_options", "max_tool_calls", "unheard_of"} {
		d.maybe(o, field, d.any)
	}
	return o
}

// TestRandomIdentity does the same with random requests.
func TestRandomIdentity(t *testing.T) {
	for seed := range uint64(3000) {
		d := drawer{rand.New(rand.NewPCG(seed, 7))}
		body, err := json.Marshal(d.request())
		if err != nil {
			t.Fatal(err)
		}
		same(t, body)
	}
}

// FuzzRequest holds what decode takes to the same law: what is written again says the same as before.
func FuzzRequest(f *testing.F) {
	data, err := os.ReadFile("testdata/requests.jsonl")
	if err != nil {
		f.Fatal(err)
	}
	for _, line := range strings.Split(string(data), "\n") {
		f.Add([]byte(line))
	}
	for seed := range uint64(20) {
		body, err := json.Marshal(drawer{rand.New(rand.NewPCG(seed, 9))}.request())
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		first, err := decode(body)
		if err != nil {
			return
		}
		written, _, err := Client{}.encode(asked{base: "http://h/v1", name: "m"}, first)
		if err != nil {
			t.Fatalf("%v in %s", err, body)
		}
		second, err := decode(written)
		if err != nil {
			if len(first.Messages) == 1 || !json.Valid(written) {
				t.Fatalf("%v in %s", err, written)
			}
			return
		}
		third, _, err := Client{}.encode(asked{base: "http://h/v1", name: "m"}, second)
		if err != nil || !reflect.DeepEqual(written, third) {
			t.Fatalf("%v\n%s\n%s", err, written, third)
		}
	})
}
