// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package scripted

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
)

// Batches is a server that takes batches as OpenAI or Anthropic documents, and single requests beside. It answers with what Say
// returns. It is an http.Handler, safe for concurrent use; its fields are set before it serves.
type Batches struct {
	Dialect string                          // "openai" or "anthropic"
	Say     func(user string) string        // the answer to the last message
	Fate    func(user string) string        // of a request in a batch: "" to be answered, "errored", "expired" or "canceled"
	Polls   int                             // how often a batch is asked after before it has ended
	None    bool                            // the upstream has no batches
	Check   func(body map[string]any) error // what else the vendor would refuse; may be nil

	mu       sync.Mutex
	files    map[string][]byte
	batches  map[string]*batch
	Faults   []string // what the vendor would refuse
	Direct   int      // requests asked by themselves
	Batched  int      // requests answered in batches
	HandedIn int      // batches
	Canceled int
	Polled   int
}

type batch struct {
	requests []batched
	polls    int
	canceled bool
	counted  bool // in Batched
}

type batched struct {
	id   string
	body object
}

var customID = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,64}$`)

// ServeHTTP answers one request.
func (s *Batches) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.files == nil {
		s.files, s.batches = map[string][]byte{}, map[string]*batch{}
	}
	if s.Dialect == "openai" {
		s.openai(w, r, body)
	} else {
		s.anthropic(w, r, body)
	}
}

func (s *Batches) fault(w http.ResponseWriter, status int, format string, args ...any) {
	message := fmt.Sprintf(format, args...)
	if status == http.StatusBadRequest {
		s.Faults = append(s.Faults, message)
	}
	if s.Dialect == "openai" {
		whole(w, status, object{"error": object{"message": message, "type": "invalid_request_error", "param": nil, "code": nil}})
		return
	}
	kind := "invalid_request_error"
	if status == http.StatusNotFound {
		kind = "not_found_error"
	}
	whole(w, status, object{"type": "error", "error": object{"type": kind, "message": message}})
}

func (s *Batches) openai(w http.ResponseWriter, r *http.Request, body []byte) {
	path, rest := strings.TrimPrefix(r.URL.Path, "/v1"), ""
	for _, folder := range []string{"/files/", "/batches/"} {
		if after, ok := strings.CutPrefix(path, folder); ok {
			path, rest = folder, after
		}
	}
	switch {
	case r.Header.Get("Authorization") == "":
		s.fault(w, http.StatusBadRequest, "no key")
	case r.Method == http.MethodPost && path == "/chat/completions":
		s.direct(w, body)
	case s.None:
		s.fault(w, http.StatusNotFound, "no such path")
	case r.Method == http.MethodPost && path == "/files":
		s.upload(w, r, body)
	case r.Method == http.MethodPost && path == "/batches":
		s.openaiMake(w, body)
	case r.Method == http.MethodGet && path == "/files/":
		if text, ok := s.files[strings.TrimSuffix(rest, "/content")]; ok && strings.HasSuffix(rest, "/content") {
			w.Write(text) // a client that has gone needs no answer
			return
		}
		s.fault(w, http.StatusNotFound, "no such file")
	case path == "/batches/":
		id, cancel := strings.CutSuffix(rest, "/cancel")
		if b := s.batches[id]; b != nil && (r.Method == http.MethodPost) == cancel {
			whole(w, http.StatusOK, s.openaiState(id, b, cancel))
			return
		}
		s.fault(w, http.StatusNotFound, "no such batch")
	default:
		s.fault(w, http.StatusBadRequest, "no such path: %s %s", r.Method, r.URL.Path)
	}
}

// upload takes the form of a file.
func (s *Batches) upload(w http.ResponseWriter, r *http.Request, body []byte) {
	r.Body = io.NopCloser(bytes.NewReader(body))
	if err := r.ParseMultipartForm(100 << 20); err != nil || r.FormValue("purpose") != "batch" {
		s.fault(w, http.StatusBadRequest, "want a form with the purpose batch: %v", err)
		return
	}
	f, head, err := r.FormFile("file")
	if err != nil || !strings.HasSuffix(head.Filename, ".jsonl") {
		s.fault(w, http.StatusBadRequest, "want a file whose name ends in .jsonl: %v", err)
		return
	}
	defer f.Close()
	text, err := io.ReadAll(f)
	if err != nil {
		return
	}
	id := fmt.Sprintf("file-%d", len(s.files)+1)
	s.files[id] = text
	whole(w, http.StatusOK, object{"id": id, "object": "file", "bytes": len(text), "created_at": 1700000000, "filename": head.Filename, "purpose": "batch"})
}

func (s *Batches) openaiMake(w http.ResponseWriter, body []byte) {
	o, err := read(body)
	text, ok := s.files[str(o["input_file_id"])]
	if err != nil || !ok || o["endpoint"] != "/v1/chat/completions" || o["completion_window"] != "24h" || len(o) != 3 {
		s.fault(w, http.StatusBadRequest, "want input_file_id, endpoint and completion_window: %s", body)
		return
	}
	b := &batch{}
	for text := range bytes.Lines(text) {
		line, err := read(text)
		if err != nil || line["method"] != "POST" || line["url"] != o["endpoint"] || len(line) != 4 {
			s.fault(w, http.StatusBadRequest, "a line must have custom_id, method, url and body: %s", text)
			return
		}
		b.requests = append(b.requests, batched{str(line["custom_id"]), sub(line, "body")})
	}
	if id, ok := s.take(w, b); ok {
		whole(w, http.StatusOK, s.openaiState(id, b, false))
	}
}

// take checks a batch and keeps it.
func (s *Batches) take(w http.ResponseWriter, b *batch) (string, bool) {
	seen := map[string]bool{}
	for _, r := range b.requests {
		if !customID.MatchString(r.id) || seen[r.id] {
			s.fault(w, http.StatusBadRequest, "custom_id %q is malformed or there twice", r.id)
			return "", false
		}
		seen[r.id] = true
		if err := s.refuse(r.body); err != nil {
			s.fault(w, http.StatusBadRequest, "%v", err)
			return "", false
		}
	}
	if len(b.requests) == 0 {
		s.fault(w, http.StatusBadRequest, "the batch is empty")
		return "", false
	}
	s.HandedIn++
	id := fmt.Sprintf("batch_%d", s.HandedIn)
	s.batches[id] = b
	return id, true
}

func (s *Batches) refuse(body object) error {
	if str(body["model"]) == "" || len(list(body["messages"])) == 0 || body["stream"] == true {
		return fmt.Errorf("a request must have model and messages, and no stream: %v", body)
	}
	if n, _ := body["max_tokens"].(float64); s.Dialect == "anthropic" && n < 1 {
		return fmt.Errorf("max_tokens: field required")
	}
	if s.Check != nil {
		return s.Check(body)
	}
	return nil
}

func (s *Batches) ended(b *batch, cancel bool) bool {
	if cancel {
		s.Canceled++
		b.canceled = true
	} else {
		b.polls++
		s.Polled++
	}
	return b.polls > s.Polls || b.canceled && b.polls > 1
}

func (s *Batches) openaiState(id string, b *batch, cancel bool) object {
	o := object{"id": id, "object": "batch", "endpoint": "/v1/chat/completions", "errors": nil, "input_file_id": "file-1", "completion_window": "24h",
		"status": "in_progress", "output_file_id": nil, "error_file_id": nil, "created_at": 1700000000}
	if !s.ended(b, cancel) {
		return o
	}
	var out, failed bytes.Buffer
	answered := 0
	o["status"] = "completed"
	for _, r := range b.requests {
		switch fate := s.fate(b, r.body); fate {
		case "":
			out.Write(append(marshal(object{"id": "batch_req_1", "custom_id": r.id, "error": nil,
				"response": object{"status_code": 200, "request_id": "req_1", "body": s.answer(r.body)}}), '\n'))
			answered++
		case "errored":
			failed.Write(append(marshal(object{"id": "batch_req_1", "custom_id": r.id, "error": nil,
				"response": object{"status_code": 500, "request_id": "req_1", "body": object{"error": object{"message": "server error"}}}}), '\n'))
		default:
			o["status"] = map[string]string{"expired": "expired", "canceled": "cancelled"}[fate]
			failed.Write(append(marshal(object{"id": "batch_req_1", "custom_id": r.id, "response": nil,
				"error": object{"code": "batch_" + fate, "message": "This request was not executed."}}), '\n'))
		}
	}
	if !b.counted {
		b.counted = true
		s.Batched += answered
	}
	for name, text := range map[string][]byte{"output_file_id": out.Bytes(), "error_file_id": failed.Bytes()} {
		if len(text) > 0 {
			o[name] = "file-" + id + name
			s.files["file-"+id+name] = bytes.Clone(text)
		}
	}
	return o
}

func (s *Batches) fate(b *batch, body object) string {
	if b.canceled && b.polls <= s.Polls {
		return "canceled"
	}
	if s.Fate == nil {
		return ""
	}
	return s.Fate(lastMessage(body))
}

func lastMessage(body object) string {
	messages := list(body["messages"])
	return text(messages[len(messages)-1]["content"])
}

// answer is the body of an answer: 100 tokens in, 5 out.
func (s *Batches) answer(body object) object {
	said := s.Say(lastMessage(body))
	if s.Dialect == "openai" {
		return object{"id": "chatcmpl-1", "object": "chat.completion", "created": 1700000000, "model": body["model"],
			"choices": []object{{"index": 0, "message": object{"role": "assistant", "content": said, "refusal": nil}, "finish_reason": "stop", "logprobs": nil}},
			"usage":   object{"prompt_tokens": 100, "completion_tokens": 5, "total_tokens": 105}}
	}
	return object{"id": "msg_1", "type": "message", "role": "assistant", "model": body["model"], "content": []object{{"type": "text", "text": said}},
		"stop_reason": "end_turn", "stop_sequence": nil, "usage": object{"input_tokens": 100, "output_tokens": 5}}
}

// direct answers a request that was asked by itself.
func (s *Batches) direct(w http.ResponseWriter, body []byte) {
	var o object
	err := json.Unmarshal(body, &o)
	if err == nil {
		err = s.refuse(o)
	}
	if err != nil {
		s.fault(w, http.StatusBadRequest, "%v", err)
		return
	}
	s.Direct++
	whole(w, http.StatusOK, s.answer(o))
}

func (s *Batches) anthropic(w http.ResponseWriter, r *http.Request, body []byte) {
	rest, inBatches := strings.CutPrefix(r.URL.Path, "/v1/messages/batches")
	id, action, _ := strings.Cut(strings.TrimPrefix(rest, "/"), "/")
	b := s.batches[id]
	switch {
	case r.Header.Get("X-Api-Key") == "" || r.Header.Get("Anthropic-Version") == "":
		s.fault(w, http.StatusBadRequest, "%s %s: x-api-key or anthropic-version is missing", r.Method, r.URL.Path)
	case r.Method == http.MethodPost && r.URL.Path == "/v1/messages":
		s.direct(w, body)
	case !inBatches || s.None:
		s.fault(w, http.StatusNotFound, "no such path")
	case r.Method == http.MethodPost && rest == "":
		s.anthropicMake(w, body)
	case b == nil:
		s.fault(w, http.StatusNotFound, "no such batch")
	case r.Method == http.MethodGet && action == "":
		whole(w, http.StatusOK, s.anthropicState(id, b, false))
	case r.Method == http.MethodPost && action == "cancel":
		whole(w, http.StatusOK, s.anthropicState(id, b, true))
	case r.Method == http.MethodGet && action == "results":
		s.anthropicResults(w, b)
	default:
		s.fault(w, http.StatusBadRequest, "no such path: %s %s", r.Method, r.URL.Path)
	}
}

func (s *Batches) anthropicMake(w http.ResponseWriter, body []byte) {
	o, err := read(body)
	if err != nil || len(o) != 1 {
		s.fault(w, http.StatusBadRequest, "want requests alone: %v", err)
		return
	}
	b := &batch{}
	for _, r := range list(o["requests"]) {
		if len(r) != 2 {
			s.fault(w, http.StatusBadRequest, "a request has custom_id and params: %v", r)
			return
		}
		b.requests = append(b.requests, batched{str(r["custom_id"]), sub(r, "params")})
	}
	if id, ok := s.take(w, b); ok {
		whole(w, http.StatusOK, s.anthropicState(id, b, false))
	}
}

func (s *Batches) anthropicState(id string, b *batch, cancel bool) object {
	status, results := "in_progress", any(nil)
	if s.ended(b, cancel) {
		status, results = "ended", "https://elsewhere.invalid/v1/messages/batches/"+id+"/results"
	} else if b.canceled {
		status = "canceling"
	}
	return object{"id": id, "type": "message_batch", "processing_status": status, "results_url": results, "created_at": "2026-01-01T00:00:00Z",
		"expires_at": "2026-01-02T00:00:00Z", "request_counts": object{"processing": len(b.requests), "succeeded": 0, "errored": 0, "canceled": 0, "expired": 0}}
}

func (s *Batches) anthropicResults(w http.ResponseWriter, b *batch) {
	for i := range b.requests {
		r := b.requests[len(b.requests)-1-i] // in another order
		result := object{"type": s.fate(b, r.body)}
		switch result["type"] {
		case "":
			result = object{"type": "succeeded", "message": s.answer(r.body)}
			s.Batched++
		case "errored":
			result["error"] = object{"type": "error", "error": object{"type": "api_error", "message": "server error"}}
		}
		w.Write(append(marshal(object{"custom_id": r.id, "result": result}), '\n')) // a client that has gone needs no answer
	}
}
