// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// splitConfig divides users between two recordings, of which one answers badly.
const splitConfig = `listen: 127.0.0.1:0
data: ./data
providers:
  good: {dialect: replay, file: good.jsonl}
  bad: {dialect: replay, file: bad.jsonl}
models:
  old: {provider: bad, price: {input: 10}}
  new: {provider: good, price: {input: 1}}
  test: {split: {by: user, arms: {old: 0.5, new: 0.5}, range: [1, 5], window: 0s, margin: 0.2, promote: auto}}
`

// experimentShown is what retort experiments show prints as JSON, as far as the test looks.
type experimentShown struct {
	Finding, Winner, Verdict string
	Arms                     []struct {
		Name             string
		Requests, Judged int
		Outcome          *struct{ Value float64 }
	}
	Settled *struct {
		Arm      string
		Evidence struct{ Winner string }
	}
}

func (f *folder) experiment(t *testing.T) (e experimentShown) {
	t.Helper()
	if err := json.Unmarshal([]byte(f.run(t, "experiments", "show", "test", "--json")), &e); err != nil {
		t.Fatal(err)
	}
	return e
}

// rated asks as so many users and rates the answers: good ones five stars, bad ones one. It returns the answers.
func (g *gateway) rated(t *testing.T, prefix string, users int) map[string]int {
	t.Helper()
	got := map[string]int{}
	for i := range users {
		body := fmt.Sprintf(`{"model":"test","user":"%s%d","messages":[{"role":"user","content":"hello"}]}`, prefix, i)
		a, err := g.post(http.DefaultClient, "/v1/chat/completions", body, "")
		if err != nil || a.status != http.StatusOK {
			t.Fatalf("%d, %v: %s\n%s", a.status, err, a.text, g.log)
		}
		got[a.label]++
		stars := 1
		if a.label == "yes" {
			stars = 5
		}
		feedback := fmt.Sprintf(`{"trace":%q,"rating":%d}`, a.header.Get("Retort-Trace"), stars)
		if a, err = g.post(http.DefaultClient, "/v1/feedback", feedback, ""); err != nil || a.status != http.StatusOK {
			t.Fatalf("%d, %v: %s\n%s", a.status, err, a.text, g.log)
		}
	}
	return got
}

// TestExperimentPromotesByItself runs an experiment on a gateway until it promotes the better arm, and resets it.
func TestExperimentPromotesByItself(t *testing.T) {
	f := newFolder(t)
	f.write(t, "good.jsonl", `{"input": "hello", "answer": "yes", "usage": {"input": 100, "output": 1}}`+"\n")
	f.write(t, "bad.jsonl", `{"input": "hello", "answer": "no", "usage": {"input": 100, "output": 1}}`+"\n")
	f.write(t, "retort.yaml", splitConfig)
	g := f.serve(t)
	if e := f.experiment(t); e.Finding != "not_yet" || e.Settled != nil || len(e.Arms) != 2 {
		t.Fatalf("before any request: %+v", e)
	}
	if got := g.rated(t, "u", 120); got["yes"] < 30 || got["no"] < 30 {
		t.Fatalf("users are divided %v", got)
	}
	eventually(t, "the better arm is promoted", func() bool { return f.experiment(t).Settled != nil })
	e := f.experiment(t)
	if e.Winner != "new" || e.Settled.Arm != "new" || e.Settled.Evidence.Winner != "new" || !strings.Contains(e.Verdict, "new is better") {
		t.Errorf("got %+v", e)
	}
	for _, arm := range e.Arms {
		if arm.Judged == 0 || arm.Judged > arm.Requests || arm.Outcome == nil {
			t.Errorf("arm %+v", arm)
		}
	}
	eventually(t, "all are answered by the winner", func() bool { return g.rated(t, "v", 20)["yes"] == 20 })
	if text := f.run(t, "experiments", "list"); !strings.Contains(text, "settled: new answers all requests") {
		t.Errorf("the list says\n%s", text)
	}
	if text := f.run(t, "experiments", "show", "test"); !strings.Contains(text, "undo with: retort experiments reset test") {
		t.Errorf("show says\n%s", text)
	}
	f.run(t, "experiments", "reset", "test")
	eventually(t, "users are divided again", func() bool { return g.rated(t, "w", 20)["no"] > 0 })
	if e := f.experiment(t); e.Arms[0].Requests+e.Arms[1].Requests > 60 {
		t.Errorf("after the reset earlier requests count: %+v", e)
	}
	if said := f.refuse(t, "experiments", "show", "tset"); !strings.Contains(said, `no split is named "tset"`) {
		t.Errorf("a wrong name: %s", said)
	}
}
