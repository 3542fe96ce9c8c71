// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package dialecttest

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"retort/dialect"
	"retort/dialect/all"
	"retort/model"
)

// odd are names that tools have somewhere, such as those that servers of the Model Context Protocol give.
func odd() []string {
	return []string{"server.tool", "server_tool", "ns:fn", "a/b", "my tool", "7up", "größe", strings.Repeat("long_", 20), "plain-1"}
}

// taken are the names of functions that the vendors take, by their documentation.
func taken(name string) *regexp.Regexp {
	switch name {
	case "ollama":
		return regexp.MustCompile(`.`)
	case "gemini":
		return regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.:-]{0,63}$`)
	}
	return regexp.MustCompile(`^[a-zA-Z0-9_-]{1,64}$`)
}

// oddly returns a request of a dialect's client whose tools have odd names.
func oddly(t *testing.T, d all.Entry, stream bool) *model.Request {
	t.Helper()
	content := model.Prompt("hi")
	content.Dialect = d.Name
	talk(content)
	content.Tools = nil
	for _, name := range odd() {
		content.Tools = append(content.Tools, function(name))
	}
	content.Messages[1].Blocks[0].Call.Name = odd()[0]
	content.Messages = append(content.Messages, model.Text(model.User, "Go on."))
	content.ToolChoice = &model.ToolChoice{Mode: "tool", Name: odd()[0]}
	e, err := encode(t, d, content, stream)
	if err != nil {
		t.Fatal(err)
	}
	req, _, err := decode(d, e)
	if err != nil {
		t.Fatal(err)
	}
	req.Trace = "trace"
	return req
}

// TestNamesOfTools sends odd names from each dialect's clients to each dialect's upstreams and back.
func TestNamesOfTools(t *testing.T) {
	for _, from := range served() {
		for _, to := range all.All() {
			for _, stream := range []bool{false, true} {
				name := from.Name + " to " + to.Name
				if stream {
					name += ", streamed"
				}
				t.Run(name, func(t *testing.T) { checkNames(t, from, to, stream) })
			}
		}
	}
}

func checkNames(t *testing.T, from, to all.Entry, stream bool) {
	req := oddly(t, from, stream)
	e, err := encodeRequest(t, to, req)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	var kind string
	var body []byte
	if to.Server == nil {
		if stream {
			return // the whole answer stands for it: names are given back outside the dialect
		}
		names = namesOfBedrock(t, e.body)
		kind, body = "application/json", answerOfBedrock(t, names)
	} else {
		asked, content, err := decode(to, e)
		if err != nil {
			t.Fatal(err)
		}
		names = namesIn(t, content, from.Table[dialect.ToolChoice] != dialect.Dropped && to.Table[dialect.ToolChoice] != dialect.Dropped)
		resp := calls(names)
		kind, body = answer(t, to, asked, partsOf(t, &resp), &resp)
	}
	seen := map[string]bool{}
	for i, name := range names {
		if from.Name == to.Name && name != odd()[i] || from.Name != to.Name && !taken(to.Name).MatchString(name) || seen[name] {
			t.Errorf("%q became %q", odd()[i], name)
		}
		seen[name] = true
	}
	var parts model.Collector
	var told []model.Part
	hr := &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {kind}}, Body: io.NopCloser(bytes.NewReader(body)), ContentLength: -1}
	resp, err := dialect.Read(to.Client, hr, req, limit, func(p model.Part) error {
		p.Event.Data = bytes.Clone(p.Event.Data)
		told = append(told, p)
		return parts.Add(&p)
	})
	if err != nil {
		t.Fatalf("%v\n%s", err, body)
	}
	kind, body = answer(t, from, req, told, resp)
	back, _, err := collect(from, req, kind, bytes.NewReader(body))
	if err != nil {
		t.Fatalf("%v\n%s", err, body)
	}
	for what, choices := range map[string][]model.Choice{"response": resp.Choices, "parts": parts.Choices(), "client": back.Choices} {
		var got []string
		for _, b := range choices[0].Message.Blocks {
			if b.Call != nil {
				got = append(got, b.Call.Name)
			}
		}
		if d := cmp.Diff(odd(), got); d != "" {
			t.Errorf("%s (-want +got):\n%s\n%s", what, d, body)
		}
	}
}

// namesIn returns the names of the tools that an upstream is told of; the call of an earlier turn, and what must be
// called if that is chosen, have the first.
func namesIn(t *testing.T, c *model.Content, chosen bool) []string {
	t.Helper()
	var names []string
	for i := range c.Tools {
		names = append(names, c.Tools[i].Name)
	}
	if len(names) != len(odd()) {
		t.Fatalf("%d tools of %d arrived", len(names), len(odd()))
	}
	if !some(c, func(b *model.Block) bool { return b.Call != nil && b.Call.Name == names[0] }) {
		t.Errorf("nothing called %q in %s", names[0], show(c))
	}
	choice := c.ToolChoice
	if chosen && (choice == nil || choice.Name != names[0] && !slices.Equal(choice.Allowed, names[:1])) {
		t.Errorf("%q is not what must be called: %+v", names[0], choice)
	}
	return names
}

func calls(names []string) model.Response {
	var all []model.Block
	for i, name := range names {
		all = append(all, toolCall("call_"+string(rune('a'+i)), "{}"))
		all[i].Call.Name = name
	}
	return answered(model.FinishToolCalls, all...)
}

func namesOfBedrock(t *testing.T, body []byte) []string {
	t.Helper()
	var v struct {
		ToolConfig struct {
			Tools      []struct{ ToolSpec struct{ Name string } }
			ToolChoice struct{ Tool struct{ Name string } }
		}
		Messages []struct {
			Content []struct{ ToolUse *struct{ Name string } }
		}
	}
	if err := json.Unmarshal(body, &v); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, tool := range v.ToolConfig.Tools {
		names = append(names, tool.ToolSpec.Name)
	}
	if len(names) != len(odd()) || v.Messages[1].Content[0].ToolUse.Name != names[0] {
		t.Fatalf("got %s", body)
	}
	return names
}

func answerOfBedrock(t *testing.T, names []string) []byte {
	t.Helper()
	type m = map[string]any
	var content []m
	for _, name := range names {
		content = append(content, m{"toolUse": m{"toolUseId": "id" + name, "name": name, "input": m{}}})
	}
	body, err := json.Marshal(m{"output": m{"message": m{"role": "assistant", "content": content}}, "stopReason": "tool_use",
		"usage": m{"inputTokens": 1, "outputTokens": 1, "totalTokens": 2}})
	if err != nil {
		t.Fatal(err)
	}
	return body
}
