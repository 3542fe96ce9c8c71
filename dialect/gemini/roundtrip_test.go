// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package gemini

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"retort/model"
)

type thing = map[string]any

// drawer draws requests at random.
type drawer struct{ *rand.Rand }

func (d drawer) word() string { return fmt.Sprintf("w%d", d.IntN(50)) }

func (d drawer) text() string {
	return []string{"", "a", "<b> & \"c\"\n", "naïve 日本 😀", "\u2028", "x y z"}[d.IntN(6)] + d.word()
}

func (d drawer) any() any {
	return []any{true, 1.5, "s", []any{1.0, "x"}, thing{"k": "v"}}[d.IntN(5)]
}

func (d drawer) maybe(o thing, key string, v func() any) {
	if d.IntN(3) == 0 {
		o[key] = v()
	}
}

func (d drawer) list(most int, v func() any) []any {
	out := make([]any, 1+d.IntN(most))
	for i := range out {
		out[i] = v()
	}
	return out
}

func (d drawer) signature() any { return []string{"AbCd", "EfGhIjKl", "qrst/uvw"}[d.IntN(3)] }

func (d drawer) userPart() any {
	o := thing{}
	switch d.IntN(6) {
	case 0:
		o["inlineData"] = thing{"mimeType": []string{"image/png", "audio/wav", "video/mp4", "application/pdf"}[d.IntN(4)], "data": "AAEC"}
		d.maybe(o, "mediaResolution", func() any { return thing{"level": "MEDIA_RESOLUTION_LOW"} })
	case 1:
		o["fileData"] = thing{"mimeType": "image/png", "fileUri": []string{"https://example.org/a.png", "gs://b/c", "https://generativelanguage.googleapis.com/v1beta/files/x"}[d.IntN(3)]}
		d.maybe(o, "videoMetadata", func() any { return thing{"fps": 1.0} })
	case 2:
		o["vendorPart"] = d.any()
	default:
		o["text"] = d.text()
	}
	d.maybe(o, "partMetadata", d.any)
	return o
}

func (d drawer) modelPart() any {
	o := thing{}
	switch d.IntN(5) {
	case 0:
		o["text"], o["thought"] = d.text(), true
	case 1:
		o["executableCode"] = thing{"code": "1", "language": "PYTHON"}
	case 2:
		o["text"], o["thoughtSignature"] = "", d.signature()
		return o
	default:
		o["text"] = d.text()
	}
	d.maybe(o, "thoughtSignature", d.signature)
	return o
}

// turn returns a turn of the model that calls functions and the results.
func (d drawer) turn(n int) []any {
	calls, results := d.list(2, d.modelPart), []any{}
	for i := range 1 + d.IntN(3) {
		call, result := thing{"name": d.word()}, thing{}
		result["name"] = call["name"]
		if d.IntN(2) == 0 {
			call["id"] = fmt.Sprintf("c%d_%d", n, i)
			result["id"] = call["id"]
		}
		call["args"] = thing{"a": d.any()}
		result["response"] = []any{thing{"output": d.text()}, thing{"error": d.text()}, thing{"a": d.any(), "b": 1.0}, thing{"output": `{"a":1}`}, thing{"output": d.any(), "x": ""}}[d.IntN(5)]
		d.maybe(result, "parts", func() any { return []any{thing{"inlineData": thing{"mimeType": "image/png", "data": "AAEC"}}} })
		d.maybe(result, "scheduling", func() any { return "SILENT" })
		part := thing{"functionCall": call}
		if i == 0 {
			part["thoughtSignature"] = d.signature()
		}
		calls, results = append(calls, part), append(results, thing{"functionResponse": result})
	}
	return []any{thing{"role": "model", "parts": calls}, thing{"role": "user", "parts": results}}
}

func (d drawer) function() any {
	f := thing{"name": d.word()}
	d.maybe(f, "description", func() any { return d.word() })
	if d.IntN(2) == 0 {
		f["parametersJsonSchema"] = thing{"type": "object", "properties": thing{"a": d.any()}}
	} else {
		d.maybe(f, "parameters", func() any { return thing{"type": "OBJECT", "nullable": true} })
	}
	d.maybe(f, "behavior", func() any { return "BLOCKING" })
	d.maybe(f, "own", d.any)
	return f
}

func (d drawer) config() any {
	o := thing{}
	for _, key := range []string{"temperature", "topP", "frequencyPenalty", "presencePenalty"} {
		d.maybe(o, key, func() any { return d.Float64()*4 - 2 })
	}
	for _, key := range []string{"topK", "maxOutputTokens", "candidateCount", "seed", "logprobs"} {
		d.maybe(o, key, func() any { return float64(1 + d.IntN(1000)) })
	}
	d.maybe(o, "responseLogprobs", func() any { return true })
	d.maybe(o, "stopSequences", func() any { return d.list(6, func() any { return d.text() }) })
	d.maybe(o, "responseModalities", func() any { return []any{"TEXT"} })
	d.maybe(o, "thinkingConfig", func() any {
		return []any{thing{"includeThoughts": true}, thing{"thinkingBudget": -1.0, "includeThoughts": false}, thing{"thinkingBudget": 0.0},
			thing{"thinkingBudget": 77.0, "own": 1.0}, thing{"thinkingLevel": "HIGH"}}[d.IntN(5)]
	})
	switch d.IntN(6) {
	case 0:
		o["responseMimeType"] = []string{"application/json", "text/plain", "text/x.enum"}[d.IntN(3)]
	case 1:
		o["responseMimeType"], o["responseJsonSchema"] = "application/json", thing{"type": "string", "pattern": "x"}
	case 2:
		o["responseMimeType"], o["responseSchema"] = "application/json", thing{"type": "STRING", "enum": []any{"a"}}
	case 3:
		o["responseMimeType"], o["responseSchema"] = "text/x.enum", thing{"type": "STRING", "enum": []any{"a"}}
	}
	o["vendorField"] = d.any()
	return o
}

func (d drawer) request() thing {
	contents := []any{}
	for n := range 1 + d.IntN(3) {
		contents = append(contents, thing{"role": "user", "parts": d.list(3, d.userPart)})
		if d.IntN(2) == 0 {
			contents = append(contents, d.turn(n)...)
		} else {
			contents = append(contents, thing{"role": "model", "parts": d.list(3, d.modelPart)})
		}
	}
	o := thing{"contents": contents}
	d.maybe(o, "systemInstruction", func() any { return thing{"parts": []any{thing{"text": d.text()}}} })
	d.maybe(o, "tools", func() any {
		return []any{thing{"functionDeclarations": d.list(3, d.function)}, thing{"googleSearch": thing{}}}
	})
	d.maybe(o, "toolConfig", func() any {
		return []any{thing{"functionCallingConfig": thing{"mode": "AUTO"}}, thing{"functionCallingConfig": thing{"mode": "NONE", "own": 1.0}},
			thing{"functionCallingConfig": thing{"mode": "ANY", "allowedFunctionNames": []any{"a"}}}, thing{"retrievalConfig": d.any()},
			thing{"functionCallingConfig": thing{"mode": "VALIDATED", "allowedFunctionNames": []any{"a", "b"}}, "own": 1.0}}[d.IntN(5)]
	})
	d.maybe(o, "generationConfig", d.config)
	d.maybe(o, "serviceTier", func() any { return []string{"standard", "flex"}[d.IntN(2)] })
	for _, key := range []string{"safetySettings", "cachedContent", "labels", "vendorField"} {
		d.maybe(o, key, d.any)
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
		out, notes, err := Client{}.encode("gemini-3-pro", content)
		if err != nil || notes != nil {
			t.Fatalf("seed %d: %v, notes %v\n%s", seed, err, notes, body)
		}
		var got thing
		if err := json.Unmarshal(out, &got); err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, out)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Fatalf("seed %d (-want +got):\n%s", seed, d)
		}
		again, err := decode(out)
		if d := cmp.Diff(content, again); err != nil || d != "" {
			t.Fatalf("seed %d: decoded again: %v\n%s", seed, err, d)
		}
	}
}

// FuzzDecode checks that whatever decodes also encodes, and decodes to the same from then on.
func FuzzDecode(f *testing.F) {
	for seed := range uint64(20) {
		body, _ := json.Marshal(drawer{rand.New(rand.NewPCG(seed, 2))}.request())
		f.Add(body)
	}
	for _, s := range []string{`{"contents":{"parts":{"text":"a"}},"system_instruction":{"parts":{"text":"b"}}}`,
		`{"contents":["a"],"generation_config":{"top_k":"4","temperature":"1e0","thinking_config":{"thinking_budget":-1}}}`,
		`{"contents":[{"parts":[{"function_call":{"name":"f"}},{"functionResponse":{"response":{}}},{"thoughtSignature":"x"},{}]}]}`,
		`{"contents":[{"parts":[{"text":"","thought":true,"thoughtSignature":"cmV0b3J0LmEuYg=="}],"role":"model"}],"tools":[{"x":1},{}]}`,
		`{"contents":[{"parts":null}],"toolConfig":{"functionCallingConfig":{"mode":"ANY"}},"generationConfig":{"responseSchema":{}}}`} {
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
		out, _, err := Client{}.encode("gemini-3-pro", first)
		if err != nil {
			t.Fatalf("decoded, but not encoded: %v", err)
		}
		second, err := decode(out)
		if err != nil {
			t.Fatalf("%v\n%s\nbecame\n%s", err, body, out)
		}
		third, _, err := Client{}.encode("gemini-3-pro", second)
		if err != nil || string(third) != string(out) {
			t.Fatalf("not stable: %v\n%s\n%s", err, out, third)
		}
		for _, name := range []string{"gemini-2.5-pro", "gemini-2.0-flash", "other"} { // as if it came from elsewhere
			first.Dialect = "other"
			foreign, _, err := Client{Vertex: true}.encode(name, first)
			if err == nil && !json.Valid(foreign) {
				t.Fatalf("%s became %s", body, foreign)
			}
		}
	})
}
