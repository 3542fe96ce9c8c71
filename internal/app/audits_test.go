// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"retort/internal/origin"
	"retort/internal/store"
	"retort/model"
)

const auditedDesk = `listen: 127.0.0.1:0
data: ./data
providers:
  up: {dialect: openai, base_url: URL/v1}
models:
  large: {provider: up, price: {input: 10, output: 20}}
tasks:
  desk: {output: {enum: [refund, delivery, invoice]}, teacher: large, agreement: 0.9, audit: {share: 1, per_day: 0, concurrent: 64}}
`

// champion has a student learn from a desk's first requests and serve it.
func champion(t *testing.T, a *App, texts []string) string {
	t.Helper()
	serveWhile(t, a, func(ask func(string) string) {
		for _, text := range texts {
			ask(text)
		}
	})
	made, err := a.Distill(t.Context(), DistillOptions{Task: "desk", Progress: func(string, int, int) {}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Promote(t.Context(), made.ID); err != nil {
		t.Fatal(err)
	}
	return made.ID
}

func (u *upstream) change(answers map[string]string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for text, label := range u.answers {
		if to, ok := answers[label]; ok {
			u.answers[text] = to
		}
	}
}

// A student whose teacher comes to say something else is taken out by its audits, stays out in other processes and after a restart,
// and is back once a person says so.
func TestAuditsTakeAStudentOut(t *testing.T) {
	u, url := newUpstream(t, 400, 0)
	a := openFor(t, url, auditedDesk)
	texts, _ := labelled(400)
	id := champion(t, a, texts[:400])
	byStudent := func(who string) bool { return strings.HasPrefix(who, origin.Student("desk", "")) }
	traced := map[string]string{}
	serving(t, a, func(url string) {
		for _, text := range texts[400:500] {
			ask(t, url, text)
		}
		ended(t, a)
		for trace, err := range a.Traces(t.Context(), store.Filter{Model: "desk", Purpose: model.Auditing}) {
			if err != nil {
				t.Fatal(err)
			}
			of, _, _ := strings.Cut(trace.ID, ".")
			traced[of] = trace.Response.Text()
		}
		if len(traced) < 50 {
			t.Fatalf("%d of 100 requests were audited", len(traced))
		}
		served, _, err := a.Trace(t.Context(), firstOf(traced))
		if err != nil || !byStudent(served.Response.Model) || served.Purpose != model.Serving {
			t.Errorf("an audit is of %+v, %v", served, err)
		}
		u.change(map[string]string{"refund": "invoice", "invoice": "refund"})
		out := 0
		for i, text := range texts[500:] {
			if who := ask(t, url, text); !byStudent(who) && a.plant.Load().Desks["desk"].Now().Out {
				out = i
				break
			}
			if i%10 == 9 {
				ended(t, a)
			}
		}
		if out == 0 || out > 120 {
			t.Fatalf("the student was out after %d requests", out)
		}
		for _, text := range texts[800:820] {
			if who := ask(t, url, text); byStudent(who) {
				t.Fatalf("%s answered while it was out", who)
			}
		}
		evidence := regexp.MustCompile(`retort_audit_evidence\{task="desk"\} ([1-9]|Inf)`)
		if text := fetch(t, url+"/metrics"); !strings.Contains(text, `retort_student_out{task="desk"} 1`) || !evidence.MatchString(text) || !strings.Contains(text, `retort_audits_total{outcome="differed",task="desk"}`) {
			t.Errorf("the metrics say\n%s", text)
		}
	})
	if st, err := a.Student(t.Context(), id); err != nil || !strings.HasPrefix(st.Out, "taken out: of ") {
		t.Errorf("got %+v, %v", st, err)
	}
	shown, err := a.OneTaskSavings(t.Context(), "desk", SavingsOptions{})
	if err != nil || !shown.Serving.Out || shown.Serving.Student != id || !strings.HasPrefix(shown.Serving.Silent, "taken out: of ") || shown.Audits == nil ||
		shown.Audits.Agreed < len(traced) || shown.Audits.Compared <= shown.Audits.Agreed || shown.Audits.Agreement.High >= 1 {
		t.Errorf("got %+v, %+v, %v", shown.Serving, shown.Audits, err)
	}
	if shown.Saved == nil || shown.Saved.Basis != basisAudits {
		t.Errorf("got %+v", shown.Saved)
	}
	var log bytes.Buffer
	other, err := Open(t.Context(), filepath.Join(filepath.Dir(a.plant.Load().Config.Data), "retort.yaml"), Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if now := other.plant.Load().Desks["desk"].Now(); now.Champion != id || !now.Out {
		t.Errorf("another process has %+v at the desk", now)
	}
	serving(t, other, func(url string) {
		if who := ask(t, url, texts[900]); byStudent(who) {
			t.Errorf("%s answered after a restart", who)
		}
		if got, err := a.Resume(t.Context(), "desk", false); err != nil || got != id {
			t.Fatalf("got %s, %v", got, err)
		}
		until(t, "the serving process has not put the student back", func() bool { return !other.plant.Load().Desks["desk"].Now().Out })
		if who := ask(t, url, texts[901]); !byStudent(who) {
			t.Errorf("%s answered once the student was back", who)
		}
	})
	if want := `msg="a student that was taken out is put back" task=desk student=` + id; !strings.Contains(log.String(), want) {
		t.Errorf("there is no %q in\n%s", want, &log)
	}
	if st, err := a.Student(t.Context(), id); err != nil || st.Out != "" {
		t.Errorf("put back: %+v, %v", st, err)
	}
	before := shown.Audits.Compared
	shown, err = a.OneTaskSavings(t.Context(), "desk", SavingsOptions{})
	if err != nil || shown.Audits.Compared < before || shown.Audits.Champion != nil && shown.Audits.Champion.Compared > shown.Audits.Compared-before {
		t.Errorf("put back, audits are %+v, of the champion %+v, %v", shown.Audits, shown.Audits.Champion, err)
	}
	if _, err := a.Resume(t.Context(), "desk", false); err == nil || !strings.Contains(err.Error(), "was not taken out") {
		t.Errorf("got %v", err)
	}
}

// What a killed process had judged counts for the next: evidence that was enough takes the student out before it answers.
func TestEvidenceOutlastsAProcess(t *testing.T) {
	_, url := newUpstream(t, 200, 0)
	a := openFor(t, url, auditedDesk)
	texts, _ := labelled(200)
	id := champion(t, a, texts[:400])
	for i := range 100 {
		_, err := a.store.AddAudit(t.Context(), store.Audit{Tenant: model.DefaultTenant, Task: "desk", Student: id, Trace: fmt.Sprint("t", i), Audit: fmt.Sprint("t", i, ".1"), Agree: i%3 > 0, Score: 0.9})
		if err != nil {
			t.Fatal(err)
		}
	}
	serveWhile(t, a, func(ask func(string) string) {
		if who := ask(texts[450]); strings.HasPrefix(who, origin.Student("desk", "")) {
			t.Errorf("%s answered", who)
		}
	})
	if _, err := a.Promote(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	serveWhile(t, a, func(ask func(string) string) {
		if who := ask(texts[450]); !strings.HasPrefix(who, origin.Student("desk", "")) {
			t.Errorf("%s answered after the student was promoted again", who)
		}
	})
}

// What audits may cost a day is that for all processes and configurations of the day.
func TestAuditsKeepToTheirMoney(t *testing.T) {
	today := func() int { return time.Now().UTC().YearDay() }
	day := today()
	_, url := newUpstream(t, 200, 0)
	a := openFor(t, url, strings.Replace(auditedDesk, "per_day: 0, concurrent: 64", "per_day: 0.0005, concurrent: 1", 1))
	texts, _ := labelled(200)
	champion(t, a, texts[:400])
	asked := 400
	for range 3 {
		serving(t, a, func(url string) {
			for range 2 {
				for range 10 {
					ask(t, url, texts[asked])
					ended(t, a)
					asked++
				}
				if err := a.Reload(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
	spent := func() (n int, cost, most model.Money) {
		for trace, err := range a.Traces(t.Context(), store.Filter{Model: "desk", Purpose: model.Auditing}) {
			if err != nil {
				t.Fatal(err)
			}
			cost, most, n = cost+trace.Cost, max(most, trace.Cost), n+1
		}
		return n, cost, most
	}
	n, cost, most := spent()
	other, err := Open(t.Context(), filepath.Join(filepath.Dir(a.plant.Load().Config.Data), "retort.yaml"), Options{}) // which knows of the day what the store does
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	serving(t, other, func(url string) {
		for range 20 {
			ask(t, url, texts[asked])
			ended(t, other)
			asked++
		}
	})
	after, _, _ := spent()
	if today() != day {
		t.Skip("the day of the money has changed in the middle of the test")
	}
	if limit := model.Dollar / 2000; n == 0 || most == 0 || cost < limit || cost >= limit+most {
		t.Errorf("%d audits cost %v, want %v and less than one audit more", n, cost, limit)
	}
	if after != n {
		t.Errorf("another process made %d audits more", after-n)
	}
	if dropped := other.plant.Load().Desks["desk"].Audited.Counts().DroppedMoney; dropped == 0 {
		t.Error("another process had nothing to audit: the test shows nothing")
	}
}

// ended waits until no audit of the desk is running.
func ended(t *testing.T, a *App) {
	t.Helper()
	d := a.plant.Load().Desks["desk"]
	for deadline := time.Now().Add(hung); d.Audited.Counts().Running > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("an audit does not end")
		}
	}
}

func firstOf(m map[string]string) string {
	for key := range m {
		return key
	}
	return ""
}

// A champion that was taken out is not put back in the place of a canary that answers, unless that is what is meant.
func TestResumeLeavesACanaryAlone(t *testing.T) {
	_, url := newUpstream(t, 400, 0)
	a := openFor(t, url, strings.Replace(wheelDesk, "growth: 0.5", "growth: 50", 1))
	texts, _ := labelled(400)
	first := champion(t, a, texts[:300])
	second := another(t, a)
	serving(t, a, func(string) {
		l := loopAt(a.plant.Load().Desks["desk"])
		if err := a.store.TakeOut(t.Context(), store.Takeout{Tenant: model.DefaultTenant, Task: "desk", Student: first, Why: "a test", Evidence: []byte("{}")}); err != nil {
			t.Fatal(err)
		}
		l.look()
		until(t, "the champion is not taken out", func() bool { return l.wheel.Status().Champion == nil })
		if _, err := a.store.Restage(t.Context(), model.DefaultTenant, second, store.Candidate, store.Canary, "a test"); err != nil {
			t.Fatal(err)
		}
		l.look()
		until(t, "the wheel has no canary", func() bool { return l.wheel.Status().Canary != nil })
		var answers *answeredError
		if _, err := a.Resume(t.Context(), "desk", false); !errors.As(err, &answers) || answers.canary != second {
			t.Errorf("got %v", err)
		}
		if got, err := a.Resume(t.Context(), "desk", true); err != nil || got != first {
			t.Errorf("got %s, %v", got, err)
		}
	})
}
