// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// request is one that a client of some dialect sends.
type request struct {
	method, path, body string
	headers            []string // "Name: value"
}

// send sends a request as a plain HTTP client does.
func (g *gateway) send(t *testing.T, r request) answer {
	t.Helper()
	req, err := http.NewRequest(r.method, g.url+r.path, strings.NewReader(r.body))
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range r.headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", r.method, r.path, err, g.log)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{status: resp.StatusCode, text: string(text), header: resp.Header}
}

// at returns what stands at a path of keys, separated by dots, in JSON; "" when there is nothing. Lists are asked by
// their first element.
func at(t *testing.T, text, path string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		return nil
	}
	for key := range strings.SplitSeq(path, ".") {
		if list, ok := v.([]any); ok && len(list) > 0 {
			v = list[0]
		}
		object, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = object[key]
	}
	return v
}

// refundMe is a message that the teacher of the desk has an answer to.
const refundMe = "please refund order 3, I want my money back"

// The gateway answers a request of every dialect, whole and streamed, and its trace can be read.
func TestEveryDialect(t *testing.T) {
	f := newFolder(t)
	g := f.serve(t)
	for name, c := range map[string]struct {
		request
		where string // the label stands there in an answer that is not streamed
		ends  string // a stream ends so
	}{
		"chat":              {request{path: "/v1/chat/completions", body: `{"model": "desk", "messages": [{"role": "user", "content": "TEXT"}]}`}, "choices.message.content", ""},
		"chat stream":       {request{path: "/v1/chat/completions", body: `{"model": "desk", "stream": true, "messages": [{"role": "user", "content": "TEXT"}]}`}, "", "data: [DONE]\n\n"},
		"responses":         {request{path: "/v1/responses", body: `{"model": "desk", "input": "TEXT"}`}, "output.content.text", ""},
		"responses stream":  {request{path: "/v1/responses", body: `{"model": "desk", "stream": true, "input": "TEXT"}`}, "", "\n\n"},
		"messages":          {request{path: "/v1/messages?beta=true", body: `{"model": "desk", "max_tokens": 9, "messages": [{"role": "user", "content": "TEXT"}]}`}, "content.text", ""},
		"messages stream":   {request{path: "/v1/messages", body: `{"model": "desk", "max_tokens": 9, "stream": true, "messages": [{"role": "user", "content": "TEXT"}]}`}, "", "data: {\"type\":\"message_stop\"}\n\n"},
		"gemini":            {request{path: "/v1beta/models/desk:generateContent", body: `{"contents": [{"role": "user", "parts": [{"text": "TEXT"}]}]}`}, "candidates.content.parts.text", ""},
		"gemini v1":         {request{path: "/v1/models/desk:generateContent?key=unused", body: `{"contents": [{"parts": [{"text": "TEXT"}]}]}`}, "candidates.content.parts.text", ""},
		"gemini stream":     {request{path: "/v1beta/models/desk:streamGenerateContent?alt=sse", body: `{"contents": [{"parts": [{"text": "TEXT"}]}]}`}, "", "\n\n"},
		"ollama":            {request{path: "/api/chat", body: `{"model": "desk:latest", "stream": false, "messages": [{"role": "user", "content": "TEXT"}]}`}, "message.content", ""},
		"ollama stream":     {request{path: "/api/chat", body: `{"model": "desk", "messages": [{"role": "user", "content": "TEXT"}]}`}, "", "}\n"},
		"ollama's generate": {request{path: "/api/generate", body: `{"model": "desk", "stream": false, "prompt": "TEXT"}`}, "response", ""},
	} {
		t.Run(name, func(t *testing.T) {
			c.method, c.body = http.MethodPost, strings.Replace(c.body, "TEXT", refundMe, 1)
			a := g.send(t, c.request)
			if a.status != http.StatusOK || a.header.Get("Retort-Model") != "tape/large" {
				t.Fatalf("got %d %v %s", a.status, a.header, a.text)
			}
			if c.where != "" && at(t, a.text, c.where) != "refund" {
				t.Errorf("got %s, want refund at %s", a.text, c.where)
			}
			if c.ends != "" && (!strings.Contains(a.text, "refund") || !strings.HasSuffix(a.text, c.ends)) {
				t.Errorf("got the stream %q, want it to end in %q", a.text, c.ends)
			}
			shown := f.run(t, "traces", "show", a.header.Get("Retort-Trace"))
			if !strings.Contains(shown, "\nuser:\n  "+refundMe+"\n\nanswer:\n  refund\n") {
				t.Errorf("its trace is shown as\n%s", shown)
			}
		})
	}
}

// What clients ask beside answers.
func TestCatalogsCountsAndProbes(t *testing.T) {
	g := newFolder(t).serve(t)
	for name, c := range map[string]struct {
		request
		status int
		where  string
		want   any
		header string // "Name: value" that the answer has
	}{
		"OpenAI's list":     {request{"GET", "/v1/models", "", nil}, 200, "data.id", "desk", ""},
		"OpenAI's model":    {request{"GET", "/v1/models/teacher", "", nil}, 200, "id", "teacher", ""},
		"Anthropic's list":  {request{"GET", "/v1/models", "", []string{"anthropic-version: 2023-06-01"}}, 200, "data.type", "model", ""},
		"Gemini's list":     {request{"GET", "/v1beta/models", "", nil}, 200, "models.name", "models/desk", ""},
		"Gemini's list v1":  {request{"GET", "/v1/models", "", []string{"x-goog-api-key: unused"}}, 200, "models.name", "models/desk", ""},
		"Gemini's by key":   {request{"GET", "/v1/models?key=unused", "", nil}, 200, "models.name", "models/desk", ""},
		"Gemini's model":    {request{"GET", "/v1beta/models/desk", "", nil}, 200, "name", "models/desk", ""},
		"Ollama's list":     {request{"GET", "/api/tags", "", nil}, 200, "models.model", "desk:latest", ""},
		"Ollama's model":    {request{"POST", "/api/show", `{"model": "desk:latest"}`, nil}, 200, "details.family", "retort", ""},
		"Ollama's greeting": {request{"GET", "/", "", nil}, 200, "", nil, ""},
		"Ollama's probe":    {request{"HEAD", "/", "", nil}, 200, "", nil, ""},
		"Ollama's version":  {request{"GET", "/api/version", "", nil}, 200, "", nil, ""},
		"Ollama's loading":  {request{"POST", "/api/generate", `{"model": "desk"}`, nil}, 200, "done", true, ""},

		"Anthropic's count": {request{"POST", "/v1/messages/count_tokens", `{"model": "desk", "messages": [{"role": "user", "content": "hello there"}]}`, nil}, 200, "input_tokens", nil, "Retort-Estimated: true"},
		"Gemini's count":    {request{"POST", "/v1beta/models/desk:countTokens", `{"contents": [{"parts": [{"text": "hello there"}]}]}`, nil}, 200, "totalTokens", nil, "Retort-Estimated: true"},

		"a WebSocket":        {request{"GET", "/v1/responses", "", nil}, 426, "", nil, ""},
		"no vectors":         {request{"POST", "/v1/embeddings", `{"model": "teacher", "input": "x"}`, nil}, 400, "error.param", "model", ""},
		"a stored answer":    {request{"GET", "/v1/responses/resp_1", "", nil}, 404, "", nil, ""},
		"doubled prefix":     {request{"POST", "/v1/v1/messages", "{}", nil}, 404, "", nil, ""},
		"an unknown path":    {request{"POST", "/v1/audio/speech", "{}", nil}, 404, "error.code", "path_not_found", ""},
		"a compressed body":  {request{"POST", "/v1/messages", "x", []string{"Content-Encoding: zstd"}}, 415, "type", "error", "Accept-Encoding: gzip, deflate"},
		"Gemini's unknown":   {request{"POST", "/v1beta/interactions", "{}", nil}, 404, "error.status", "NOT_FOUND", ""},
		"Anthropic's method": {request{"GET", "/v1/messages", "", nil}, 405, "type", "error", "Allow: POST"},
	} {
		t.Run(name, func(t *testing.T) {
			a := g.send(t, c.request)
			if a.status != c.status {
				t.Fatalf("got %d %s", a.status, a.text)
			}
			if got := at(t, a.text, c.where); c.where != "" && (got != c.want && c.want != nil || got == nil) {
				t.Errorf("%s is %v, want %v: %s", c.where, got, c.want, a.text)
			}
			if header, value, ok := strings.Cut(c.header, ": "); ok && a.header.Get(header) != value {
				t.Errorf("%s is %q, want %q", header, a.header.Get(header), value)
			}
		})
	}
}

// asking are requests for the desk, one for each dialect, with where an error says its message, and the header that its
// clients send their key in.
var asking = map[string]struct {
	request
	message, key string
}{
	"openai":    {request{"POST", "/v1/chat/completions", `{"model": "desk", "messages": [{"role": "user", "content": "hi"}]}`, nil}, "error.message", "Authorization: Bearer "},
	"responses": {request{"POST", "/v1/responses", `{"model": "desk", "input": "hi"}`, nil}, "error.message", "Authorization: Bearer "},
	"anthropic": {request{"POST", "/v1/messages", `{"model": "desk", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}`, nil}, "error.message", "X-Api-Key: "},
	"gemini":    {request{"POST", "/v1beta/models/desk:generateContent", `{"contents": [{"parts": [{"text": "hi"}]}]}`, nil}, "error.message", "X-Goog-Api-Key: "},
	"ollama":    {request{"POST", "/api/chat", `{"model": "desk", "messages": [{"role": "user", "content": "hi"}]}`, nil}, "error", "Authorization: Bearer "},
}

// What is wrong is said in the dialect of who asks.
func TestErrorsInEveryDialect(t *testing.T) {
	f := newFolder(t)
	f.write(t, "retort.yaml", deskConfig+"limits: {max_body: 1KiB}\n")
	g := f.serve(t)
	says := func(t *testing.T, r request, status int, where, want string) {
		t.Helper()
		a := g.send(t, r)
		message, _ := at(t, a.text, where).(string)
		if a.status != status || !strings.Contains(message, want) || a.header.Get("Content-Type") != "application/json" {
			t.Errorf("%s %.80s: got %d %v %s; want %d and a message with %q", r.path, r.body, a.status, a.header, a.text, status, want)
		}
	}
	for name, c := range asking {
		t.Run(name, func(t *testing.T) {
			unknown := c.request
			unknown.path, unknown.body = strings.Replace(c.path, "desk", "nobody", 1), strings.Replace(c.body, "desk", "nobody", 1)
			says(t, unknown, 404, c.message, "nobody")
			broken := c.request
			broken.body = c.body[:len(c.body)-1]
			says(t, broken, 400, c.message, "JSON")
			large := c.request
			large.body = strings.Replace(c.body, "hi", strings.Repeat("x", 2000), 1)
			says(t, large, 413, c.message, "1024 bytes")
			says(t, c.request, 502, c.message, "recording") // which does not know this question
		})
	}
	const methods = `there is no method "foo"; there are: batchEmbedContents countTokens`
	says(t, request{"POST", "/v1beta/models/desk:foo", "{}", nil}, 404, "error.message", methods)
	for _, r := range []request{{"POST", "/v1beta/models/desk:foo", "{}", nil}, {"GET", "/v1beta/models/desk:generateContent", "", nil},
		{"POST", "/v1/v1beta/models/desk:generateContent", "{}", nil}} {
		a := g.send(t, r)
		if code, _ := at(t, a.text, "error.code").(float64); int(code) != a.status {
			t.Errorf("%s %s: status %d, and the body says %v", r.method, r.path, a.status, code)
		}
	}
	says(t, request{"POST", "/v1/v1/messages", "{}", nil}, 404, "error.message", `you may mean "/v1/messages"`)
	says(t, request{"POST", "/v1/api/chat", "{}", nil}, 404, "error", `you may mean "/api/chat"`)
	says(t, request{"POST", "/model/desk/converse", "{}", nil}, 404, "message", "Retort speaks Bedrock to upstreams only")
	var created struct{ Key string }
	if err := json.Unmarshal([]byte(f.run(t, "keys", "create", "everybody", "--json")), &created); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a key is wanted", func() bool { return g.send(t, asking["openai"].request).status == http.StatusUnauthorized })
	for name, c := range asking {
		t.Run(name+" keys", func(t *testing.T) {
			says(t, c.request, 401, c.message, "no API key")
			wrong := c.request
			wrong.headers = []string{c.key + "rt-wrong"}
			says(t, wrong, 401, c.message, "not known")
			right := c.request
			right.headers = []string{c.key + created.Key}
			says(t, right, 502, c.message, "recording")
			right.headers = nil
			if right.path += "?key=" + created.Key; name == "gemini" {
				says(t, right, 502, c.message, "recording")
			}
		})
	}
	if strings.Contains(g.log.String(), created.Key) {
		t.Errorf("a key is logged:\n%s", g.log)
	}
}

// Names in lists are sorted, whatever dialect lists them.
func TestListsAreSorted(t *testing.T) {
	g := newFolder(t).serve(t)
	var tags struct{ Models []struct{ Name string } }
	if err := json.Unmarshal([]byte(g.send(t, request{"GET", "/api/tags", "", nil}).text), &tags); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, m := range tags.Models {
		names = append(names, m.Name)
	}
	if want := []string{"desk:latest", "sleepy:latest", "teacher:latest"}; !slices.Equal(names, want) {
		t.Errorf("tags are %q, want %q", names, want)
	}
}

// A task has no use for a temperature: it says so, or refuses where it is asked to be strict.
func TestDroppedAndStrictInEveryDialect(t *testing.T) {
	f := newFolder(t)
	g := f.serve(t)
	for name, setting := range map[string]string{"openai": `"temperature": 0.5`, "responses": `"temperature": 0.5`, "anthropic": `"temperature": 0.5`,
		"gemini": `"generationConfig": {"temperature": 0.5}`, "ollama": `"stream": false, "options": {"temperature": 0.5}`} {
		c := asking[name]
		r := c.request
		r.body = strings.Replace(strings.Replace(c.body, "hi", refundMe, 1), "{", "{"+setting+", ", 1)
		if a := g.send(t, r); a.status != 200 || !strings.HasSuffix(a.header.Get("Retort-Dropped"), "temperature") {
			t.Errorf("%s: got %d, dropped %q: %s", name, a.status, a.header.Get("Retort-Dropped"), a.text)
		} else if shown := f.run(t, "traces", "show", a.header.Get("Retort-Trace")[:35]); !regexp.MustCompile(`(?m)^dropped +.*temperature$`).MatchString(shown) {
			t.Errorf("%s: the trace does not say what was dropped:\n%s", name, shown)
		} else if listed := f.run(t, "traces", "list", "--limit", "1"); !regexp.MustCompile(`(?m)^TRACE .*DIALECT.*\n.* ` + name + ` +desk `).MatchString(listed) {
			t.Errorf("%s: the list does not say the dialect:\n%s", name, listed)
		}
		r.headers = []string{"Retort-Strict: true"}
		a := g.send(t, r)
		if message, _ := at(t, a.text, c.message).(string); a.status != 400 || !strings.Contains(message, "temperature") {
			t.Errorf("%s, strict: got %d %s", name, a.status, a.text)
		}
	}
}
