// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"retort/distill"
	"retort/eval/certify"
	"retort/internal/discover"
	"retort/internal/store"
	"retort/model"
)

// place writes files into a new folder and returns it.
func place(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestDistillAsksAboutUnknownTasks(t *testing.T) {
	var rows strings.Builder
	rows.WriteString("text,label\n")
	for i := range 20 {
		fmt.Fprintf(&rows, "refund order %d,refund\nwhere is parcel %d,delivery\n", i, i)
	}
	dir := place(t, map[string]string{"mail.csv": rows.String(), "tape.jsonl": `{"input": "a", "answer": "refund"}` + "\n",
		"retort.yaml": "providers:\n  tape: {dialect: replay, file: tape.jsonl}\nmodels:\n  teacher: {provider: tape}\n" +
			"tasks:\n  desk: {output: {enum: [refund, delivery]}, teacher: teacher}\n"})
	for name, c := range map[string]struct {
		task, typed string
		asks        bool
		code        int
		says        string
	}{
		"yes":     {"dessk", "y\n", true, exitDone, `no task "dessk"; it has: desk` + "\nmake a student for a new task"},
		"no":      {"dessk", "n\n", true, exitFailed, "nothing was distilled\nhint: name one of: desk"},
		"nothing": {"dessk", "", true, exitFailed, "nothing was distilled"},
		"nobody":  {"dessk", "", false, exitDone, "note: the configuration has no task"},
		"known":   {"desk", "", true, exitDone, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			code := Run(t.Context(), Process{Args: []string{"distill", c.task, "--data", filepath.Join(dir, "mail.csv"), "-c", filepath.Join(dir, "retort.yaml")},
				Stdin: strings.NewReader(c.typed), Stdout: &stdout, Stderr: &stderr, Getenv: func(string) (string, bool) { return "", false }, Asks: c.asks})
			if code != c.code || !strings.Contains(stderr.String(), c.says) || c.says == "" && strings.Contains(stderr.String(), "no task") {
				t.Errorf("exit code %d, says %q", code, &stderr)
			}
			if made := strings.Contains(stdout.String(), "learned from"); made != (code == exitDone) {
				t.Errorf("distilled: %v\n%s", made, &stdout)
			}
		})
	}
}

func TestConsistencySaysWhatItTook(t *testing.T) {
	c := &certify.Consistency{Asked: 81, Same: 80}
	if got, want := consistency(c, &distill.Reasked{Calls: 100, Cost: model.Dollar / 80}), "the teacher repeated itself on 80 of 81 inputs; 100 calls, $0.0125"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := consistency(c, nil), "the teacher repeated itself on 80 of 81 inputs that came more than once"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestInitSaysWhatIsMissing(t *testing.T) {
	told := func(f *discover.Findings) string {
		var out bytes.Buffer
		s := &session{Process: Process{Stdout: &out}, config: "new.yaml"}
		for i := range f.Servers {
			s.tell(&f.Servers[i])
		}
		s.written(f)
		return out.String()
	}
	broken := discover.Server{Name: "openai", Title: "OpenAI", Variable: "OPENAI_API_KEY", Err: &model.Error{Kind: model.Unauthenticated, Err: errors.New("no such key"), Hint: "check it"}}
	got := told(&discover.Findings{Servers: []discover.Server{broken}, Halves: []string{"Amazon Bedrock: its region is not known"}})
	if want := "OpenAI: OPENAI_API_KEY is set, but a call failed:\n  no such key\n  hint: check it\nAmazon Bedrock: its region is not known\nnew.yaml is written, and nothing in it answers yet"; !strings.HasPrefix(got, want) || strings.Contains(got, "serve") {
		t.Errorf("nothing works: %s", got)
	}
	works := discover.Server{Name: "vllm", Title: "vLLM", Model: "m", Models: []string{"m"}}
	if got := told(&discover.Findings{Servers: []discover.Server{broken, works}}); !strings.Contains(got, "vLLM answers: m") || !strings.Contains(got, "serve -c new.yaml") {
		t.Errorf("one works: %s", got)
	}
}

func TestTable(t *testing.T) {
	var out bytes.Buffer
	s := &session{Process: Process{Stdout: &out}}
	if err := s.table(columns("NAME", ">COST", "NOTE"), [][]string{{"naïve", "$1.50", "a\x1bb"}, {"x", "$12.25", ""}}); err != nil {
		t.Fatal(err)
	}
	want := "NAME     COST  NOTE\nnaïve   $1.50  a b\nx      $12.25\n"
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", &out, want)
	}
}

func TestAttemptsSayWhatTheyDid(t *testing.T) {
	for want, a := range map[string]model.Attempt{
		"answered":                          {},
		"answered, from a cache":            {Cached: true},
		"accepted, score 1.000":             {Score: 1, Scored: true},
		"not accepted, score 0.000":         {Rejected: true, Scored: true},
		"not accepted, no verdict":          {Rejected: true},
		"judged":                            {Judging: true},
		"judged this member's answer":       {Judging: true, Asked: model.ForCandidate, Member: "a"},
		"its vote won":                      {Asked: model.ForVote, Member: "a"},
		"its vote did not win":              {Asked: model.ForVote, Member: "a", Rejected: true},
		"not chosen":                        {Asked: model.ForCandidate, Member: "a", Rejected: true},
		"proposed":                          {Asked: model.ForProposal, Member: "a"},
		"called off, tokens estimated":      {Asked: model.ForVote, Member: "a", Error: "canceled", Estimated: true},
		"passed over for its cost":          {Asked: model.ForVote, Member: "a", Model: "a", Error: "quota_exhausted"},
		"error: quota_exhausted":            {Asked: model.ForVote, Member: "a", Model: "up/a", Error: "quota_exhausted"},
		"error: timeout":                    {Error: "timeout"},
		"chosen, from a cache, score 0.900": {Asked: model.ForCandidate, Member: "a", Cached: true, Score: 0.9},
	} {
		if got := resultText(&a); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	var out bytes.Buffer
	s := &session{Process: Process{Stdout: &out}}
	if err := (&tracesShowCmd{}).attempts(s, []model.Attempt{{Model: "up/a", Member: "a", Asked: model.ForProposal}, {Model: "up/b"}}); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); !strings.Contains(got, "MEMBER  ATTEMPT") || !strings.Contains(got, "a       up/a") || !strings.Contains(got, "–       up/b") {
		t.Errorf("the members are not named in\n%s", got)
	}
}

func TestTraceIsReadable(t *testing.T) {
	limit, heat := 50, 0.5
	content := &model.Content{
		Tools:     []model.Tool{{Name: "look_up"}, {Name: "write", Namespace: &model.Namespace{Name: "files"}}, {Native: json.RawMessage(`{"type":"web_search"}`)}},
		MaxTokens: &limit, Temperature: &heat, Stop: []string{"END"}, Format: &model.Format{Kind: "json"}, Effort: "low",
		Messages: []model.Message{
			model.Text(model.System, "Be brief."),
			{Role: model.User, Name: "ann", Blocks: []model.Block{{Kind: model.TextBlock, Text: "line one\nline\x1b[2J two"},
				{Kind: model.ImageBlock, Media: &model.Media{Type: "image/png", Data: make([]byte, 2048)}},
				{Kind: model.DocumentBlock, Media: &model.Media{FileID: "file_1"}}}},
			{Role: model.Assistant, Blocks: []model.Block{{Kind: model.ReasoningBlock, Text: "hm"}, {Kind: model.ReasoningBlock, Seal: &model.Seal{Hidden: true}},
				{Kind: model.ToolCallBlock, Call: &model.ToolCall{ID: "c1", Name: "look_up", Arguments: `{"q":1}`}}}},
			{Role: model.ToolRole, Blocks: []model.Block{{Kind: model.ToolResultBlock, CallID: "c1", Failed: true, Text: "nothing",
				Blocks: []model.Block{{Kind: model.ImageBlock, Media: &model.Media{URL: "https://x/y.png"}}}}}},
		},
	}
	body, err := json.Marshal(content)
	if err != nil {
		t.Fatal(err)
	}
	resp := model.Answer("up/large", "done")
	resp.Choices[0].Finish = model.FinishLength
	trace := &model.Trace{ID: "t1", Model: "smart", Stream: true, Key: "key_1", Start: time.Unix(0, 0), Duration: 1500 * time.Millisecond, Body: body, Response: resp,
		Usage: model.Usage{Input: 10, Cached: 4, Output: 2, Reasoning: 1}, Cost: model.Dollar / 4,
		Attempts: []model.Attempt{{Model: "up/small", Error: "timeout", Estimated: true}, {Model: "up/large", Score: 0.75, Cost: model.Dollar / 4}}}
	var out bytes.Buffer
	s, c := &session{Process: Process{Stdout: &out}}, &tracesShowCmd{}
	c.summary(s, trace)
	if err := c.attempts(s, trace.Attempts); err != nil {
		t.Fatal(err)
	}
	c.request(s, trace)
	c.answer(s, trace.Response)
	wrong, rating, comment := "other", 0.5, "checked\ntwice"
	c.feedback(s, []store.Feedback{{Rating: &rating, Correction: &wrong, Comment: &comment, Created: time.Unix(0, 0)}})
	for _, want := range []string{
		"asked        smart, streamed, key key_1\n", "took         1.50 s\n", "tokens       10 + 2 (4 cached, 1 reasoning)\n", "cost         $0.25\n",
		"up/small", "error: timeout, tokens estimated\n", "$0.250000  answered, score 0.750\n",
		`settings     tools look_up files.write {"type":"web_search"}; format json; at most 50 tokens; temperature 0.5; effort low; stop ["END"]` + "\n",
		"\nsystem:\n  Be brief.\n", "\nuser ann:\n  line one\n  line [2J two\n  [image image/png 2 kB]\n  [document file file_1]\n",
		"\nassistant:\n  [reasoning] hm\n  [hidden reasoning]\n  [call c1] look_up {\"q\":1}\n",
		"\ntool:\n  [failure of c1] nothing\n    [image https://x/y.png]\n", "\nanswer (ended by length):\n  done\n",
		"  rating 0.5\n  should have been: other\n  checked\n  twice\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("there is no %q in\n%s", want, &out)
		}
	}
	out.Reset()
	c.request(s, &model.Trace{Dialect: "ollama", Body: []byte(`{"model":"m","input":"older"}`)})
	c.request(s, &model.Trace{Dialect: "openai", Body: []byte(`{"model":"m","input":"vectors"}`)})
	c.request(s, &model.Trace{})
	if got := out.String(); !strings.Contains(got, `"input":"vectors"`) || !strings.Contains(got, `"input":"older"`) || !strings.Contains(got, "was not captured") {
		t.Errorf("what is no question is shown as %q", got)
	}
}
