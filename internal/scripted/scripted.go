// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package scripted is the far end of tests with real clients: servers that speak each vendor's wire format as the vendor
// documents it, and play one scene. They are written against the documentation alone and share no code with Retort's
// own dialects, so that a misreading in one does not hide in the other.
//
// The scene: a model that is offered tools thinks aloud, says a sentence and calls a tool it knows (two of them, in
// parallel, for the tools that SDKs offer in tests); once it is shown the results it says what they were, in several
// pieces, with text beyond ASCII. Offered no tools it says one sentence; asked for JSON it answers an object. Everything
// a server receives is recorded, for a check against what the vendors publish.
package scripted

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// Received is one request that a server got.
type Received struct {
	Upstream string          `json:"upstream"` // the server's dialect
	Method   string          `json:"method"`
	Path     string          `json:"path"`
	Header   http.Header     `json:"-"`
	Body     json.RawMessage `json:"body,omitempty"`
	Faults   []string        `json:"faults,omitempty"` // what the vendor would refuse
}

// Server is one scripted upstream. It is an http.Handler, safe for concurrent use.
type Server struct {
	dialect string
	speak   speaker

	mu       sync.Mutex
	received []Received
}

// speaker is a wire format.
type speaker interface {
	// hear reads a request.
	hear(r *http.Request, body []byte) (asked, error)
	// say writes the answer.
	say(w http.ResponseWriter, a asked, l lines)
	// refuse writes an error.
	refuse(w http.ResponseWriter, status int, message string)
}

// Dialects returns the names of the dialects that New knows.
func Dialects() []string {
	return []string{"openai", "responses", "anthropic", "gemini", "ollama", "bedrock"}
}

// New returns a server that speaks a dialect.
func New(dialect string) (*Server, error) {
	s := &Server{dialect: dialect}
	switch dialect {
	case "openai":
		s.speak = chat{}
	case "responses":
		s.speak = responses{}
	case "anthropic":
		s.speak = messages{}
	case "gemini":
		s.speak = gemini{}
	case "ollama":
		s.speak = ollama{}
	case "bedrock":
		s.speak = converse{}
	default:
		return nil, fmt.Errorf("make scripted server: there is no dialect %q; want one of %v", dialect, Dialects())
	}
	return s, nil
}

// Received returns what has come since the last call.
func (s *Server) Received() []Received {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.received
	s.received = nil
	return out
}

// ServeHTTP plays the scene.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 64<<20))
	if err != nil {
		return
	}
	if n, ok := counted(r.URL.Path); ok {
		whole(w, http.StatusOK, n)
		return
	}
	got := Received{Upstream: s.dialect, Method: r.Method, Path: r.URL.Path, Header: r.Header.Clone()}
	if json.Valid(body) {
		got.Body = body
	}
	a, err := s.speak.hear(r, body)
	if err != nil {
		a.faults = append(a.faults, err.Error())
	}
	got.Faults = a.faults
	s.mu.Lock()
	s.received = append(s.received, got)
	s.mu.Unlock()
	if len(a.faults) > 0 {
		s.speak.refuse(w, http.StatusBadRequest, strings.Join(a.faults, "; "))
		return
	}
	s.speak.say(w, a, a.lines())
}

// counted answers those who only want to know how many tokens a request has.
func counted(path string) (object, bool) {
	switch {
	case strings.HasSuffix(path, "/count_tokens"), strings.HasSuffix(path, "/input_tokens"):
		return object{"input_tokens": InputTokens}, true
	case strings.HasSuffix(path, "/count-tokens"):
		return object{"inputTokens": InputTokens}, true
	case strings.HasSuffix(path, ":countTokens"):
		return object{"totalTokens": InputTokens}, true
	}
	return nil, false
}

// asked is what a request comes down to.
type asked struct {
	model    string
	stream   bool
	think    bool     // reasoning may be shown
	tools    []string // names of the functions offered
	plain    []string // those among them that take plain text
	results  []string // of tools, since the user's last words
	schema   bool     // an answer in JSON is wanted
	generate bool     // Ollama's older way of asking
	system   string   // the instructions
	faults   []string
}

func (a *asked) fault(format string, args ...any) {
	a.faults = append(a.faults, fmt.Sprintf(format, args...))
}

// call is a call of a tool.
type call struct {
	id, name string
	args     map[string]any
	plain    string // instead of args, for tools that take plain text
}

func (c call) json() string {
	b, err := json.Marshal(c.args)
	if err != nil {
		panic(err) // the scripts hold nothing that has no JSON form
	}
	return string(b)
}

// lines are what a model says.
type lines struct {
	reasoning []string
	text      []string
	calls     []call
}

// The numbers of tokens that every answer is said to have taken.
const (
	InputTokens     = 1000 // all
	CachedTokens    = 600  // of them from a cache
	OutputTokens    = 50   // all
	ReasoningTokens = 20   // of them for reasoning
)

// Signature is what servers that sign their thoughts sign with; they refuse thoughts signed otherwise.
const Signature = "c2lnbmVkLWJ5LXRoZS1zY3JpcHQ="

// Probe is what coding agents are made to print.
const Probe = "retort-probe-7f3"

// Echo is what the model says first in its last turn; the results follow.
const Echo = "The tools said ☀️ 晴れ: "

// commands are the tools of coding agents that run a command, with the arguments that make them print Probe.
var commands = map[string]map[string]any{
	"Bash":              {"command": "echo " + Probe, "description": "print a word"},
	"bash":              {"command": "echo " + Probe, "description": "print a word"},
	"exec_command":      {"cmd": "echo " + Probe},
	"shell":             {"command": []string{"echo", Probe}},
	"shell_command":     {"command": "echo " + Probe},
	"run_shell_command": {"command": "echo " + Probe, "description": "print a word"},
}

func (a *asked) lines() lines {
	l := lines{reasoning: []string{"The user wants ", "to know. ", "I look it up."}}
	if !a.think {
		l.reasoning = nil
	}
	switch calls := a.calls(); {
	case len(a.results) > 0:
		l.text = pieces(Echo + strings.Join(a.results, " | "))
	case a.schema:
		l.reasoning = nil
		l.text = []string{`{"city":"Pa`, `ris","temperature":21}`}
	case len(calls) > 0:
		l.text = []string{"I will ", "look that up — ", "один момент. 🔎"}
		l.calls = calls
	case len(a.tools) == 0 && strings.Contains(a.system, "JSON"): // what is left to dialects without a way to say it
		l.text = []string{`{"city":"Pa`, `ris","temperature":21}`}
	default:
		l.text = []string{"A plain ", "answer, ", "grüß dich."}
	}
	return l
}

// calls returns the calls that the tools on offer make possible.
func (a *asked) calls() []call {
	for _, name := range a.tools {
		if args, ok := commands[name]; ok {
			return []call{{id: "call_1a", name: name, args: args}}
		}
	}
	var out []call
	if slices.Contains(a.tools, "get_weather") {
		out = append(out, call{id: "call_1a", name: "get_weather", args: map[string]any{"city": "Paris"}},
			call{id: "call_2b", name: "get_weather", args: map[string]any{"city": "São Paulo"}})
	}
	if slices.Contains(a.tools, "json") { // how some frameworks ask for an object
		out = append(out, call{id: "call_4d", name: "json", args: map[string]any{"city": "Paris", "temperature": 21}})
	}
	const note = "line 1\nline \"2\""
	switch {
	case slices.Contains(a.plain, "note"):
		out = append(out, call{id: "call_3c", name: "note", plain: note})
	case slices.Contains(a.tools, "note"): // the same tool, offered as a function of one text
		out = append(out, call{id: "call_3c", name: "note", args: map[string]any{"input": note}})
	}
	return out
}

// pieces cuts a text into pieces of a few characters, as a model would say it.
func pieces(s string) []string {
	var out []string
	for runes := []rune(s); len(runes) > 0; {
		n := min(7, len(runes))
		out = append(out, string(runes[:n]))
		runes = runes[n:]
	}
	return out
}

// object is any JSON object.
type object = map[string]any

func marshal(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // the scripts hold nothing that has no JSON form
	}
	return b
}

// event writes a server-sent event and sends it off.
func event(w http.ResponseWriter, name string, v any) {
	if name != "" {
		fmt.Fprintf(w, "event: %s\n", name)
	}
	fmt.Fprintf(w, "data: %s\n\n", marshal(v))
	flush(w)
}

func flush(w http.ResponseWriter) {
	if f, ok := w.(http.Flusher); ok {
		f.Flush()
	}
}

func whole(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(marshal(v)) // a client that has gone needs no answer
}

func stream(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/event-stream")
	w.WriteHeader(http.StatusOK)
	flush(w)
}

// text returns the text of a value that is a string or a list of parts, as several dialects have them.
func text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case []any:
		var b strings.Builder
		for _, part := range v {
			if o, ok := part.(object); ok {
				if s, ok := o["text"].(string); ok {
					b.WriteString(s)
				}
			}
		}
		return b.String()
	}
	return ""
}

// list returns the objects of a list.
func list(v any) []object {
	items, _ := v.([]any)
	var out []object
	for _, item := range items {
		if o, ok := item.(object); ok {
			out = append(out, o)
		}
	}
	return out
}

func str(v any) string { s, _ := v.(string); return s }

func sub(o object, key string) object { v, _ := o[key].(object); return v }

func read(body []byte) (object, error) {
	var o object
	if err := json.Unmarshal(body, &o); err != nil {
		return nil, fmt.Errorf("the body is no JSON object: %w", err)
	}
	return o, nil
}

// unknown notes the fields of an object that the vendor does not document.
func (a *asked) unknown(where string, o object, known ...string) {
	for key := range o {
		if !slices.Contains(known, key) {
			a.fault("%s: unknown field %q", where, key)
		}
	}
}
