// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"retort/eval/certify"
)

const orders = `listen: 127.0.0.1:0
data: ./data
providers:
  up: {dialect: openai, base_url: URL/v1, retries: 0}
models:
  large: {provider: up, price: {input: 10, output: 20}, distillation: {status: allowed, basis: own weights}}
tasks:
  desk:
    instructions: Read the order.
    output:
      schema:
        type: object
        properties:
          action: {type: string, enum: [order, cancel]}
          item: {type: string}
          amount: {type: integer}
        required: [action]
    examples:
      - {input: "3 red apples please", output: {action: order, amount: 3, item: red apples}}
    teacher: large
    agreement: 0.85
    confidence: 0.9
`

// order returns a message that is told apart by number, and the object that it means.
func order(i int) (text, object string) {
	items := []string{"red apples", "pears", "oat milk", "rye bread", "butter", "green tea", "olive oil", "honey"}
	item, amount := items[i%len(items)], 2+i/len(items)%40
	switch i % 3 {
	case 0:
		return fmt.Sprintf("please send me %d %s", amount, item), fmt.Sprintf(`{"action":"order","item":%q,"amount":%d}`, item, amount)
	case 1:
		return fmt.Sprintf("I would like %d of the %s today", amount, item), fmt.Sprintf(`{"action":"order","item":%q,"amount":%d}`, item, amount)
	}
	return fmt.Sprintf("cancel my %s number %d now", item, 100+i), fmt.Sprintf(`{"action":"cancel","item":%q}`, item)
}

// clerk is a server of OpenAI's dialect that reads orders, in prose and in another order of fields, and keeps what it was
// asked last.
func clerk(t *testing.T, n int) (url string, last *atomic.Value) {
	t.Helper()
	known := map[string]string{}
	for i := range n {
		text, object := order(i)
		known[text] = object
	}
	last = &atomic.Value{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var asked struct {
			Messages []struct{ Role, Content string }
		}
		if err != nil || json.Unmarshal(body, &asked) != nil || len(asked.Messages) < 2 {
			http.Error(w, "no", http.StatusBadRequest)
			return
		}
		last.Store(string(body))
		answer := `{"action": "order", "item": null, "amount": null}`
		if object, ok := known[asked.Messages[1].Content]; ok {
			var fields map[string]any
			_ = json.Unmarshal([]byte(object), &fields)
			sorted, _ := json.MarshalIndent(fields, "", "  ")
			answer = "Here it is:\n```json\n" + string(sorted) + "\n```"
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"id": "x", "object": "chat.completion", "model": "large",
			"choices": []any{map[string]any{"index": 0, "finish_reason": "stop", "message": map[string]string{"role": "assistant", "content": answer}}},
			"usage":   map[string]int{"prompt_tokens": 50, "completion_tokens": 5, "total_tokens": 55}})
	}))
	t.Cleanup(s.Close)
	return s.URL, last
}

// answerOf asks for desk and returns who answered, and what.
func answerOf(t *testing.T, url, text string) (by, answer string) {
	t.Helper()
	body, err := json.Marshal(map[string]any{"model": "desk", "messages": []any{map[string]string{"role": "user", "content": text}},
		"response_format": map[string]string{"type": "json_object"}})
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.Post(url+"/v1/chat/completions", "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var got struct {
		Choices []struct{ Message struct{ Content string } }
	}
	if err := json.NewDecoder(resp.Body).Decode(&got); err != nil || resp.StatusCode != http.StatusOK || len(got.Choices) != 1 {
		t.Fatalf("asked %q, got %s, %v", text, resp.Status, err)
	}
	if dropped := resp.Header.Get("Retort-Dropped"); dropped != "" {
		t.Errorf("dropped %q: the answer is JSON as wanted", dropped)
	}
	return resp.Header.Get("Retort-Model"), got.Choices[0].Message.Content
}

func TestObjectsAreDistilledAndServed(t *testing.T) {
	const taught = 240
	url, last := clerk(t, taught)
	a := openConfig(t, strings.ReplaceAll(orders, "URL", url))
	serving(t, a, func(url string) {
		for i := range taught {
			text, want := order(i)
			if by, answer := answerOf(t, url, text); by != "up/large" || answer != want {
				t.Fatalf("%s answered %s, want the teacher's %s", by, answer, want)
			}
		}
		if asked := last.Load().(string); !strings.Contains(asked, `"strict":true`) || !strings.Contains(asked, `\"item\":{\"type\":\"string\"}`) {
			t.Errorf("the teacher was asked %s", asked)
		}
		d, err := a.Distill(t.Context(), DistillOptions{Task: "desk", Reask: 20, Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		r := &d.Report
		if r.EvalExamples != taught || r.Accuracy < 0.9 || len(r.Metrics.Fields) != 3 || r.Metrics.Fields[1].F1 < 0.9 || r.Consistency.Estimate != 1 {
			t.Fatalf("report %+v, fields %+v", r, r.Metrics.Fields)
		}
		if _, err := a.Promote(t.Context(), d.ID); err != nil {
			t.Fatal(err)
		}
		if err := a.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
		by, answer := answerOf(t, url, "please send me 77 pears")
		if want := `{"action":"order","item":"pears","amount":77}`; by != "student/desk@"+d.ID || answer != want {
			t.Errorf("%s answered %s, want the student's %s", by, answer, want)
		}
		evaluated, err := a.Evaluate(t.Context(), EvalOptions{Model: "desk", Data: orderFile(t, 240, 300, false)})
		if err != nil || evaluated.Metrics.Accuracy.Value < 0.6 || len(evaluated.Metrics.Fields) != 3 {
			t.Errorf("evaluated %+v, %v", evaluated, err)
		}
		page := filepath.Join(t.TempDir(), "report.html")
		if err := a.WriteReport(page, d); err != nil {
			t.Fatal(err)
		}
		if text, err := os.ReadFile(page); err != nil || !bytes.Contains(text, []byte("Field by field")) || bytes.Contains(text, []byte("Label by label")) {
			t.Errorf("the page has no table of fields: %v", err)
		}
		if _, err := a.Rollback(t.Context(), "desk"); err != nil {
			t.Fatal(err)
		}
		if err := a.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
		if by, answer := answerOf(t, url, "qwxz vbnm plok"); by != "up/large" || answer != `{"action":"order"}` {
			t.Errorf("after a rollback %s answered %s, want the teacher", by, answer)
		}
	})
}

// orderFile writes orders to a file: objects in JSON lines, or JSON in a table.
func orderFile(t *testing.T, from, to int, table bool) string {
	t.Helper()
	text, name := "", "orders.jsonl"
	if table {
		text, name = "text,label\n", "orders.csv"
	}
	for i := from; i < to; i++ {
		message, object := order(i)
		if table {
			text += fmt.Sprintf("%s,\"%s\"\n", message, strings.ReplaceAll(object, `"`, `""`))
		} else {
			text += fmt.Sprintf("{\"text\": %q, \"label\": %s}\n", message, object)
		}
	}
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestObjectsFromFiles(t *testing.T) {
	a := openConfig(t, strings.ReplaceAll(orders, "URL", "http://127.0.0.1:1"))
	lines, table := orderFile(t, 0, 160, false), orderFile(t, 160, 240, true)
	for _, method := range []certify.Method{certify.MethodCrossFitted, certify.MethodStrict} {
		d, err := a.Distill(t.Context(), DistillOptions{Task: "desk", Data: lines, Eval: table, Method: method, Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		if r := &d.Report; r.EvaluatedOn != "eval file" || r.EvalExamples != 80 || r.Accuracy < 0.9 || r.Status == certify.Provisional {
			t.Errorf("%s: report %+v", method, r)
		}
		e, err := a.Evaluate(t.Context(), EvalOptions{Model: d.ID, Data: table})
		if err != nil || e.Metrics.Accuracy.Value != d.Report.Accuracy {
			t.Errorf("%s: evaluated %+v, %v; want the report's accuracy", method, e, err)
		}
	}
}

func TestObjectsThatCannotBeLearned(t *testing.T) {
	a := openConfig(t, strings.ReplaceAll(orders, "URL", "http://127.0.0.1:1"))
	write := func(text string) string {
		path := filepath.Join(t.TempDir(), "data.jsonl")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good := `{"text": "two pears", "label": {"action": "order", "item": "pears"}}` + "\n"
	for name, test := range map[string]struct{ task, data, want string }{
		"outside the schema": {"desk", good + `{"text": "x", "label": {"action": "buy"}}`, `.jsonl:2): read object: field "action": "buy" is not one of the 2 values`},
		"no object":          {"desk", good + `{"text": "x", "label": "order"}`, "1 of 2 examples have an answer outside the schema"},
		"a list":             {"desk", `{"text": "x", "label": ["order"]}`, `:1): read object: no JSON object; correct the file`},
		"no task":            {"other", good, `the configuration has no task "other" that says which are allowed`},
		"written, not copied": {"desk", `{"text": "two pears", "label": {"action": "order", "item": "plums"}}`,
			"1 of 1 values do not occur in their texts"},
	} {
		_, err := a.Distill(t.Context(), DistillOptions{Task: test.task, Data: write(test.data)})
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want an error with %q", name, err, test.want)
		}
	}
}
