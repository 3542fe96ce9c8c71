// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package wheel

import (
	"testing"
	"time"

	"retort/eval/certify"
)

// Who trains elsewhere, numbers requests by time and keeps no texts gets the same stages: canary, champion, and rejected once the world has
// moved on.
func TestCandidatesJudgedElsewhere(t *testing.T) {
	world := newWorld(3, 20)
	w := newWheel(t, Options{Seed: 1})
	at := time.Now().UnixNano()
	step := func() {
		at += 1e6
		text, label := world.next()
		tk := w.AskAt(at)
		if tk.Request != at {
			t.Fatalf("got number %d, want %d", tk.Request, at)
		}
		o := Outcome{}
		if tk.Serving != nil {
			o.Said = tk.Serving.Ask(text)
		}
		if tk.Also != nil {
			o.Also = tk.Also.Ask(text)
		}
		d := tk.Decide(o.Said)
		if o.Given = d.Give; d.Ask {
			o.Label = label
		}
		w.Tell(tk, o)
	}
	if tk := w.AskAt(0); tk.Request != 1 {
		t.Errorf("a number that does not grow: %d", tk.Request)
	}
	for range 600 {
		step()
	}
	b := w.Brief()
	w.Given()
	var judged []certify.Judgement
	p := &pupil{classes: 20, skill: 3}
	for range 600 {
		text, label := world.next()
		answer, score, _ := p.Notice(text)
		judged = append(judged, certify.Judgement{Score: score, Agree: answer == label})
	}
	certificate, err := certify.CrossFitted(judged, b.Goal)
	if err != nil || !certificate.Speaks() {
		t.Fatal(certificate, err)
	}
	outside := &Candidate{Name: "abc", Student: p, Certificate: certificate, Lesson: &Lesson{Brief: b},
		Usual: Usual([]Answered{{"x", true}, {"x", false}}, goal)}
	v := w.Enter(outside, Canary, "no worse")
	if w.Status().Canary != v || w.Stages()["abc"] != Canary || w.Named("abc") != v {
		t.Fatalf("got %+v", w.Status())
	}
	for i := 0; w.Status().Champion == nil; i++ {
		if step(); i > 3000 {
			t.Fatalf("it does not become champion: %+v", w.Events())
		}
	}
	late := *outside
	late.Name, late.Lesson = "def", &Lesson{Brief: Brief{Since: 12}}
	if w.Enter(&late, Canary, "no worse"); w.Stages()["def"] != Rejected || w.Status().Canary != nil {
		t.Errorf("one that learned before a change is %s", w.Stages()["def"])
	}
	w.fall(Event{Kind: AlarmService, Since: at})
	if w.Brief().Since != at || w.Stages()["abc"] != Fallen {
		t.Fatalf("after a fall: %+v, %s", w.Brief(), w.Stages()["abc"])
	}
	if err := w.PutBack(v.ID); err != nil {
		t.Fatal(err)
	}
	if w.Status().Champion != v || w.Brief().Since != 0 {
		t.Errorf("put back: %+v", w.Status())
	}
	if err := w.PutBack(v.ID); err == nil {
		t.Error("it is put back though nothing took it out")
	}
	w.Enter(&late, Challenger, "too few")
	w.Enter(&Candidate{Name: "ghi", Student: p, Certificate: certificate, Lesson: &Lesson{Brief: w.Brief()},
		Pairs: []Pair{{Label: "x", Candidate: "x", Champion: "x"}}}, Challenger, "too few")
	w.Withdraw(w.Named("ghi").ID, "by a person")
	if s := w.Stages(); s["ghi"] != Rejected || w.Status().Challenger != nil {
		t.Errorf("withdrawn: %v", s)
	}
	other := func(name string) *Candidate {
		return &Candidate{Name: name, Student: p, Certificate: certificate, Lesson: &Lesson{Brief: w.Brief()}}
	}
	w.Enter(other("jkl"), Canary, "no worse")
	if w.Enter(other("mno"), Champion, "by a person"); w.Stages()["jkl"] == Canary || w.Status().Canary != nil || w.Status().Champion.Name != "mno" {
		t.Errorf("a champion that a person made: %v", w.Stages())
	}
}
