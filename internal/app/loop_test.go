// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"retort/compose"
	"retort/distill"
	"retort/eval"
	"retort/eval/certify"
	"retort/internal/origin"
	"retort/internal/store"
	"retort/model"
	"retort/wheel"
)

// until waits for something that comes soon; what says that it has not come.
func until(t *testing.T, what string, so func() bool) {
	t.Helper()
	for deadline := time.Now().Add(hung); !so(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal(what)
		}
	}
}

// another returns a further student of desk.
func another(t *testing.T, a *App) string {
	t.Helper()
	made, err := a.Distill(t.Context(), DistillOptions{Task: "desk", Seed: 5, Progress: func(string, int, int) {}})
	if err != nil {
		t.Fatal(err)
	}
	return made.ID
}

// A canary and the champion are put the same requests, whoever answered them: those that the one leaves are no fair sample for the other.
func TestBothStudentsAreAskedEachRequest(t *testing.T) {
	_, url := newUpstream(t, 400, 0)
	a := openFor(t, url, strings.Replace(wheelDesk, "growth: 0.5", "growth: 50", 1))
	texts, _ := labelled(400)
	champion(t, a, texts[:300])
	next := another(t, a)
	serving(t, a, func(url string) {
		l := loopAt(a.plant.Load().Desks["desk"])
		if _, err := a.store.Restage(t.Context(), model.DefaultTenant, next, store.Candidate, store.Canary, "a test"); err != nil {
			t.Fatal(err)
		}
		until(t, "the wheel has no canary", func() bool { return l.wheel.Status().Canary != nil })
		for i, text := range texts[300:380] {
			ask(t, url, text)
			if i%10 == 9 {
				ended(t, a)
			}
		}
		ended(t, a)
		var promoted int64 // which ends it
		until(t, "the canary proves nothing", func() bool {
			for _, e := range l.wheel.Events() {
				if e.Kind == wheel.Promoted && l.wheel.Version(e.Version).Name == next {
					promoted = e.Request
				}
			}
			return promoted > 0
		})
		both, one := 0, 0
		for _, label := range l.wheel.State().Labels {
			switch {
			case label.Request > promoted:
			case len(label.Said) == 2:
				both++
			case len(label.Said) == 1 && label.Fair:
				one++
			}
		}
		if both < 7 || one > 0 {
			t.Errorf("both students were put %d labelled requests, and %d were put to one alone", both, one)
		}
	})
}

// Who rolls back to a student that is out has the teacher answer, not the one that was rolled back.
func TestRolledBackToOneThatIsOut(t *testing.T) {
	_, url := newUpstream(t, 400, 0)
	a := openFor(t, url, strings.Replace(wheelDesk, "growth: 0.5", "growth: 50", 1))
	texts, _ := labelled(400)
	first := champion(t, a, texts[:300])
	var log bytes.Buffer
	a.log = slog.New(slog.NewTextHandler(&log, nil))
	for range 2 { // the first takes it up
		if err := a.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if n := strings.Count(log.String(), "a champion is taken up"); n != 1 || a.plant.Load().Desks["desk"].Now().Champion != first {
		t.Errorf("one champion is taken up %d times:\n%s", n, &log)
	}
	a.log = slog.New(slog.DiscardHandler)
	if err := a.store.TakeOut(t.Context(), store.Takeout{Tenant: model.DefaultTenant, Task: "desk", Student: first, Why: "a test", Evidence: []byte("{}")}); err != nil {
		t.Fatal(err)
	}
	second := another(t, a)
	if _, err := a.Promote(t.Context(), second); err != nil {
		t.Fatal(err)
	}
	byStudent := func(url, text string) bool { return strings.HasPrefix(ask(t, url, text), origin.Student("desk", "")) }
	serving(t, a, func(url string) {
		if !byStudent(url, texts[310]) {
			t.Fatal("the champion does not answer")
		}
		if back, err := a.Rollback(t.Context(), "desk"); err != nil || back.ID != first {
			t.Fatal(back, err)
		}
		until(t, "the student that was rolled back goes on answering", func() bool { return !byStudent(url, texts[311]) })
		if got, err := a.Resume(t.Context(), "desk", false); err != nil || got != first {
			t.Fatal(got, err)
		}
		until(t, "who was put back does not answer", func() bool { return ask(t, url, texts[312]) == origin.Student("desk", first) })
	})
}

// A student whose file cannot be read leaves its requests to the teacher until it can, and one that does nothing leaves memory.
func TestPupilsAreReadAgain(t *testing.T) {
	_, url := newUpstream(t, 400, 0)
	a := openFor(t, url, strings.Replace(wheelDesk, "growth: 0.5", "growth: 50", 1))
	texts, _ := labelled(400)
	first := champion(t, a, texts[:300])
	second := another(t, a)
	serving(t, a, func(string) {}) // its wheel knows the champion
	file := filepath.Join(a.plant.Load().Config.Data, "students", first+".student")
	if err := os.Rename(file, file+".away"); err != nil {
		t.Fatal(err)
	}
	serving(t, a, func(url string) {
		if by := ask(t, url, texts[310]); strings.HasPrefix(by, origin.Student("desk", "")) {
			t.Errorf("%s answered, whose file is away", by)
		}
		if err := os.Rename(file+".away", file); err != nil {
			t.Fatal(err)
		}
		until(t, "it does not serve although its file is back", func() bool { return strings.HasPrefix(ask(t, url, texts[311]), origin.Student("desk", "")) })
		l := loopAt(a.plant.Load().Desks["desk"])
		champion := l.wheel.Status().Champion
		if _, err := a.Promote(t.Context(), second); err != nil {
			t.Fatal(err)
		}
		until(t, "the other does not serve", func() bool { return ask(t, url, texts[312]) == origin.Student("desk", second) })
		until(t, "who retired stays in memory", func() bool { return champion.Student.(*pupil).now.Load() == nil })
	})
}

// An audit that ends after the configuration has changed counts once, in the wheel that goes on.
func TestAuditsUnderWayOutlastAReload(t *testing.T) {
	_, url := newUpstream(t, 400, 0)
	a := openFor(t, url, strings.Replace(wheelDesk, "share: 0.5", "share: 0.0001", 1))
	texts, _ := labelled(400)
	id := champion(t, a, texts[:300])
	serving(t, a, func(string) {
		d := a.plant.Load().Desks["desk"]
		before := loopAt(d)
		on := &inquiry{ticket: before.wheel.AskAt(time.Now().UnixNano()), ask: true}
		on.ticket.Audited, on.outcome = true, wheel.Outcome{Said: wheel.Said{Answer: "refund", Score: 0.97}, Given: true}
		answer := model.Answer("up/large", "refund")
		path := filepath.Join(filepath.Dir(a.plant.Load().Config.Data), "retort.yaml")
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, bytes.Replace(text, []byte("growth: 0.5"), []byte("growth: 0.6"), 1), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := a.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
		after := loopAt(a.plant.Load().Desks["desk"])
		if after == before {
			t.Fatal("the wheel is the same")
		}
		n := after.wheel.State().Service.Detector.N
		before.audited(d, on, compose.Copied{Of: "x", Trace: "x.1", Served: compose.Served{Model: "student", Text: "refund", Score: 0.97}, Answer: answer})
		until(t, "the wheel has not heard of an audit", func() bool { return after.wheel.State().Service.Detector.N == n+1 })
	})
	for want := 1; want <= 3; want++ {
		serving(t, a, func(string) {
			if n := loopAt(a.plant.Load().Desks["desk"]).wheel.State().Service.Detector.N; n != want {
				t.Errorf("the next process counts %d audits, want %d", n, want)
			}
		})
		for _, picked := range []bool{false, true} { // as one leaves them that is killed before its wheel hears of them
			row := store.Audit{Tenant: model.DefaultTenant, Task: "desk", Student: id, Trace: "y", Audit: fmt.Sprint("y.", want), Agree: true, Score: 0.97, Said: "refund", Taught: "refund", Picked: picked}
			if _, err := a.store.AddAudit(t.Context(), row); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// Of objects, which are made of what clients write, a wheel keeps whether they are the same.
func TestWheelsKeepNoObjects(t *testing.T) {
	w, err := wheel.New(wheel.Options{Goal: certify.Goal{Agreement: 0.9, Confidence: 0.9}, Classless: true})
	if err != nil {
		t.Fatal(err)
	}
	c := certify.Certificate{Status: certify.Provisional, Target: 0.9, Confidence: 0.9, Threshold: 0.5}
	v := w.Enter(&wheel.Candidate{Name: "s", Certificate: c, Lesson: &wheel.Lesson{}}, wheel.Champion, "a test")
	l := &loop{wheel: w, made: makings{options: wheel.Options{Classless: true}}}
	for i := range 40 {
		secret := fmt.Sprintf(`{"name":"Ada Lovelace %d"}`, i)
		said := secret
		if i%4 == 0 {
			said = `{"name":"Lovelace"}`
		}
		o := wheel.Outcome{Text: "my name is Ada Lovelace", Said: wheel.Said{Answer: said, Score: 0.9}, Given: true, Label: secret}
		if i%8 == 1 {
			o.Label = ""
		}
		l.hear(tale{ticket: wheel.Ticket{Request: int64(i + 1), Audited: true, Serving: v}, outcome: o})
	}
	l.listen()
	w.Given()
	text, err := json.Marshal(w.State())
	if err != nil || strings.Contains(string(text), "Lovelace") {
		t.Errorf("the wheel keeps what a client wrote: %s, %v", text, err)
	}
	s := w.State()
	agreed := 0
	for _, label := range s.Labels {
		if label.Said[v.ID].Answer == label.Label {
			agreed++
		}
	}
	if len(s.Labels) != 35 || agreed != 25 {
		t.Errorf("%d of %d labels agree, want 25 of 35", agreed, len(s.Labels))
	}
}

// Of two answers that are objects a wheel is told whether they are the teacher's, and each other's where there is no label.
func TestVeiled(t *testing.T) {
	for _, c := range [][6]string{
		{"x", "x", "x", same, same, same}, {"x", "x", "y", same, same, unlike}, {"x", "y", "y", same, other, other}, {"x", "y", "z", same, other, unlike},
		{"", "y", "y", "", other, other}, {"", "y", "z", "", other, unlike},
	} {
		if l, a, b := veiled(c[0], c[1], c[2]); l != c[3] || a != c[4] || b != c[5] {
			t.Errorf("%q: got %q, %q, %q", c, l, a, b)
		}
	}
}

// askAs asks for desk with a key.
func askAs(t *testing.T, url, key, text string) {
	t.Helper()
	body, err := json.Marshal(map[string]any{"model": "desk", "messages": []any{map[string]string{"role": "user", "content": text}}})
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/v1/chat/completions", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+key)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("%q: %s", text, resp.Status)
	}
}

// A student that is better in all and worse for one API key does not pass, and what is kept of who asked is ids alone.
func TestGateComparesForEachKey(t *testing.T) {
	_, url := newUpstream(t, 400, 0)
	a := openFor(t, url, strings.Replace(wheelDesk, "growth: 0.5", "growth: 50", 1))
	texts, _ := labelled(400)
	champion(t, a, texts[:300])
	var ids, secrets [2]string
	for i, name := range []string{"many", "few"} {
		key, secret, err := a.CreateKey(t.Context(), name, false)
		if err != nil {
			t.Fatal(err)
		}
		ids[i], secrets[i] = key.ID, secret
	}
	serving(t, a, func(url string) {
		for i, text := range texts[300:900] {
			who := 0
			if i%6 == 0 {
				who = 1
			}
			askAs(t, url, secrets[who], text)
			if i%20 == 19 {
				ended(t, a)
			}
		}
		ended(t, a)
		l := loopAt(a.plant.Load().Desks["desk"])
		slices := map[string]int{}
		until(t, "the wheel knows no labels", func() bool {
			clear(slices)
			for _, one := range l.wheel.State().Labels {
				slices[one.Slice]++
			}
			return slices[ids[0]] > 0 && slices[ids[1]] > 0
		})
		if delete(slices, ""); len(slices) > 2 { // without keys there is one slice
			t.Errorf("the wheel knows the slices %v", slices)
		}
		text, err := json.Marshal(l.wheel.State())
		if err != nil || strings.Contains(string(text), secrets[0]) || strings.Contains(string(text), secrets[1]) {
			t.Error("the wheel keeps a key's secret")
		}
	})
	made0, err := a.Distill(t.Context(), DistillOptions{Task: "desk", Progress: func(string, int, int) {}})
	if err != nil {
		t.Fatal(err)
	}
	rng, judged := 0, made0.Judged
	of := map[string]int{}
	for i := range judged {
		j := &judged[i]
		of[j.Group]++
		j.Predicted = j.Label
		if j.Group == ids[0] {
			if rng++; rng%8 == 0 { // which the champion does not know
				j.Label = map[string]string{"refund": "delivery", "delivery": "invoice", "invoice": "refund"}[j.Label]
				j.Predicted = j.Label
			}
		}
	}
	if of[ids[0]] < 100 || of[ids[1]] < 20 {
		t.Fatalf("what judges is of %v", of)
	}
	d := a.plant.Load().Desks["desk"]
	contest := func(want eval.Ruling, says string) {
		t.Helper()
		g := &Gate{}
		if err := a.contest(t.Context(), d, g, &made{Judged: judged}); err != nil || g.Ruling != want || !strings.Contains(g.Why, says) {
			t.Errorf("got %s, %q, %v; want %s, %q", g.Ruling, g.Why, err, want, says)
		}
	}
	contest(eval.Pass, "")
	n := 0
	for i := range judged {
		if j := &judged[i]; j.Group == ids[1] {
			if n++; n%3 == 0 {
				j.Predicted = map[string]string{"refund": "delivery", "delivery": "invoice", "invoice": "refund"}[j.Label]
			}
		}
	}
	contest(eval.Fail, "slice "+ids[1]+" is worse than the champion")
}

// Whoever has a student trained, what it would answer with labels that are aside certifies nothing: they are left to the teacher.
func TestAsideHoldsForEachStudent(t *testing.T) {
	_, url := newUpstream(t, 400, 0)
	a := openFor(t, url, strings.Replace(wheelDesk, "growth: 0.5", "growth: 50, aside: [invoice]", 1))
	texts, _ := labelled(400)
	champion(t, a, texts[:300])
	made, err := a.Distill(t.Context(), DistillOptions{Task: "desk", Progress: func(string, int, int) {}})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for i := range made.Judged {
		if j := &made.Judged[i]; j.Predicted == "invoice" {
			if n++; j.Score != 0 {
				t.Fatalf("%q scores %v", j.Predicted, j.Score)
			}
		}
	}
	if n < 50 {
		t.Errorf("only %d answers are aside", n)
	}
}

// What the teacher answers in the place of a student that cannot be asked is told all the same, and a wheel that could not be begun is tried again.
func TestLabelsWithoutAStudent(t *testing.T) {
	_, url := newUpstream(t, 400, 0)
	a := openFor(t, url, strings.Replace(wheelDesk, "growth: 0.5", "growth: 50", 1))
	texts, _ := labelled(400)
	first := champion(t, a, texts[:300])
	serving(t, a, func(string) {})
	if err := os.Remove(filepath.Join(a.plant.Load().Config.Data, "students", first+".student")); err != nil {
		t.Fatal(err)
	}
	serving(t, a, func(url string) {
		a.reloading.Lock()
		d := a.plant.Load().Desks["desk"]
		a.loops["desk"].end()
		delete(a.loops, "desk")
		d.Turn(nil)
		a.reloading.Unlock()
		if _, err := a.restaff(t.Context(), a.serving.Load()); err != nil {
			t.Fatal(err)
		}
		l := loopAt(d)
		if l == nil {
			t.Fatal("the wheel is not begun")
		}
		before := len(l.wheel.State().Labels)
		for _, text := range texts[300:310] {
			ask(t, url, text)
		}
		until(t, "the wheel does not know what the teacher said", func() bool { return len(l.wheel.State().Labels) == before+10 })
	})
}

// Who rolls back while the first of its kind is on trial ends that.
func TestRollbackEndsACanary(t *testing.T) {
	_, url := newUpstream(t, 400, 0)
	a := openFor(t, url, strings.Replace(wheelDesk, "growth: 0.5", "growth: 50", 1))
	texts, _ := labelled(400)
	serveWhile(t, a, func(ask func(string) string) {
		for _, text := range texts[:300] {
			ask(text)
		}
	})
	if _, err := a.Rollback(t.Context(), "desk"); model.KindOf(err) != model.NotFound {
		t.Errorf("without students: %v", err)
	}
	only := another(t, a)
	serving(t, a, func(string) {
		l := loopAt(a.plant.Load().Desks["desk"])
		if _, err := a.store.Restage(t.Context(), model.DefaultTenant, only, store.Candidate, store.Canary, "a test"); err != nil {
			t.Fatal(err)
		}
		until(t, "the wheel has no canary", func() bool { return l.wheel.Status().Canary != nil })
		if s, err := a.wheelState(t.Context(), a.plant.Load().Desks["desk"]); err != nil || s.Due != wheel.ByLabels {
			t.Errorf("there are labels for a student that takes its place: got %+v, %v", s, err)
		}
		if back, err := a.Rollback(t.Context(), "desk"); back != nil || err != nil {
			t.Fatal(back, err)
		}
		until(t, "the canary answers", func() bool { return l.wheel.Status().Canary == nil })
		if s, err := a.Student(t.Context(), only); err != nil || s.Stage != store.Candidate {
			t.Errorf("got %+v, %v", s, err)
		}
	})
}

// The gate is the first of a challenger's comparisons, all of which together let a student that is worse by the margin through in 5 % of cases.
func TestGateLeavesLevelForChallengers(t *testing.T) {
	_, url := newUpstream(t, 400, 0)
	a := openFor(t, url, strings.Replace(wheelDesk, "growth: 0.5", "growth: 50", 1))
	texts, labels := labelled(400)
	id := champion(t, a, texts[:300])
	d := a.plant.Load().Desks["desk"]
	row, err := a.champion(t.Context(), "desk")
	if err != nil || row.ID != id {
		t.Fatal(row, err)
	}
	between := 0
	for wrong := range 12 {
		out := &made{}
		for i := range 400 {
			j := distill.Judged{Text: texts[300+i], Label: labels[300+i], Predicted: labels[300+i]}
			if i < 3*wrong {
				j.Predicted = map[string]string{"refund": "delivery", "delivery": "invoice", "invoice": "refund"}[j.Label]
			}
			out.Judged = append(out.Judged, j)
		}
		pairs := pairsOf(t, a, row, out)
		whole, err := wheel.Compare(pairs, wheel.Met{}, 0.02, wheel.DefaultAlpha)
		if err != nil {
			t.Fatal(err)
		}
		half, err := wheel.Compare(pairs, wheel.Met{}, 0.02, wheel.DefaultAlpha/2)
		if err != nil {
			t.Fatal(err)
		}
		g := &Gate{}
		if err := a.contest(t.Context(), d, g, out); err != nil || g.Ruling != half.Ruling {
			t.Errorf("%d are wrong: got %s, %v, want %s", 3*wrong, g.Ruling, err, half.Ruling)
		}
		if whole.Ruling != half.Ruling {
			between++
		}
	}
	if between == 0 {
		t.Error("the levels do not differ anywhere: the test shows nothing")
	}
}

// What a person decides holds against what a wheel decided before it could know, in this process and in the next.
func TestPeopleHaveTheLastWord(t *testing.T) {
	_, url := newUpstream(t, 400, 0)
	a := openFor(t, url, strings.Replace(wheelDesk, "growth: 0.5", "growth: 50", 1))
	texts, _ := labelled(400)
	first := champion(t, a, texts[:300])
	second, third := another(t, a), another(t, a)
	ctx, d := t.Context(), a.plant.Load().Desks["desk"]
	// decided has the wheel know the second as champion and the third as canary, and decide that this takes over. Its keeper has gone, so that it
	// notices nothing by itself.
	decided := func() *loop {
		t.Helper()
		if err := a.store.KeepWheel(ctx, store.Wheel{Tenant: model.DefaultTenant, Task: "desk", State: []byte{}}); err != nil { // nothing is known
			t.Fatal(err)
		}
		if _, err := a.Promote(ctx, second); err != nil {
			t.Fatal(err)
		}
		if _, err := a.store.Restage(ctx, model.DefaultTenant, third, store.Candidate, store.Canary, "a test"); err != nil {
			t.Fatal(err)
		}
		l, err := a.newLoop(ctx, d)
		if err != nil {
			t.Fatal(err)
		}
		l.end()
		if now := l.wheel.Status(); now.Champion == nil || now.Champion.Name != second || now.Canary == nil {
			t.Fatalf("got %+v", now)
		}
		if err := l.wheel.Rollback(l.wheel.Status().Canary.ID); err != nil { // as promoting does, by less
			t.Fatal(err)
		}
		return l
	}
	champions := func(l *loop, want string) {
		t.Helper()
		if now := l.wheel.Status(); now.Champion == nil || now.Champion.Name != want {
			t.Errorf("the wheel's champion is %+v, want %s", now.Champion, want)
		}
		stages := map[string]store.Stage{third: store.Candidate}
		stages[want] = store.Champion
		for id, stage := range stages {
			if s, err := a.Student(ctx, id); err != nil || s.Stage != stage {
				t.Errorf("student %s is %s (%v), want %s", id, s.Stage, err, stage)
			}
		}
	}
	settle := func(l *loop) {
		t.Helper()
		if err := l.settle(ctx); err != nil {
			t.Fatal(err)
		}
	}
	rollback := func() {
		t.Helper()
		if back, err := a.Rollback(ctx, "desk"); err != nil || back.ID != first {
			t.Fatal(back, err)
		}
	}

	l := decided()
	rollback()
	settle(l)
	champions(l, first)

	l = decided()
	rollback()
	if _, err := a.Promote(ctx, second); err != nil { // nobody else than before, and yet a decision
		t.Fatal(err)
	}
	settle(l)
	champions(l, second)

	l = decided()
	l.events = nil // kept before the store had followed, and killed
	l.dirty = true
	l.keep(ctx, true)
	rollback()
	next, err := a.newLoop(ctx, d)
	if err != nil {
		t.Fatal(err)
	}
	next.end()
	champions(next, first)

	l = decided()
	settle(l)
	champions(l, third)
}

// How a wheel stands is kept as it changes; all that it knows, which may be much, more rarely, and at the end.
func TestLargeWheelsAreKeptMoreRarely(t *testing.T) {
	_, url := newUpstream(t, 10, 0)
	a := openFor(t, url, wheelDesk)
	ctx := t.Context()
	l, err := a.newLoop(ctx, a.plant.Load().Desks["desk"])
	if err != nil {
		t.Fatal(err)
	}
	l.end()
	for _, c := range []struct {
		bytes int
		want  time.Duration
	}{{0, 0}, {keepRate / 4, keepEvery / 4}, {2 * keepRate, 2 * keepEvery}, {1 << 30, keepLast}} {
		if got := pace(c.bytes); got != c.want {
			t.Errorf("%d bytes stay for %s, want %s", c.bytes, got, c.want)
		}
	}
	kept := func() (report, state int64) {
		t.Helper()
		row, err := a.store.Wheel(ctx, model.DefaultTenant, "desk", true)
		if err != nil {
			t.Fatal(err)
		}
		var r WheelReport
		var s wheel.State
		if err := json.Unmarshal(row.Report, &r); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(row.State, &s); err != nil {
			t.Fatal(err)
		}
		return r.Requests, s.Asked
	}
	told := func() {
		l.hear(tale{ticket: l.wheel.AskAt(0), outcome: wheel.Outcome{Label: "refund"}})
		l.listen()
	}
	l.kept.next = time.Now().Add(time.Hour)
	told()
	l.keep(ctx, false)
	if report, state := kept(); report != 1 || state != 0 {
		t.Errorf("before its time: %d requests are reported and %d known, want 1 and 0", report, state)
	}
	told()
	l.keep(ctx, true)
	if report, state := kept(); report != 2 || state != 2 {
		t.Errorf("in the end: %d requests are reported and %d known, want 2", report, state)
	}
	l.kept.next = time.Now().Add(time.Hour)
	l.hear(tale{do: func() { l.wheel.AskAt(0) }}) // what is done by somebody
	l.listen()
	l.keep(ctx, false)
	if report, state := kept(); report != 3 || state != 3 {
		t.Errorf("what is done: %d requests are reported and %d known, want 3", report, state)
	}
}

// What was to be audited and was not, for a limit, is in what people see of a wheel.
func TestDroppedAuditsAreTold(t *testing.T) {
	_, url := newUpstream(t, 400, 0)
	a := openFor(t, url, strings.NewReplacer("growth: 0.5", "growth: 50", "share: 0.5, per_day: 0,", "share: 1, per_day: 0.0001,").Replace(wheelDesk))
	texts, _ := labelled(400)
	champion(t, a, texts[:300])
	serving(t, a, func(url string) {
		for _, text := range texts[300:320] {
			ask(t, url, text)
			ended(t, a)
		}
		r, err := a.lastReport(t.Context(), a.plant.Load().Desks["desk"])
		if err != nil || r.Dropped.PerDay == 0 || r.Dropped.Concurrent != 0 {
			t.Errorf("got %+v, %v", r, err)
		}
	})
}

// judgedOn opens an app whose champion learned from 300 texts, and returns what a turn made whose student was judged by these and 20 others.
func judgedOn(t *testing.T) (a *App, row *store.Student, out *made) {
	t.Helper()
	_, url := newUpstream(t, 400, 0)
	a = openFor(t, url, strings.Replace(wheelDesk, "growth: 0.5", "growth: 50", 1))
	texts, labels := labelled(400)
	id := champion(t, a, texts[:300])
	row, err := a.champion(t.Context(), "desk")
	if err != nil || row.ID != id {
		t.Fatal(row, err)
	}
	out = &made{}
	for i := range 320 {
		out.Judged = append(out.Judged, distill.Judged{Text: texts[i], Label: labels[i], Predicted: labels[i]})
	}
	return a, row, out
}

// pairsOf are the pairs of what a turn made and the champion.
func pairsOf(t *testing.T, a *App, champion *store.Student, out *made) []wheel.Pair {
	t.Helper()
	past, err := a.past(champion.ID)
	if err != nil {
		t.Fatal(err)
	}
	pairs, err := a.pairs(a.plant.Load().Desks["desk"], champion, past, out)
	if err != nil {
		t.Fatal(err)
	}
	return pairs
}

// A student is compared with the champion on what judged that too, by the answers that did.
func TestPairsOfWhatJudgedTheChampion(t *testing.T) {
	a, row, out := judgedOn(t)
	id := row.ID
	kept, err := a.readHeld(id)
	if err != nil || len(kept) < 200 || len(kept) > 300 {
		t.Fatalf("%d answers judged the champion, %v", len(kept), err)
	}
	pairs := pairsOf(t, a, row, out)
	if len(pairs) != len(kept)+20 {
		t.Fatalf("%d pairs, want %d", len(pairs), len(kept)+20)
	}
	wrong, left := 0, 0
	for _, p := range pairs {
		if p.Champion != p.Label {
			wrong++
		}
		if p.Left {
			left++
		}
	}
	if err := os.Remove(a.besidePath(id, heldFile)); err != nil { // as of a champion from before they were kept
		t.Fatal(err)
	}
	if pairs = pairsOf(t, a, row, out); len(pairs) != 20 {
		t.Errorf("%d pairs, want 20", len(pairs))
	}
	t.Logf("of %d answers that judged it %d were wrong, and %d would have been left to the teacher", len(kept), wrong, left)
}
