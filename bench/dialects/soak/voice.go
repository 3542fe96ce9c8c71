// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package soak

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
)

// voice is a dialect as both ends of the soak speak it: written against the vendor's documentation alone, since what
// measures the gateway cannot share its code.
type voice struct {
	mouth mouth
	ear   ear // nil: no client speaks it
}

// mouth is an upstream.
type mouth interface {
	// path is where upstreams of the dialect are asked, as far as all requests have it in common.
	path() string
	// streams says whether a request wants a stream.
	streams(r *http.Request, body []byte) bool
	// whole is an answer in one piece.
	whole(o *order) []byte
	// script is an answer as a stream.
	script(o *order) script
	// refusal is the body of an error.
	refusal(status int) []byte
}

// ear is a client.
type ear interface {
	// request returns the request of a client.
	request(base, model string, o *order) (url string, header http.Header, body object)
	// hearWhole reads an answer in one piece.
	hearWhole(body []byte, h *heard) error
	// hear reads an answer as a stream; it calls said after each piece.
	hear(in *events, h *heard, said func()) error
}

// script is a stream: what goes out before the pieces of the text, each piece, what ends it, and two ways to spoil it.
type script struct {
	kind      string // content type
	head      []byte
	pieces    [][]byte
	tail      []byte
	malformed []byte
	trouble   []byte
}

// heard is what a client got.
type heard struct {
	status   int
	text     []byte
	argument string // of the tool that was called
	calls    int
	usage    usage
	complete bool   // the dialect's end came
	failed   string // the dialect's error came
}

type object = map[string]any

type list = []any

func marshal(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // what is marshalled here is made of strings and numbers alone
	}
	return b
}

// voices are the dialects, by name.
func voices() map[string]voice {
	return map[string]voice{
		"openai":    {chatVoice{}, chatVoice{}},
		"responses": {responsesVoice{}, responsesVoice{}},
		"anthropic": {messagesVoice{}, messagesVoice{}},
		"gemini":    {geminiVoice{}, geminiVoice{}},
		"ollama":    {ollamaVoice{}, ollamaVoice{}},
		"bedrock":   {converseVoice{}, nil},
	}
}

// names returns the names of voices, sorted.
func names(v map[string]voice) []string {
	out := make([]string, 0, len(v))
	for name := range v {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// wantsStream says whether a body has "stream": true, which is what most dialects say.
func wantsStream(body []byte, otherwise bool) bool {
	var v struct{ Stream *bool }
	if json.Unmarshal(body, &v) != nil || v.Stream == nil {
		return otherwise
	}
	return *v.Stream
}

// schema is the schema of the tool that clients offer.
func schema() object {
	return object{"type": "object", "properties": object{"nonce": object{"type": "string"}}, "required": list{"nonce"}}
}

// toolName is the tool's name.
const toolName = "lookup"

// arguments is what the tool is called with, as text.
func arguments(o *order) string { return string(marshal(object{"nonce": o.argument()})) }

// called takes the arguments of a call in.
func (h *heard) called(arguments []byte) error {
	var v struct{ Nonce string }
	if err := json.Unmarshal(arguments, &v); err != nil {
		return fmt.Errorf("arguments of a call: %w: %.200s", err, arguments)
	}
	h.argument = v.Nonce
	h.calls++
	return nil
}

// event appends an event to a stream of them.
func event(name string, data any) []byte {
	var b bytes.Buffer
	if name != "" {
		fmt.Fprintf(&b, "event: %s\n", name)
	}
	fmt.Fprintf(&b, "data: %s\n\n", marshal(data))
	return b.Bytes()
}

// events reads a client's stream.
type events struct {
	in    *bufio.Reader
	lines bool // each line is an event, as in Ollama's
}

// next returns the next event; io.EOF at the end of a response that ended as HTTP says.
func (e *events) next() (name string, data []byte, err error) {
	for {
		line, err := e.in.ReadBytes('\n')
		if err != nil {
			if err == io.EOF && len(line) > 0 {
				err = io.ErrUnexpectedEOF
			}
			return "", nil, err
		}
		line = bytes.TrimRight(line, "\r\n")
		if e.lines {
			return "", line, nil
		}
		if rest, ok := bytes.CutPrefix(line, []byte("event:")); ok {
			name = strings.TrimSpace(string(rest))
			continue
		}
		if rest, ok := bytes.CutPrefix(line, []byte("data:")); ok {
			data = append(data, bytes.TrimSpace(rest)...)
			continue
		}
		if len(line) == 0 && (data != nil || name != "") {
			return name, data, nil
		}
	}
}

// ended returns the error of a stream that ended with the response, in dialects where that is how streams end.
func ended(err error, h *heard) error {
	if err == io.EOF && h.complete {
		return nil
	}
	return err
}
