// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package wheel

import (
	"math"
	"sync"
	"testing"

	"retort/eval"
)

// TestQuietTraffic lets many tasks turn over traffic that does not change: the promise holds, nothing is taken out, and the budget
// is kept.
func TestQuietTraffic(t *testing.T) {
	const runs, n = 40, 5000
	violated, loud, given := 0, 0, 0
	for seed := range uint64(runs) {
		world := newWorld(seed, 20)
		w := newWheel(t, Options{Seed: seed})
		g, right := world.run(t, w, n, learner(20))
		given += g
		if float64(right) < goal.Agreement*float64(g) {
			violated++
		}
		if got := alarms(w); len(got) > 0 {
			loud++
			t.Logf("seed %d: %v", seed, got)
		}
	}
	t.Logf("answered %.1f %%, %d of %d violated, %d with a false alarm", 100*float64(given)/runs/n, violated, runs, loud)
	if given == 0 {
		t.Fatal("no student ever answered")
	}
	if violated > runs/10 {
		t.Errorf("the promise was broken in %d of %d runs", violated, runs)
	}
	if loud > runs/10 {
		t.Errorf("there were alarms in %d of %d runs", loud, runs)
	}
}

// TestAuditsAreDrawnBlindly compares the audited requests with the others, and counts them.
func TestAuditsAreDrawnBlindly(t *testing.T) {
	world := newWorld(1, 20)
	w := newWheel(t, Options{Seed: 1, Growth: 100})
	world.run(t, w, 1500, steady(20))
	if w.Status().Champion == nil {
		t.Fatalf("no champion: %+v", w.Status())
	}
	const n = 20_000
	audited, sure, sureAudited, inRow, last := 0, 0, 0, 0, false
	cost := 0
	for range n {
		text, label := world.next()
		ticket, o := step(w, text, label)
		high := o.Said.Score > 0.9
		if high {
			sure++
		}
		if ticket.Audited {
			audited++
			if high {
				sureAudited++
			}
			if last {
				inRow++
			}
		}
		if o.Given && o.Label != "" {
			cost++
		}
		last = ticket.Audited
	}
	share := float64(audited) / n
	near := func(what string, got, want, count float64) {
		t.Helper()
		if off := math.Abs(got - want); off > 4*math.Sqrt(want*(1-want)/count) {
			t.Errorf("%s: %.4f, want about %.4f", what, got, want)
		}
	}
	near("share audited", share, w.Budget, n)
	near("share audited of sure answers", float64(sureAudited)/float64(sure), w.Budget, float64(sure))
	near("share audited after an audit", float64(inRow)/float64(audited), w.Budget, float64(audited))
	if float64(cost) > 1.1*w.Budget*n {
		t.Errorf("%d answers were audited of %d requests, more than the budget of %.0f %%", cost, n, 100*w.Budget)
	}
}

// TestFallTakesOutAndComesBack changes the meaning of a fifth of the classes.
func TestFallTakesOutAndComesBack(t *testing.T) {
	const classes, runs = 20, 12
	late, back, kept := 0, 0, 0
	for seed := range uint64(runs) {
		world := newWorld(seed, classes)
		w := newWheel(t, Options{Seed: seed})
		world.run(t, w, 4000, learner(classes))
		if w.Status().Champion == nil || len(alarms(w)) > 0 {
			continue
		}
		for c := range 4 {
			world.means[c] = (c + 1) % 4
		}
		changed := w.Status().Requests
		teach := func(l *Lesson) *pupil {
			p := learner(classes)(l)
			if old := poisoned(l, changed, world); old == 0 {
				p.means = world.means
			} else {
				kept++
			}
			return p
		}
		world.run(t, w, 4000, teach)
		out := int64(0)
		for _, e := range w.Events() {
			if e.Kind == AlarmService || e.Kind == AlarmClasses {
				out = e.Request
				break
			}
		}
		if out == 0 || out-changed > 1000 {
			late++
		}
		if _, right := world.run(t, w, 1000, teach); right > 400 {
			back++
		}
	}
	t.Logf("%d of %d late, %d back, %d lessons with labels that no longer hold", late, runs, back, kept)
	if late > runs/4 {
		t.Errorf("in %d of %d runs the student was not taken out within 1,000 requests", late, runs)
	}
	if back < runs*3/4 {
		t.Errorf("in %d of %d runs the student answers again", back, runs)
	}
}

// poisoned counts the labels of a lesson that a change has made wrong, and are more than a few.
func poisoned(l *Lesson, changed int64, world *traffic) int {
	n, moved := 0, map[string]bool{}
	for c, m := range world.means {
		if c != m {
			moved["c"+string(rune('0'+c))] = true
		}
	}
	for _, one := range l.Labels {
		if one.Request <= changed && moved[one.Label] {
			n++
		}
	}
	if n < len(l.Labels)/50 {
		return 0
	}
	return n
}

// TestOneClassAlone changes one class of twenty: it is taken out, and the student is not.
func TestOneClassAlone(t *testing.T) {
	const classes, runs = 20, 20
	alone, wrong := 0, 0
	for seed := range uint64(runs) {
		world := newWorld(seed, classes)
		w := newWheel(t, Options{Seed: seed, Growth: 100})
		world.run(t, w, 1500, steady(classes))
		if w.Status().Champion == nil || len(alarms(w)) > 0 {
			continue
		}
		world.means[3] = 4
		for range 6000 {
			text, label := world.next()
			step(w, text, label)
		}
		for _, e := range w.Events() {
			switch {
			case e.Kind == AlarmClass && e.Class == "c3":
				alone++
			case e.Kind == AlarmClass, e.Kind == AlarmService, e.Kind == AlarmClasses:
				wrong++
			}
		}
	}
	t.Logf("the class was taken out in %d of %d runs, %d other alarms", alone, runs, wrong)
	if alone < runs*3/4 || wrong > runs/5 {
		t.Errorf("the class was taken out in %d of %d runs, with %d other alarms", alone, runs, wrong)
	}
}

// TestEvidenceIsCarried promotes a version while another's disagreement is only half proved.
func TestEvidenceIsCarried(t *testing.T) {
	world := newWorld(5, 20)
	w := newWheel(t, Options{Seed: 5, Growth: 100})
	world.run(t, w, 1500, steady(20))
	first := w.Status().Champion
	if first == nil {
		t.Fatal("no champion")
	}
	for c := range 4 {
		world.means[c] = (c + 1) % 4
	}
	for w.Status().Service < 0.1 && w.Status().Champion != nil {
		text, label := world.next()
		step(w, text, label)
	}
	if w.Status().Champion == nil {
		t.Fatal("taken out too soon to see")
	}
	before := w.Status().Service
	w.mu.Lock()
	next := w.admit(&Candidate{Student: first.Student, Certificate: first.Certificate, Lesson: &Lesson{Brief: Brief{Request: w.requests}}})
	w.promote(next, "")
	w.mu.Unlock()
	if got := w.Status(); got.Service != before || got.Champion != next {
		t.Errorf("after a promotion the evidence is %v, want %v", got.Service, before)
	}
	for range 400 {
		text, label := world.next()
		step(w, text, label)
	}
	if w.Status().Champion != nil {
		t.Errorf("the next version, no better, still answers: %+v", w.Status())
	}
}

// TestGate offers candidates that are better, worse and much the same.
func TestGate(t *testing.T) {
	spoilt := make([]int, 60) // class 7 is taken for class 8
	for c := range spoilt {
		spoilt[c] = c
	}
	spoilt[7] = 8
	offer := func(p pupil, audit eval.Ruling) (Verdict, *Wheel) {
		world := newWorld(9, 60)
		w := newWheel(t, Options{Seed: 9, First: 1500, Growth: 100, Judges: 2000})
		world.run(t, w, 2000, steady(60))
		if w.Status().Champion == nil {
			t.Fatal("no champion")
		}
		c := candidate(t, w.Lesson(ByPerson), &p)
		c.Audit = audit
		return w.Offer(c), w
	}
	for _, test := range []struct {
		name   string
		pupil  pupil
		audit  eval.Ruling
		ruling eval.Ruling
		stage  Stage
	}{
		{"the same", pupil{classes: 60, skill: 3}, eval.Pass, eval.Pass, Canary},
		{"better", pupil{classes: 60, skill: 5}, "", eval.Pass, Canary},
		{"worse where it is not sure", pupil{classes: 60, skill: 3, off: 0.15}, "", eval.Fail, Rejected},
		{"perhaps worse", pupil{classes: 60, skill: 3, off: 0.03}, "", eval.Inconclusive, Challenger},
		{"better at the cost of one class", pupil{classes: 60, skill: 12, means: spoilt}, "", eval.Fail, Rejected},
		{"not audited to the end", pupil{classes: 60, skill: 5}, eval.Inconclusive, eval.Inconclusive, Rejected},
		{"failed its audit", pupil{classes: 60, skill: 5}, eval.Fail, eval.Fail, Rejected},
	} {
		v, w := offer(test.pupil, test.audit)
		if v.Ruling != test.ruling || v.Stage != test.stage {
			t.Errorf("%s: %s, %s (%s), want %s, %s", test.name, v.Ruling, v.Stage, v.Why, test.ruling, test.stage)
		}
		if v.Stage == Rejected && w.Status().Canary != nil {
			t.Errorf("%s: a canary all the same", test.name)
		}
	}
}

// TestSameCallsSameResults runs a task twice.
func TestSameCallsSameResults(t *testing.T) {
	var events [2][]Event
	for i := range events {
		w := newWheel(t, Options{Seed: 3})
		newWorld(3, 20).run(t, w, 4000, learner(20))
		events[i] = w.Events()
	}
	if len(events[0]) == 0 || len(events[0]) != len(events[1]) {
		t.Fatalf("%d and %d events", len(events[0]), len(events[1]))
	}
	for i, e := range events[0] {
		if e != events[1][i] {
			t.Errorf("event %d: %+v and %+v", i, e, events[1][i])
		}
	}
}

// TestManyAtOnce asks and tells from many goroutines, with answers that come late.
func TestManyAtOnce(t *testing.T) {
	w := newWheel(t, Options{Seed: 8, First: 200})
	var group sync.WaitGroup
	for g := range uint64(8) {
		group.Go(func() {
			world := newWorld(g, 20)
			for range 500 {
				text, label := world.next()
				step(w, text, label)
				if why := w.Due(); why != "" {
					l := w.Lesson(why)
					w.Offer(candidate(t, l, learner(20)(l)))
				}
				_ = w.Status()
			}
		})
	}
	group.Wait()
	if s := w.Status(); s.Requests != 4000 || s.Labels == 0 {
		t.Errorf("%+v", s)
	}
}

// BenchmarkRequest is what a request costs beside the student's own time, with ten thousand labels in memory.
func BenchmarkRequest(b *testing.B) {
	world := newWorld(1, 77)
	w := newWheel(b, Options{Seed: 1, Growth: 100})
	world.run(b, w, 1500, steady(77))
	for w.Status().Labels < 10_000 {
		text, label := world.next()
		step(w, text, label)
	}
	text, label := world.next()
	for b.Loop() {
		t := w.Ask()
		o := Outcome{Text: text, Said: Said{Answer: label, Score: 0.97}}
		d := t.Decide(o.Said)
		if o.Given = d.Give; d.Ask {
			o.Label = label
		}
		w.Tell(t, o)
		w.Due()
	}
}
