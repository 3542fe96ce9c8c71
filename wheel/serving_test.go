// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package wheel

import (
	"encoding/json"
	"fmt"
	"testing"

	"retort/eval/certify"
)

// known returns a candidate that speaks and was judged elsewhere.
func known(t *testing.T, w *Wheel, name string) *Candidate {
	t.Helper()
	judged := make([]certify.Judgement, 600)
	for i := range judged {
		judged[i] = certify.Judgement{Score: 0.9 + float64(i)/10000, Agree: i%200 != 0}
	}
	c, err := certify.CrossFitted(judged, w.Goal)
	if err != nil || !c.Speaks() {
		t.Fatal(c, err)
	}
	return &Candidate{Name: name, Student: &pupil{classes: 20, skill: 3}, Certificate: c, Lesson: &Lesson{Brief: Brief{Since: w.memory.epoch}}}
}

// A champion that a person named ends the canary, in the next process too.
func TestChampionFromElsewhereEndsTheCanary(t *testing.T) {
	w := newWheel(t, Options{Seed: 1})
	w.Enter(known(t, w, "first"), Champion, "by a person")
	w.Enter(known(t, w, "canary"), Canary, "no worse")
	w.Enter(known(t, w, "second"), Champion, "by a person")
	if s := w.Stages(); s["canary"] != Retired || s["first"] != Retired || s["second"] != Champion {
		t.Errorf("got %v", s)
	}
	back, err := Resume(Options{Goal: goal}, w.State(), func(v int, _ string) (Answerer, error) { return w.versions[v-1].Student, nil })
	if err != nil {
		t.Fatal(err)
	}
	if now := back.Status(); now.Canary != nil || now.Champion.Name != "second" {
		t.Errorf("the next process has canary %+v and champion %+v", now.Canary, now.Champion)
	}
}

// What urges a lesson does so although memory is full, so that the number of labels in it grows no more.
func TestUrgentWithAFullMemory(t *testing.T) {
	w := newWheel(t, Options{Seed: 1, Memory: 1000})
	w.Enter(known(t, w, "one"), Champion, "by a person")
	at := int64(0)
	tell := func(label string) {
		at++
		tk := w.AskAt(at)
		w.Tell(tk, Outcome{Said: Said{Answer: "x"}, Label: label}) // it would not answer, so that no class is watched
	}
	for len(w.memory.labels) < 1250 {
		tell("x")
	}
	w.Given()
	for range 200 {
		tell("new")
	}
	if got := w.Urgent(); got != ByNovelty {
		t.Errorf("after 200 labels that are new: %q, with %d labels of which %d were there", got, len(w.memory.labels), w.trained.all)
	}
}

// Objects are each new: none is news, and none is a class.
func TestObjectsAreNoNews(t *testing.T) {
	w := newWheel(t, Options{Seed: 1, Classless: true})
	w.Enter(known(t, w, "one"), Champion, "by a person")
	for i := range 300 {
		if i == 100 {
			w.Given()
		}
		label := fmt.Sprint(`{"n":`, i, `}`)
		w.Tell(w.Ask(), Outcome{Said: Said{Answer: label, Score: 0.97}, Label: label})
	}
	if got := w.Urgent(); got != "" {
		t.Errorf("got %q", got)
	}
	w.fall(Event{Kind: AlarmService, Since: 1})
	for i := range 50 {
		label := fmt.Sprint(`{"n":`, i, `}`)
		tk := w.Ask()
		w.Tell(tk, Outcome{Also: Said{Answer: "other", Score: 0.97}, Label: label})
	}
	if b := w.Brief(); len(b.From) > 0 {
		t.Errorf("objects are left out as if they were classes: %v", b.From)
	}
}

// Evidence against one goal says nothing of another.
func TestAnotherGoalBeginsEvidenceAnew(t *testing.T) {
	w := newWheel(t, Options{Seed: 1})
	w.Enter(known(t, w, "one"), Champion, "by a person")
	for i := range 60 {
		tk := w.Ask()
		tk.Audited = true
		label := "a"
		if i%6 == 0 {
			label = "b"
		}
		w.Tell(tk, Outcome{Said: Said{Answer: "a", Score: 0.97}, Given: true, Label: label})
	}
	before := w.Status().Service
	if before < 0.001 {
		t.Fatalf("there is no evidence: %v", before)
	}
	again := func(g certify.Goal) float64 {
		text, err := json.Marshal(w.State())
		if err != nil {
			t.Fatal(err)
		}
		var s State
		if err := json.Unmarshal(text, &s); err != nil {
			t.Fatal(err)
		}
		back, err := Resume(Options{Goal: g}, &s, func(v int, _ string) (Answerer, error) { return w.versions[v-1].Student, nil })
		if err != nil {
			t.Fatal(err)
		}
		if back.Status().Champion == nil {
			t.Error("the champion is gone")
		}
		return back.Status().Service
	}
	if got := again(goal); got != before {
		t.Errorf("with the same goal the evidence is %v, want %v", got, before)
	}
	for _, agreement := range []float64{0.8, 0.3, 0.99} { // of which some have fewer alternatives
		if got := again(certify.Goal{Agreement: agreement, Confidence: 0.95}); got != 0 {
			t.Errorf("with a goal of %v the evidence is %v", agreement, got)
		}
	}
}

// What is kept of a task does not grow with the labels of its classes, nor by what its earlier versions were compared by.
func TestStateIsBounded(t *testing.T) {
	w := newWheel(t, Options{Seed: 1, Memory: 100})
	w.Enter(known(t, w, "one"), Champion, "by a person")
	size := func() int {
		text, err := json.Marshal(w.State())
		if err != nil {
			t.Fatal(err)
		}
		return len(text)
	}
	run := func(n int) {
		for i := range n {
			w.Tell(w.Ask(), Outcome{Said: Said{Answer: fmt.Sprint("c", i%4), Score: 0.95}, Label: fmt.Sprint("c", i%4)})
		}
	}
	run(4 * 2500)
	before := size()
	run(4 * 2500)
	if after := size(); after > before+before/2 {
		t.Errorf("%d bytes have grown to %d", before, after)
	}
	before = size()
	pairs := make([]Pair, 1000)
	for i := range pairs {
		pairs[i] = Pair{Label: "c1", Class: "c1", Candidate: "c1", Champion: "c1"}
	}
	for i := range 20 {
		c := known(t, w, fmt.Sprint("v", i))
		c.Pairs = pairs
		w.Enter(c, Challenger, "too few")
	}
	if after := size(); after > before+20*2000+len(pairs)*100 {
		t.Errorf("twenty challengers have had %d bytes grow to %d", before, after)
	}
}

// A log of audits has answers of which the student was sure alone, so that it says nothing of what is asked.
func TestLoggedAuditsAreNoSampleOfTheInput(t *testing.T) {
	w := newWheel(t, Options{Seed: 1})
	v := w.Enter(known(t, w, "one"), Champion, "by a person")
	for i := range 1000 {
		w.Tell(Ticket{Request: int64(i + 1), Audited: true, Serving: v}, Outcome{Said: Said{Answer: "a", Score: 0.97}, Given: true, Label: "a", Logged: true})
	}
	for i := range 1500 {
		w.Tell(w.Ask(), Outcome{Said: Said{Answer: "a", Score: []float64{0.5, 0.7, 0.97, 0.98}[i%4]}})
	}
	if n := alarms(w); n[AlarmInput] > 0 {
		t.Errorf("what came in full is taken for a change: %v", n)
	}
	if w.memory.sizes().fair < 1000 {
		t.Errorf("logged audits are no labels: %+v", w.memory.sizes())
	}
}
