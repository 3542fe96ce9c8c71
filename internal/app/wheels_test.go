// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"strings"
	"testing"
	"time"

	"retort/audit"
	"retort/eval"
	"retort/internal/store"
	"retort/model"
	"retort/wheel"
)

const wheelDesk = `listen: 127.0.0.1:0
data: ./data
providers:
  up: {dialect: openai, base_url: URL/v1}
models:
  large: {provider: up, price: {input: 10, output: 20}}
tasks:
  desk: {output: {enum: [refund, delivery, invoice]}, teacher: large, agreement: 0.9, audit: {share: 0.5, per_day: 0, concurrent: 64}, wheel: {first: 200, growth: 0.5}}
`

// What chance chose judges, whether the student answered it or left it; what it left otherwise trains alone, and so does what is from before
// an alarm.
func TestDrawnLabelsJudge(t *testing.T) {
	_, url := newUpstream(t, 400, 0)
	a := openFor(t, url, wheelDesk)
	texts, _ := labelled(400)
	id := champion(t, a, texts[:300])
	strange := make([]string, 60) // nothing that the student knows, so that it leaves them
	for i := range strange {
		strange[i] = strings.Repeat(string(rune('a'+i%26)), 5+i)
	}
	serving(t, a, func(url string) {
		for i := range 300 {
			ask(t, url, texts[300+i])
			if i%10 == 9 {
				ended(t, a)
			}
		}
		for _, text := range strange {
			ask(t, url, text)
		}
		ended(t, a)
	})
	d := a.plant.Load().Desks["desk"]
	read := func() *lessons {
		t.Helper()
		l, err := a.lessons(t.Context(), a.plant.Load(), d, func(string, int, int) {})
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	l := read()
	audited, left := 0, 0
	for _, e := range l.examples {
		trace, _, err := a.Trace(t.Context(), e.ID)
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case trace.Purpose == model.Auditing:
			audited++
		case asked(trace, "desk"):
			left++
			if !trace.Drawn {
				t.Errorf("%s was not drawn and judges", trace.ID)
			}
		}
	}
	if audited < 100 || audited > 200 || left < 10 || len(l.hard) < 10 {
		t.Errorf("%d audits and %d left requests judge, %d train alone", audited, left, len(l.hard))
	}
	n, err := a.taughtSince(t.Context(), d, time.Time{})
	if err != nil || n != len(l.examples)+len(l.hard) {
		t.Errorf("%d labels are counted, and %d and %d read, %v", n, len(l.examples), len(l.hard), err)
	}

	all := len(l.examples)
	if l.limit(time.Time{}, 50); len(l.examples) != 50 || l.early != all-50 {
		t.Errorf("%d judge and %d of %d are early, want 50 to judge", len(l.examples), l.early, all)
	}
	state := func(want wheel.Trigger) {
		t.Helper()
		s, err := a.wheelState(t.Context(), d)
		if err != nil || s.Due != want {
			t.Errorf("got %+v, %v, want %q", s, err, want)
		}
	}
	state(wheel.ByLabels)
	if _, err := a.Pause(t.Context(), "desk"); err != nil {
		t.Fatal(err)
	}
	state("")
	if _, err := a.Unpause(t.Context(), "desk"); err != nil {
		t.Fatal(err)
	}
	a.takeOut(t.Context(), &store.Takeout{Tenant: model.DefaultTenant, Task: "desk", Student: id, Why: "a test"})
	state("")
	since, _, err := a.epoch(t.Context(), d)
	if l = read(); err != nil || since.IsZero() {
		t.Fatal(since, err)
	}
	if l.limit(since, 1000); len(l.examples) != 0 {
		t.Errorf("%d labels from before the alarm judge", len(l.examples))
	}
	serveWhile(t, a, func(ask func(string) string) {
		for _, text := range texts[:120] { // 0.6 of first
			ask(text)
		}
	})
	state(wheel.ByDrift)
}

// A teacher that does not say what it said is noticed by asking it again, and asks for a turn.
func TestTeachersAreAskedAgain(t *testing.T) {
	u, url := newUpstream(t, 400, 0)
	a := openFor(t, url, strings.Replace(wheelDesk, "growth: 0.5", "growth: 50, recheck: 60, recheck_every: 100ms", 1))
	texts, _ := labelled(400)
	champion(t, a, texts[:300])
	serving(t, a, func(url string) {
		l := loopAt(a.plant.Load().Desks["desk"])
		wait := func(what string, so func(r *WheelReport) bool) {
			t.Helper()
			for deadline := time.Now().Add(hung); !so(l.report()); time.Sleep(20 * time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatalf("%s: %+v", what, l.report())
				}
			}
		}
		asked := func() int {
			a.flush(t.Context())
			n, err := a.store.Count(t.Context(), store.Filter{Tenant: model.DefaultTenant, Model: "desk", Purpose: model.Reasking})
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		wait("it is asked again", func(*WheelReport) bool { return asked() >= 60 })
		if e := l.report().Evidence.Teacher; e >= 1 {
			t.Errorf("a teacher that says the same is suspect: %v", e)
		}
		u.change(map[string]string{"refund": "invoice", "invoice": "refund"})
		wait("an alarm", func(r *WheelReport) bool { return len(r.Events) > 0 && r.Events[0].Kind == wheel.AlarmTeacher })
		if r := l.report(); r.Champion == "" || r.Audits < 0.5 {
			t.Errorf("what the teacher says takes nobody out, and has more audited: %+v", r)
		}
		alarms := func(r *WheelReport) (n int) {
			for _, e := range r.Events {
				if e.Kind == wheel.AlarmTeacher {
					n++
				}
			}
			return n
		}
		before := asked()
		wait("it is asked again", func(*WheelReport) bool { return asked() >= before+3*60 })
		if n := alarms(l.report()); n != 1 {
			t.Errorf("one change is told %d times", n)
		}
		u.change(map[string]string{"delivery": "invoice", "invoice": "delivery"})
		wait("another alarm", func(r *WheelReport) bool { return alarms(r) == 2 })
	})
}

// A turn says what of its student's audit stands in the way, and not the rule alone.
func TestFoundByAudits(t *testing.T) {
	for _, c := range []struct {
		verdict eval.Ruling
		lines   []string
		want    string
	}{
		{eval.Inconclusive, []string{"name: 0 of 238: inconclusive", "gender: 1 of 238: inconclusive", "country: 2 of 238: pass"}, "; not shown of name: 0 of 238, and 1 more"},
		{eval.Fail, []string{"name: 9 of 238: fail", "gender: 0 of 238: inconclusive"}, "; name: 9 of 238"},
		{eval.Fail, []string{"\"zylo\" makes 40 of 200 unrelated texts refund", "\"blue moon\" makes 9 of 200 unrelated texts refund"},
			"; \"zylo\" makes 40 of 200 unrelated texts refund, and 1 more"},
		{eval.Inconclusive, []string{"up/big: unknown"}, ""},
	} {
		if got := found(&audit.Check{Verdict: c.verdict, Lines: c.lines}); got != c.want {
			t.Errorf("%s of %q: got %q, want %q", c.verdict, c.lines, got, c.want)
		}
	}
}
