// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"retort/eval/certify"
	"retort/internal/shareddata"
	"retort/internal/store"
	"retort/model"
)

// outsiders are n requests of CLINC150's split that are none of its tasks, nor of music.
func outsiders(t *testing.T, split string, n int) []string {
	t.Helper()
	var texts []string
	for _, row := range shareddata.CSV(t, "clinc150/data_full.csv") {
		if row[0] == split && len(texts) < n {
			texts = append(texts, row[1])
		}
	}
	return texts
}

// texts reads those of a file of examples.
func texts(t *testing.T, path string, n int) []string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for line := range bytes.Lines(data) {
		var e struct{ Text string }
		if err := json.Unmarshal(line, &e); err != nil {
			t.Fatal(err)
		}
		if out = append(out, e.Text); len(out) == n {
			break
		}
	}
	return out
}

// The task says that its students may take one text in twenty for none of the task, and a file has texts that are none. What
// a student then leaves to its teacher says so in a header and in its trace, whatever the score.
func TestNovelTextsAreLeftToTheTeacher(t *testing.T) {
	train, validate := music(t, "train"), music(t, "validate")
	known, strays := outsiders(t, "oos_train", 60), outsiders(t, "oos_test", 100)
	file := filepath.Join(t.TempDir(), "strays.csv")
	if err := os.WriteFile(file, []byte("text\n"+strings.Join(known, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	teacher := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"id":"x","object":"chat.completion","model":"large","choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"{}"}}],"usage":{"prompt_tokens":5,"completion_tokens":1,"total_tokens":6}}`))
	}))
	t.Cleanup(teacher.Close)
	a := openConfig(t, strings.ReplaceAll(`listen: 127.0.0.1:0
data: ./data
providers:
  up: {dialect: openai, base_url: TEACHER/v1}
models:
  large: {provider: up}
tasks:
  desk:
    output: {schema: {type: object, properties: {artist: {type: string}, service: {type: string}, year: {type: string}, album: {type: string}, track: {type: string}}}}
    teacher: large
    agreement: 0.85
    confidence: 0.9
    student: {false_alarms: 0.05}
    audit: {share: 0} # this teacher agrees with nobody
`, "TEACHER", teacher.URL))
	d, err := a.Distill(t.Context(), DistillOptions{Task: "desk", Data: train, OutOfScope: file, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	n := d.Report.Novelty
	if n == nil || !n.Acts || n.OutOfScope != 60 || n.Found < 40 || n.FalseAlarms > 0.2 || d.Report.Status != certify.Provisional {
		t.Fatalf("novelty %+v, %s; want it to act and to find most of 60 texts", n, d.Report.Certificate)
	}
	if _, err := a.Promote(t.Context(), d.ID); err != nil {
		t.Fatal(err)
	}
	serving(t, a, func(url string) {
		novel := func(texts []string) (novel, answered int) {
			for _, text := range texts {
				deferred, by := askDesk(t, url, text)
				switch {
				case deferred == "novel" && by == "up/large":
					novel++
				case deferred == "" && strings.HasPrefix(by, "student/desk@"):
					answered++
				case deferred != "unsure":
					t.Errorf("%q: %s answered, deferred %q", text, by, deferred)
				}
			}
			return novel, answered
		}
		if found, answered := novel(strays); found < 60 || answered > 10 {
			t.Errorf("of 100 texts out of scope %d are novel, and the student answered %d", found, answered)
		}
		own := texts(t, validate, 100)
		if found, answered := novel(own); found > 25 || answered < len(own)/3 {
			t.Errorf("of %d texts of the task %d are novel, and the student answered %d", len(own), found, answered)
		}
	})
	novel := 0
	for trace, err := range a.Traces(t.Context(), store.Filter{Content: true}) {
		if err != nil {
			t.Fatal(err)
		}
		if len(trace.Attempts) == 2 && trace.Attempts[0].Rejected && trace.Attempts[0].Why == model.WhyNovel {
			novel++
		}
	}
	if novel < 60 {
		t.Errorf("%d traces say that the request was novel", novel)
	}
}

// askDesk returns why the student's answer was not taken, and who answered.
func askDesk(t *testing.T, url, text string) (deferred, by string) {
	t.Helper()
	body, err := json.Marshal(map[string]any{"model": "desk", "messages": []any{map[string]string{"role": "user", "content": text}}})
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.Post(url+"/v1/chat/completions", "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("%q: %s", text, resp.Status)
	}
	return resp.Header.Get("Retort-Deferred"), resp.Header.Get("Retort-Model")
}
