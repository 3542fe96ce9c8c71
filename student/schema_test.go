// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package student

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// orderSchema has a field of every kind.
const orderSchema = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Order", "type": "object", "additionalProperties": false,
  "properties": {
    "action": {"type": "string", "enum": ["order", "cancel"], "description": "what to do"},
    "urgent": {"type": "boolean"},
    "extras": {"type": "array", "items": {"enum": ["cheese", "olives"]}},
    "item": {"type": ["string", "null"]},
    "names": {"type": "array", "items": {"type": "string"}},
    "amount": {"type": "integer"},
    "price": {"type": ["number", "null"]},
    "day": {"type": "string", "format": "date"}
  },
  "required": ["action", "item", "extras"]
}`

func parsed(t testing.TB, raw string) *Schema {
	t.Helper()
	s, err := ParseSchema([]byte(raw))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestParseSchema(t *testing.T) {
	want := &Schema{Fields: []Field{
		{Name: "action", Kind: KindEnum, Values: []string{"order", "cancel"}, Required: true},
		{Name: "urgent", Kind: KindBool},
		{Name: "extras", Kind: KindEnums, Values: []string{"cheese", "olives"}, Required: true},
		{Name: "item", Kind: KindSpan, Required: true, Nullable: true},
		{Name: "names", Kind: KindSpans},
		{Name: "amount", Kind: KindNumber, Integer: true},
		{Name: "price", Kind: KindNumber, Nullable: true},
		{Name: "day", Kind: KindDate},
	}}
	if diff := cmp.Diff(want, parsed(t, orderSchema)); diff != "" {
		t.Errorf("schema (-want +got):\n%s", diff)
	}
}

func TestSchemasThatNoStudentLearns(t *testing.T) {
	object := func(field string) string { return `{"type":"object","properties":{"a":` + field + `}}` }
	for raw, want := range map[string]string{
		`[]`:                             "schema: no JSON object",
		`{"type":"string","enum":["x"]}`: "schema: /enum: the answer is one label; a task whose answer is one label has output.enum",
		`{"type":"array"}`:               "schema: /items: it is not said what is in the list",
		`{"type":["object","null"],"properties":{"a":{"type":"string"}}}`: "/type: the answer may be null",
		`{"type":"object"}`:                                                                                    "properties",
		`{"type":"object","properties":{}}`:                                                                    "0 fields",
		`{"type":"object","anyOf":[]}`:                                                                         "write one object with optional fields",
		`{"type":"object","properties":7}`:                                                                     "/properties",
		`{"type":"object","properties":{"a/b~":{"type":"object"}}}`:                                            "/properties/a~1b~0/properties: no JSON object; want",
		`{"type":"object","properties":{"a":{"type":"string"}},"required":["b"]}`:                              `"b" is not among the properties`,
		`{"type":"object","properties":{"a":{"type":"string"},"a":{"type":"string"}}}`:                         "twice",
		object(`{"type":"object","properties":{}}`):                                                            "0 fields",
		object(`{"type":"object","properties":{"b":{"type":"string"}},"required":["b"]}`):                      `/properties/a/properties/b: it is required in an object that may be missing, so that one field would depend on another; let it be null, or require "a"`,
		object(`{"type":"object","properties":{"b":{"type":"array","items":{"type":"string"},"minItems":1}}}`): "/properties/a/properties/b/minItems",
		object(`{"type":"object","properties":{"b":{"type":"string"}}},"a.b":{"type":"string"}`):               `"a.b" is no name for a field`,
		object(deep(9)): "more than 8 deep",
		object(`{"type":"array","items":{"type":"object"}}`):              "/properties/a/items: a list of objects is not learned: no student here tells which values belong together; make each of its fields a list of its own, or leave the task to its teacher",
		object(`{"type":"array","items":{"type":"array"}}`):               "a list of values of type array is not learned",
		object(`{"type":"array","items":{"type":["string","null"]}}`):     "items may be null",
		object(`{"type":"array","items":{"type":"blob"}}`):                `"blob" is not learned`,
		object(`{"type":"array"}`):                                        "/properties/a/items",
		object(`{"type":"array","items":{"type":"string"},"maxItems":2}`): "/properties/a/maxItems: a student cannot keep to this; check it behind",
		object(`{"type":"integer","minimum":1,"maximum":5}`):              `list the values, "enum": [1, 2, 3, 4, 5], or leave the bounds out`,
		object(`{"type":"integer","minimum":1,"maximum":500}`):            "check it behind the student",
		object(`{"type":"integer","enum":[1,2.5]}`):                       "2.5 is not of the type",
		object(`{"type":"number","enum":[1,1.0]}`):                        `"1" and "1" differ only in case`,
		object(`{"type":"number","enum":[1,"2"]}`):                        "not all values are numbers",
		object(`{"type":"number","enum":[1,null]}`):                       "null is not of the type",
		object(`{"type":"string","pattern":"x"}`):                         "/properties/a/pattern",
		object(`{"type":"string","format":"email"}`):                      `"email" is not learned`,
		object(`{"type":"string","enum":["a b","A_B"]}`):                  "differ only in case",
		object(`{"type":"string","enum":[]}`):                             "0 values",
		object(`{"type":"string","enum":[""]}`):                           "is no value",
		object(`{"type":"string","enum":[1]}`):                            "write them as strings",
		object(`{"type":"string","enum":["a",null]}`):                     "null is not of the type",
		object(`{"type":["string","number"]}`):                            "several types",
		object(`{"description":"anything"}`):                              "no type",
		object(`{"type":"null"}`):                                         `"null" is not learned`,
		object(`{"type":"number","minimum":1}`):                           "check it behind the student",
		object(`{"$ref":"#/x"}`):                                          "no type",
	} {
		s, err := ParseSchema([]byte(raw))
		var e *SchemaError
		if !errors.As(err, &e) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %+v, %v; want a SchemaError with %q", raw, s, err, want)
		}
	}
}

// deep is an object that lies n deep in others.
func deep(n int) string {
	return strings.Repeat(`{"type":"object","properties":{"o":`, n) + `{"type":"string"}` + strings.Repeat("}}", n)
}

// tripSchema has lists of numbers and dates, values that are numbers, and objects inside objects.
const tripSchema = `{"type": "object", "properties": {
	"stars": {"type": "integer", "enum": [3, 1, 2]},
	"floors": {"type": "array", "items": {"enum": [-1, 1, 2.50]}},
	"sums": {"type": "array", "items": {"type": "number"}},
	"days": {"type": "array", "items": {"type": "string", "format": "date"}},
	"from": {"type": "object", "properties": {"city": {"type": "string"}, "at": {"type": "object", "properties": {"hour": {"type": "integer"}}}}, "required": ["at"]},
	"to": {"type": ["object", "null"], "properties": {"city": {"type": ["string", "null"]}, "rooms": {"type": "array", "items": {"type": "integer"}}}, "required": ["city"]}
}, "required": ["sums", "from", "to"]}`

func TestListsOfNumbersAndInnerObjects(t *testing.T) {
	s := parsed(t, tripSchema)
	want := &Schema{Fields: []Field{
		{Name: "stars", Kind: KindEnum, Values: []string{"3", "1", "2"}, Numeric: true},
		{Name: "floors", Kind: KindEnums, Values: []string{"-1", "1", "2.5"}, Numeric: true},
		{Name: "sums", Kind: KindNumbers, Required: true},
		{Name: "days", Kind: KindDates},
		{Name: "from.city", Path: []string{"from", "city"}, Kind: KindSpan},
		{Name: "from.at.hour", Path: []string{"from", "at", "hour"}, Kind: KindNumber, Integer: true},
		{Name: "to.city", Path: []string{"to", "city"}, Kind: KindSpan, Required: true, Nullable: true},
		{Name: "to.rooms", Path: []string{"to", "rooms"}, Kind: KindNumbers, Integer: true},
	}, Objects: []Inner{{Path: []string{"from"}, Required: true}, {Path: []string{"from", "at"}, Required: true}, {Path: []string{"to"}, Required: true, Nullable: true}}}
	if diff := cmp.Diff(want, s); diff != "" {
		t.Fatalf("schema (-want +got):\n%s", diff)
	}
	const text = "1,200 or 3 from Rome at five to PARIS, rooms 12 and 7, on 3 May 2024 and 2024-04-01"
	for object, want := range map[string]string{
		`{"sums":[3,1200],"from":{"at":{}},"to":null}`: `{"sums":[1200,3],"from":{"at":{}},"to":null}`,
		`{"sums":[]}`: `{"sums":[],"from":{"at":{}},"to":null}`,
		`{"stars":2.0,"floors":[2.5,-1,2.50],"sums":[9],"to":{"rooms":[7,12],"city":"paris"}}`:                     `{"stars":2,"floors":[-1,2.5],"sums":[9],"from":{"at":{}},"to":{"city":"PARIS","rooms":[12,7]}}`,
		`{"sums":[],"days":["2024-04-01","2024-05-03"],"from":{"at":{"hour":5},"city":"rome"},"to":{"city":null}}`: `{"sums":[],"days":["2024-05-03","2024-04-01"],"from":{"city":"Rome","at":{"hour":5}},"to":null}`,
		`{"sums":[],"to":{"rooms":[1]}}`: `{"sums":[],"from":{"at":{}},"to":{"city":null,"rooms":[1]}}`,
	} {
		got, err := s.Canonical(text, []byte(object))
		if err != nil || string(got) != want {
			t.Errorf("%s:\n got %s, %v\nwant %s", object, got, err, want)
			continue
		}
		if again, err := s.Canonical(text, got); err != nil || string(again) != want {
			t.Errorf("%s is not canonical of itself: %s, %v", want, again, err)
		}
	}
	for object, want := range map[string]string{
		`{"sums":[],"stars":4}`:              `field "stars": "4" is not one of the 3 values`,
		`{"sums":[],"stars":"3"}`:            `field "stars": want a number`,
		`{"sums":[null]}`:                    `field "sums": want a number`,
		`{"sums":[],"days":["3 May 2024"]}`:  `field "days": "3 May 2024" is no date such as`,
		`{"sums":[],"from":{"town":"Rome"}}`: `object "from": field "town" is not in the schema`,
		`{"sums":[],"from":{"at":7}}`:        `object "from.at": no JSON object`,
		`{"sums":[],"to":{"rooms":[1.5]}}`:   `field "to.rooms": 1.5 is no number of the kind wanted`,
	} {
		if got, err := s.Canonical(text, []byte(object)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %s, %v; want an error with %q", object, got, err, want)
		}
	}
}

func TestAnswersThatAreNoObjects(t *testing.T) {
	const text = "from 3 May 2024 to 2 June 2024, 12 or Seven"
	for _, c := range []struct{ schema, answer, want string }{
		{`{"type":"array","items":{"type":"string","enum":["a","b"]}}`, `["B","a"]`, `["a","b"]`},
		{`{"enum":[1,2,3]}`, `2.0`, `2`},
		{`{"type":"integer"}`, ` 12 `, `12`},
		{`{"type":["number","null"]}`, `null`, `null`},
		{`{"type":"array","items":{"type":"integer"}}`, `[7,12]`, `[12,7]`},
		{`{"type":"array","items":{"type":"integer"}}`, `[]`, `[]`},
		{`{"type":"string","format":"date"}`, `"2024-06-02"`, `"2024-06-02"`},
		{`{"type":"array","items":{"type":"string","format":"date"}}`, `["2024-06-02","2024-05-03"]`, `["2024-05-03","2024-06-02"]`},
		{`{"type":"string"}`, `"seven"`, `"Seven"`},
		{`{"type":"boolean"}`, `true`, `true`},
	} {
		s := parsed(t, c.schema)
		got, err := s.Canonical(text, []byte(c.answer))
		if err != nil || string(got) != c.want || !s.Bare || s.Names()[0] != "answer" {
			t.Errorf("%s: %s is %s, %v; want %s", c.schema, c.answer, got, err, c.want)
		}
	}
	s := parsed(t, `{"type":"integer"}`)
	for _, bad := range []string{``, `null`, `"12"`, `{}`, `12 13`, `1.5`} {
		if got, err := s.Canonical(text, []byte(bad)); err == nil {
			t.Errorf("%q is taken for %s", bad, got)
		}
	}
}

func TestCanonical(t *testing.T) {
	s := parsed(t, orderSchema)
	text := "please ORDER  New   York pizza and a Coke for Anna and bob, 3 of them"
	for object, want := range map[string]string{
		`{"action":"order","item":"Coke","extras":[]}`: `{"action":"order","extras":[],"item":"Coke"}`,
		// Case, blanks and order are the schema's and the text's.
		`{"extras":["OLIVES","cheese","olives"],"item":" new york pizza","action":"Cancel ","names":["Bob","anna"]}`: `{"action":"cancel","extras":["cheese","olives"],"item":"New   York pizza","names":["Anna","bob"]}`,
		// What is missing is left out, or null where it must be there.
		`{"action":"order","item":null,"extras":[],"names":[],"urgent":null,"price":null}`: `{"action":"order","extras":[],"item":null}`,
		`{"action":"order","item":"  ","extras":[],"names":[" "]}`:                         `{"action":"order","extras":[],"item":null}`,
		// Numbers and dates have one spelling, in the text or not.
		`{"action":"order","item":null,"extras":[],"amount":3.0,"price":-0.0,"urgent":true,"day":"2025-04-03"}`: `{"action":"order","urgent":true,"extras":[],"item":null,"amount":3,"price":0,"day":"2025-04-03"}`,
		`{"action":"order","item":null,"extras":[],"price":1.50e2}`:                                             `{"action":"order","extras":[],"item":null,"price":150}`,
		// A string that the text does not have stays.
		`{"action":"order","item":"pizz\u0000\"","extras":[]}`: `{"action":"order","extras":[],"item":"pizz\u0000\""}`,
	} {
		got, err := s.Canonical(text, []byte(object))
		if err != nil || string(got) != want {
			t.Errorf("%s:\n got %s, %v\nwant %s", object, got, err, want)
			continue
		}
		if again, err := s.Canonical(text, got); err != nil || string(again) != want {
			t.Errorf("%s is not canonical of itself: %s, %v", want, again, err)
		}
	}
}

func TestObjectsOutsideTheSchema(t *testing.T) {
	s := parsed(t, orderSchema)
	for object, want := range map[string]string{
		``:                                     "read object",
		`7`:                                    "no JSON object",
		`{"action":"order"`:                    "read object",
		`{"action":"order","extras":[]} x`:     "read object",
		`{"extras":[]}`:                        `field "action" is required`,
		`{"action":"","extras":[]}`:            `field "action" is required`,
		`{"action":"sell","extras":[]}`:        `"sell" is not one of the 2 values`,
		`{"action":"order","extras":"cheese"}`: "list of values",
		`{"action":"order","extras":["ham"]}`:  `"ham" is not one of`,
		`{"action":"order","extras":[],"size":1}`:           `"size" is not in the schema`,
		`{"action":"order","action":"order","extras":[]}`:   "twice",
		`{"action":"order","extras":[],"amount":1.5}`:       "1.5 is no number",
		`{"action":"order","extras":[],"amount":"1"}`:       "want a number",
		`{"action":"order","extras":[],"price":1e999}`:      "no number",
		`{"action":"order","extras":[],"day":"3 May 2024"}`: "no date such as",
		`{"action":"order","extras":[],"urgent":"yes"}`:     "true or false",
		`{"action":"order","extras":[],"item":["x"]}`:       "want a string",
	} {
		if got, err := s.Canonical("text", []byte(object)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %s, %v; want an error with %q", object, got, err, want)
		}
	}
}

func TestLocate(t *testing.T) {
	s := parsed(t, orderSchema)
	item, names := 3, 4
	text := "naïve Anna orders pizza; Anna pays 1,250.50 or twenty five, on 3/4/2025"
	object := `{"action":"order","extras":[],"item":"Anna","names":["anna"],"price":1250.5,"amount":25,"day":"2025-04-03"}`
	entries, err := s.read([]byte(object))
	if err != nil {
		t.Fatal(err)
	}
	second, err := ByteSpan(text, item, 25, 29)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.locate(text, entries, []Span{second}); err != nil {
		t.Fatal(err)
	}
	for field, want := range map[int]string{item: "26 Anna", names: "7 Anna", 5: "48 twenty five", 6: "36 1,250.50", 7: "64 3/4/2025"} {
		span := entries[field].spans[0]
		if got := text[span.Start:span.End]; len(entries[field].spans) != 1 || !strings.HasSuffix(want, got) || !strings.HasPrefix(want, itoa(span.Start)+" ") {
			t.Errorf("field %d lies at %d: %q, want %s", field, span.Start, got, want)
		}
	}
	for name, c := range map[string]struct {
		object string
		spans  []Span
		want   string
	}{
		"not in the text":      {`{"action":"order","extras":[],"item":"pasta"}`, nil, `field "item": "pasta" does not occur`},
		"inside a word":        {`{"action":"order","extras":[],"item":"pizz"}`, nil, "does not occur in the text as words of its own"},
		"a number not there":   {`{"action":"order","extras":[],"item":null,"amount":7}`, nil, "no words or digits"},
		"only once there":      {`{"action":"order","extras":[],"item":null,"names":["pizza","pizza"]}`, nil, "does not occur"},
		"characters for bytes": {`{"action":"order","extras":[],"item":"pizza"}`, []Span{{item, 18, 23}}, "offsets are in bytes"},
		"another place":        {`{"action":"order","extras":[],"item":"pizza"}`, []Span{{item, 7, 11}}, "not what the object has"},
		"outside":              {`{"action":"order","extras":[],"item":"pizza"}`, []Span{{item, 70, 90}}, "lie outside the text"},
		"cuts a word":          {`{"action":"order","extras":[],"item":"pizz"}`, []Span{{item, 19, 23}}, "does not begin and end with a word"},
		"another number":       {`{"action":"order","extras":[],"item":null,"amount":25}`, []Span{{5, 36, 44}}, "does not read as what the object has"},
		"no such field":        {`{"action":"order","extras":[],"item":"pizza"}`, []Span{{0, 19, 24}}, "none that lies in the text"},
	} {
		entries, err := s.read([]byte(c.object))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.locate(text, entries, c.spans); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", name, err, c.want)
		}
	}
	if _, err := ByteSpan("abc", 0, 2, 5); err == nil {
		t.Error("offsets behind the text are taken")
	}
	if span, err := ByteSpan("é\xff!", 0, 1, 3); err != nil || span.Start != 2 || span.End != 4 {
		t.Errorf("span %+v, %v", span, err)
	}
}

// FuzzSchema checks that neither a schema nor an object makes anything panic, and that what is canonical stays so.
func FuzzSchema(f *testing.F) {
	f.Add(orderSchema, `{"action":"order","extras":["olives"],"item":"Coke","names":["a","b"],"price":3,"day":"2025-01-02"}`, "a b Coke 3 \xff")
	f.Add(tripSchema, `{"sums":[3,4],"from":{"at":{"hour":4}},"to":{"city":"b"}}`, "4 a b 3 2024-01-02")
	f.Add(`{"type":"array","items":{"type":"number"}}`, `[1,2]`, "2 1")
	f.Add(`{"type":"object","properties":{"a":{"type":["string","null"],"enum":["x",null]}}}`, `{"a":null}`, "")
	f.Fuzz(func(t *testing.T, schema, object, text string) {
		s, err := ParseSchema([]byte(schema))
		if err != nil {
			return
		}
		got, err := s.Canonical(text, []byte(object))
		if err != nil {
			return
		}
		if again, err := s.Canonical(text, got); err != nil || string(again) != string(got) {
			t.Fatalf("%s becomes %s, %v", got, again, err)
		}
	})
}
