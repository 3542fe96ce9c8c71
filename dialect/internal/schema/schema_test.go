// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package schema

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var names = map[Subset]string{OpenAIStrict: "openai", Anthropic: "anthropic", Function: "function", Gemini: "gemini", OpenAPI: "openapi", Ollama: "ollama"}

func TestFit(t *testing.T) {
	tests := []struct {
		name     string
		to       Subset
		in, want string // want empty: unchanged
		removed  string
	}{
		{"fits", Gemini, `{ "type":"object", "properties":{"a":{"type":["string","null"],"enum":["x",2]}}, "required":["a"] }`, "", ""},
		{"vendor keywords stay", Gemini, `{"type":"object","x-own":{"pattern":1},"properties":{"pattern":{"type":"string"}}}`, "", ""},
		{"limits", Gemini, `{"type":"string","minLength":1,"pattern":"a","title":"T"}`, `{"type":"string","title":"T"}`, "minLength pattern"},
		{"const", Gemini, `{"const":"a","type":"string"}`, `{"enum":["a"],"type":"string"}`, ""},
		{"const of a flag", Gemini, `{"const":true}`, `{}`, "enum"},
		{"enum with null", Gemini, `{"type":["string","null"],"enum":["a",null]}`, `{"type":["string","null"],"enum":["a"]}`, ""},
		{"lone references", Gemini, `{"$defs":{"a":{"type":"string","description":"d"}},"properties":{"x":{"$ref":"#/$defs/a","description":"e"},"y":{"$ref":"#/$defs/a"}}}`,
			`{"$defs":{"a":{"type":"string","description":"d"}},"properties":{"x":{"description":"e","type":"string"},"y":{"$ref":"#/$defs/a"}}}`, ""},
		{"a cycle beside a description", Gemini, `{"$defs":{"a":{"properties":{"n":{"$ref":"#/$defs/a","description":"e","minimum":1}}}},"$ref":"#/$defs/a"}`,
			`{"$defs":{"a":{"properties":{"n":{"$ref":"#/$defs/a"}}}},"$ref":"#/$defs/a"}`, "minimum"},
		{"allOf", Gemini, `{"allOf":[{"properties":{"a":{"type":"string"}},"required":["a"]},{"properties":{"b":{"type":"string"}},"required":["b"]}],"type":"object"}`,
			`{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"string"}},"required":["a","b"]}`, ""},
		{"allOf that contradicts itself", Gemini, `{"allOf":[{"minimum":1},{"minimum":2}]}`, `{"minimum":1}`, "allOf"},
		{"booleans", Gemini, `{"properties":{"a":true,"b":false}}`, `{"properties":{"a":{},"b":{}}}`, "false"},
		{"tuples", Gemini, `{"type":"array","items":[{"type":"string","minLength":1}]}`, `{"type":"array","prefixItems":[{"type":"string"}]}`, "minLength"},

		{"older", OpenAPI, `{"$schema":"s","type":"object","properties":{"a":{"type":["string","null"],"minLength":1},"b":{"anyOf":[{"type":"integer"},{"type":"null"}]}},"required":["a"],"additionalProperties":false}`,
			`{"type":"OBJECT","properties":{"a":{"type":"STRING","minLength":1,"nullable":true},"b":{"nullable":true,"type":"INTEGER"}},"required":["a"]}`, ""},
		{"older inlines", OpenAPI, `{"type":"object","properties":{"a":{"$ref":"#/$defs/x"}},"$defs":{"x":{"type":"object","properties":{"y":{"$ref":"#/$defs/x"}}}}}`,
			`{"type":"OBJECT","properties":{"a":{"type":"OBJECT","properties":{"y":{}}}}}`, "$ref"},
		{"older unions", OpenAPI, `{"type":["string","array"],"items":{"type":"string"},"uniqueItems":true}`,
			`{"anyOf":[{"type":"STRING"},{"type":"ARRAY","items":{"type":"STRING"}}]}`, "uniqueItems"},
		{"older enums", OpenAPI, `{"enum":["a",null]}`, `{"enum":["a"],"nullable":true}`, ""},
		{"older enum of numbers", OpenAPI, `{"type":"integer","enum":[1]}`, `{"type":"INTEGER"}`, "enum"},
		{"older maps", OpenAPI, `{"type":"object","additionalProperties":{"type":"string"},"patternProperties":{}}`, `{"type":"OBJECT"}`, "additionalProperties patternProperties"},

		{"strict fits", OpenAIStrict, `{"type":"object","properties":{"a":{"type":"string"}},"required":["a"],"additionalProperties":false}`, "", ""},
		{"strict closes and requires", OpenAIStrict, `{"type":"object","properties":{"a":{"type":["string","null"]}}}`,
			`{"type":"object","properties":{"a":{"type":["string","null"]}},"additionalProperties":false,"required":["a"]}`, ""},
		{"strict with a member that may be missing", OpenAIStrict, `{"type":"object","properties":{"a":{"type":"string"}}}`, "", "strict"},
		{"strict with further members", OpenAIStrict, `{"type":"object","properties":{"a":{"type":"object","additionalProperties":{"type":"string"}}},"required":["a"]}`, "", "strict"},
		{"strict without an object", OpenAIStrict, `{"type":"array","items":{"type":"string"}}`, "", "strict"},
		{"strict removes", OpenAIStrict, `{"type":"object","properties":{"a":{"type":"string","default":"x","minLength":2,"format":"uri"},"b":{"oneOf":[{"type":"string"},{"type":"integer"}]}},"required":["a","b"],"additionalProperties":false}`,
			`{"type":"object","properties":{"a":{"type":"string"},"b":{"anyOf":[{"type":"string"},{"type":"integer"}]}},"required":["a","b"],"additionalProperties":false}`, "default minLength format"},
		{"strict keeps cycles", OpenAIStrict, `{"type":"object","properties":{"n":{"anyOf":[{"$ref":"#"},{"type":"null"}]}},"required":["n"],"additionalProperties":false}`, "", ""},

		{"anthropic fits", Anthropic, `{"type":"object","properties":{"a":{"type":"string","default":"x"}},"additionalProperties":false}`, "", ""},
		{"anthropic", Anthropic, `{"type":"object","properties":{"a":{"type":"array","minItems":2,"items":{"type":"number","minimum":0}},"b":{"type":"object","additionalProperties":true}}}`,
			`{"type":"object","properties":{"a":{"type":"array","items":{"type":"number"}},"b":{"type":"object","additionalProperties":false}},"additionalProperties":false}`, "minItems minimum additionalProperties"},
		{"anthropic cuts cycles", Anthropic, `{"$ref":"#/$defs/n","$defs":{"n":{"type":"object","properties":{"c":{"$ref":"#/$defs/n"}},"additionalProperties":false}}}`,
			`{"type":"object","properties":{"c":{}},"additionalProperties":false}`, "$ref"},
		{"anthropic orders", Anthropic, `{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"string","pattern":"\\bx"}},"propertyOrdering":["b"],"additionalProperties":false}`,
			`{"type":"object","properties":{"b":{"type":"string"},"a":{"type":"string"}},"additionalProperties":false}`, "pattern"},

		{"function fits", Function, `{"type":"object","properties":{"a":{"oneOf":[{"minLength":1}]}}}`, "", ""},
		{"function without a type", Function, `{}`, `{"type":"object","properties":{}}`, ""},
		{"function of a union", Function, `{"anyOf":[{"properties":{"a":{"type":"string"},"c":{}},"required":["c","a"]},{"properties":{"b":{"type":"string"},"c":{}},"required":["c"]}]}`,
			`{"properties":{"a":{"type":"string"},"c":{},"b":{"type":"string"}},"required":["c"],"type":"object"}`, "anyOf"},
		{"function by reference", Function, `{"$ref":"#/definitions/a","definitions":{"a":{"type":"object","properties":{"n":{"$ref":"#/definitions/a"}}}}}`,
			`{"definitions":{"a":{"type":"object","properties":{"n":{"$ref":"#/definitions/a"}}}},"type":"object","properties":{"n":{"$ref":"#/definitions/a"}}}`, ""},

		{"ollama", Ollama, `{"type":"object","properties":{"a":{"$ref":"#/$defs/x"},"b":{"oneOf":[{"const":1},{"type":"string","minLength":2}]}},"$defs":{"x":{"type":"integer"}}}`,
			`{"type":"object","properties":{"a":{"type":"integer"},"b":{"anyOf":[{"enum":[1]},{"type":"string","minLength":2}]}}}`, ""},

		{"not JSON", Gemini, `{"type"`, "", ""},
	}
	for _, tt := range tests {
		t.Run(names[tt.to]+" "+tt.name, func(t *testing.T) {
			got, removed := Fit(json.RawMessage(tt.in), tt.to)
			want := tt.want
			if want == "" {
				want = tt.in
			}
			slices.Sort(removed)
			wanted := strings.Fields(tt.removed)
			slices.Sort(wanted)
			if string(got) != want || !slices.Equal(removed, wanted) {
				t.Errorf("got  %s\nwant %s\nremoved %v, want %v", got, want, removed, wanted)
			}
			again, _ := Fit(got, tt.to)
			if string(again) != string(got) {
				t.Errorf("fitted again it becomes %s", again)
			}
		})
	}
}

func TestPlain(t *testing.T) {
	in := `{"type":"OBJECT","property_ordering":["b","a"],"properties":{"a":{"type":"STRING","nullable":true,"enum":["x"],"format":"enum"},"b":{"type":"ARRAY","minItems":"2","items":{"type":"INTEGER"}},"type":{"any_of":[{"type":"NUMBER"}],"nullable":true}}}`
	want := `{"type":"object","properties":{"b":{"type":"array","minItems":2,"items":{"type":"integer"}},"a":{"type":["string","null"],"enum":["x",null]},"type":{"anyOf":[{"type":"number"},{"type":"null"}]}}}`
	if got := string(Plain(json.RawMessage(in))); got != want {
		t.Error(cmp.Diff(want, got))
	}
	back, removed := Fit(json.RawMessage(want), OpenAPI)
	if removed != nil || !strings.Contains(string(back), `"nullable":true`) || strings.Contains(string(back), "null]") {
		t.Errorf("%s, removed %v", back, removed)
	}
}

// TestBlowUp checks that references cannot make a schema grow without end.
func TestBlowUp(t *testing.T) {
	var s strings.Builder
	s.WriteString(`{"$ref":"#/$defs/a0","$defs":{`)
	for i := range 40 {
		if i > 0 {
			s.WriteByte(',')
		}
		next := string(json.RawMessage(`{"$ref":"#/$defs/a` + string(rune('0'+(i+1)%10)) + `"}`))
		s.WriteString(`"a` + string(rune('0'+i%10)) + strings.Repeat("x", i/10) + `":{"properties":{"l":` + next + `,"r":` + next + `}}`)
	}
	s.WriteString(`}}`)
	for to := range names {
		got, _ := Fit(json.RawMessage(s.String()), to)
		if !json.Valid(got) || len(got) > 1<<21 {
			t.Errorf("%s: %d bytes", names[to], len(got))
		}
	}
}

func FuzzFit(f *testing.F) {
	for _, s := range []string{`{"$ref":"#"}`, `{"allOf":[{"$ref":"#"},{"$ref":"#/allOf/0"}]}`, `{"type":["a",1],"enum":[null],"required":[1]}`,
		`{"properties":{"a":{"$ref":"#/properties/a","description":"x"}},"items":[true],"anyOf":[{"type":"null"},{"$ref":"#"}]}`,
		`{"anyOf":[true,{"required":"x"}],"oneOf":{},"const":{},"type":{},"propertyOrdering":[1]}`,
		`{"type":"object","properties":{"a":{"type":"array","items":{"type":"string"}},"b":{"anyOf":[{"type":"null"},{"enum":["x",1]}]}},"required":["a","b"],"additionalProperties":false}`,
		`{"type":"object","properties":[],"additionalProperties":[],"format":1,"minItems":"x","nullable":true}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		for to := range names {
			once, removed := Fit(raw, to)
			if plainly(raw, to) {
				if close, removed := fit(raw, to); string(close) != string(raw) {
					t.Fatalf("%s: %s fits at a glance, but becomes %s, without %v", names[to], raw, close, removed)
				}
			}
			if json.Valid(raw) != json.Valid(once) {
				t.Fatalf("%s: %q became %q", names[to], raw, once)
			}
			if len(removed) == 0 && len(raw) < 1000 {
				twice, _ := Fit(once, to)
				if string(twice) != string(once) {
					t.Fatalf("%s: %s became %s, then %s", names[to], raw, once, twice)
				}
			}
		}
		if json.Valid(raw) && !json.Valid(Plain(raw)) {
			t.Fatalf("%q", raw)
		}
	})
}
