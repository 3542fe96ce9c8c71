// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package task

import (
	"encoding/json"
	"testing"

	"retort/model"
)

func asking(schema string) *model.Request {
	content := model.Prompt("hello")
	switch schema {
	case "":
	case "json":
		content.Format = &model.Format{Kind: "json"}
	default:
		content.Format = &model.Format{Kind: "schema", Schema: json.RawMessage(schema)}
	}
	return model.NewRequest("panel", content)
}

const moods = `{"type": "object", "properties": {"mood": {"type": "string", "enum": ["good", "so so"]}}}`

func TestVoteReadsAnswers(t *testing.T) {
	for name, test := range map[string]struct {
		schema, text, want string
	}{
		"plain":              {"", " The  Answer. ", "the answer"},
		"quoted":             {"", "**\"Yes\".**", "yes"},
		"fenced":             {"", "```\nyes\n```", "yes"},
		"number":             {"", "42.0", "42"},
		"negative":           {"", "-42", "-42"},
		"nothing":            {"", " \n", ""},
		"dots":               {"", "...", ""},
		"any JSON":           {"json", "{\"b\": 1,\n \"a\": [2.50]}", `{"a":[2.50],"b":1}`},
		"fenced JSON":        {"json", "```json\n{\"a\": \"<\"}\n```", `{"a":"<"}`},
		"no JSON":            {"json", "sorry", ""},
		"two values":         {"json", "{} {}", ""},
		"label":              {moods, `{"mood": "So So"}`, "so so"},
		"label alone":        {moods, "Good.", "good"},
		"no label":           {moods, `{"mood": "bad"}`, ""},
		"enum at the top":    {`{"enum": ["a", "b"]}`, `"B"`, "b"},
		"numbers of an enum": {`{"enum": [1, 2]}`, "2", "2"},
		"two properties":     {`{"properties": {"x": {"enum": ["a"]}, "y": {}}}`, `{"y": 1, "x": "a"}`, `{"x":"a","y":1}`},
		"broken schema":      {`[`, `{"y": 1}`, `{"y":1}`},
	} {
		got, ok := Vote(asking(test.schema), model.Answer("m", test.text))
		if got != test.want || ok != (test.want != "") {
			t.Errorf("%s: %q says %q, %v; want %q", name, test.text, got, ok, test.want)
		}
	}
}

func TestVoteReadsCallsAndEnds(t *testing.T) {
	call := func(arguments string) *model.Response {
		r := model.Answer("m", "")
		r.Choices[0].Message.Blocks = []model.Block{{Kind: model.TextBlock, Text: "Let me look."},
			{Kind: model.ToolCallBlock, Call: &model.ToolCall{ID: "1", Name: "look", Arguments: arguments}}}
		return r
	}
	a, okA := Vote(asking(""), call(`{"x": 1, "y": 2}`))
	b, okB := Vote(asking(moods), call(`{"y":2,"x":1}`))
	if a != b || !okA || !okB {
		t.Errorf("equal calls say %q and %q", a, b)
	}
	if c, ok := Vote(asking(""), call(`not JSON`)); !ok || c == a {
		t.Errorf("a freeform call says %q", c)
	}
	for _, finish := range []model.Finish{model.FinishLength, model.FinishFilter, model.FinishRefusal} {
		r := model.Answer("m", "yes")
		r.Choices[0].Finish = finish
		if said, ok := Vote(asking(""), r); ok {
			t.Errorf("an answer that ended with %s says %q", finish, said)
		}
	}
	if _, ok := Vote(asking(""), &model.Response{}); ok {
		t.Error("an answer without choices says something")
	}
}

func FuzzVote(f *testing.F) {
	f.Add(moods, `{"mood": "good"}`)
	f.Add(`{"properties": {"a": 1}}`, "\"'")
	f.Fuzz(func(t *testing.T, schema, text string) {
		said, ok := Vote(asking(schema), model.Answer("m", text))
		if ok != (said != "") {
			t.Errorf("%q says %q, %v", text, said, ok)
		}
	})
}
