// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package chaos

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
)

// teacher is an upstream of OpenAI's shape that knows the label of each text, counts its calls, and bills like one that keeps
// to idempotency keys: once a key.
type teacher struct {
	labels map[string]string
	pause  time.Duration // that an answer takes

	mu    sync.Mutex
	calls map[string]int             // by text
	keys  map[string]map[string]bool // of the calls, by text
}

func newTeacher(texts []Text, pause time.Duration) *teacher {
	t := &teacher{labels: map[string]string{}, pause: pause, calls: map[string]int{}, keys: map[string]map[string]bool{}}
	for _, text := range texts {
		t.labels[text.Input] = text.Label
	}
	return t
}

func (t *teacher) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var asked struct {
		Messages []struct{ Content string }
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&asked); err != nil || len(asked.Messages) == 0 {
		http.Error(w, "want messages", http.StatusBadRequest)
		return
	}
	text := asked.Messages[len(asked.Messages)-1].Content
	label, known := t.labels[text]
	if !known {
		http.Error(w, "this is none of the texts", http.StatusBadRequest)
		return
	}
	t.note(text, r.Header.Get("Idempotency-Key"))
	select {
	case <-time.After(t.pause):
	case <-r.Context().Done():
		return
	}
	answer, err := json.Marshal(label)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, `{"id":"x","object":"chat.completion","created":1,"model":"large","choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":%s}}],"usage":{"prompt_tokens":100,"completion_tokens":5,"total_tokens":105}}`, answer)
}

func (t *teacher) note(text, key string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.calls[text]++
	if t.keys[text] == nil {
		t.keys[text] = map[string]bool{}
	}
	t.keys[text][key] = true
}

// asked returns how many texts the teacher was asked about, and how many calls that took.
func (t *teacher) asked() (texts, calls int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, n := range t.calls {
		calls += n
	}
	return len(t.calls), calls
}

// billed returns how many calls are paid for, and what is wrong with the keys: a text that has several is paid for several
// times, and one key for several texts leaves some without an answer of their own.
func (t *teacher) billed() (calls int, wrong []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	whose := map[string]string{}
	for text, keys := range t.keys {
		for key := range keys {
			calls++
			if other := whose[key]; key == "" || other != "" {
				wrong = append(wrong, fmt.Sprintf("%q and %q have the key %q", text, other, key))
			}
			whose[key] = text
		}
		if len(keys) > 1 {
			wrong = append(wrong, fmt.Sprintf("%q has %d keys", text, len(keys)))
		}
	}
	return calls, wrong
}

// settled counts the answers in a journal of labels; what a kill tore is none.
func settled(journal string) int {
	n := 0
	for line := range strings.Lines(journal) {
		var l struct {
			Said string `json:"said"`
		}
		if strings.HasSuffix(line, "\n") && json.Unmarshal([]byte(line), &l) == nil && l.Said != "" {
			n++
		}
	}
	return n
}
