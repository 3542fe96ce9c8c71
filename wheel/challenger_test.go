// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package wheel

import (
	"fmt"
	"strings"
	"testing"

	"retort/eval"
)

// rival says what another pupil says, but for a share of the requests of which that is sure, where it is wrong, and of the others, where it is right.
type rival struct {
	*pupil
	spoils, mends float64
}

func (r *rival) Notice(text string) (answer string, score float64, novel bool) {
	answer, score, novel = r.pupil.Notice(text)
	var c, n int
	if _, err := fmt.Sscanf(text[strings.LastIndex(text, "request"):], "request %d", &n); err != nil {
		return answer, score, novel
	}
	if _, err := fmt.Sscanf(text, "class %d", &c); err != nil {
		return answer, score, novel
	}
	switch at := float64(n*7919%10_000) / 10_000; {
	case score >= 0.9 && at < r.spoils:
		answer = "c-" + fmt.Sprint(c)
	case score < 0.9 && at < r.mends:
		answer = fmt.Sprint("c", c)
	}
	return answer, score, novel
}

// challenged has a rival challenge a champion, after so many requests for which it could be judged, and says after how many requests it passed; -1: it
// had not within most.
func challenged(t *testing.T, seed uint64, r rival, most int) int {
	t.Helper()
	const classes = 12
	r.pupil = &pupil{classes: classes, skill: 3}
	world := newWorld(seed, classes)
	w := newWheel(t, Options{Seed: seed, First: 1200, Growth: 100, Memory: 100_000})
	for range 6000 {
		text, label := world.next()
		step(w, text, label)
		if w.Due() != "" {
			l := w.Lesson(ByLabels)
			w.Offer(candidate(t, l, r.pupil))
		}
		if s := w.Status(); s.Champion != nil && s.Canary == nil {
			break
		}
	}
	s := w.Status()
	if s.Champion == nil {
		t.Fatal("no champion")
	}
	v := w.Enter(&Candidate{Student: &r, Certificate: s.Champion.Certificate, Lesson: &Lesson{}}, Challenger, "a test")
	for n := range most {
		text, label := world.next()
		step(w, text, label)
		if w.Stage(v) == Canary || w.Stage(v) == Champion {
			return n
		}
		if w.Stage(v) != Challenger {
			return -1
		}
	}
	return -1
}

// What the champion leaves to the teacher has labels one and all, and what it answers few. A challenger that is better on the one and worse on the other
// by more is worse by the margin in all, and passes no more often than the level says, however often it is looked at; one that is better
// on what is left, and no worse on the rest, passes soon.
func TestChallengersAreWeighedByAllRequests(t *testing.T) {
	const seeds, most = 40, 3000
	for _, c := range []struct {
		name    string
		rival   rival
		atMost  int // passes
		atLeast int
	}{
		{"worse where it counts", rival{spoils: 0.064, mends: 0.05}, 4, 0},
		{"better where it is hard", rival{mends: 0.12}, seeds, seeds * 9 / 10},
	} {
		passed, after := 0, 0
		for seed := range uint64(seeds) {
			if n := challenged(t, seed, c.rival, most); n >= 0 {
				passed++
				after += n
			}
		}
		t.Logf("%s: %d of %d pass, after %d requests in the mean", c.name, passed, seeds, after/max(1, passed))
		if passed > c.atMost || passed < c.atLeast {
			t.Errorf("%s: %d of %d pass", c.name, passed, seeds)
		}
	}
}

// A challenger is looked at as soon as enough requests were met, and not again for each label while there are no fair ones.
func TestChallengersWithoutFairLabels(t *testing.T) {
	world := newWorld(2, 20)
	w := newWheel(t, Options{Seed: 2, Growth: 100})
	world.run(t, w, 1500, steady(20))
	s := w.Status()
	if s.Champion == nil {
		t.Fatal("no champion")
	}
	w.Enter(&Candidate{Student: &rival{}, Certificate: s.Champion.Certificate, Lesson: &Lesson{}}, Challenger, "a test")
	looks := func() (n int) {
		for _, e := range w.Events() {
			if e.Kind == Judged {
				n++
			}
		}
		return n
	}
	before := looks()
	const met = 1000
	for i := range met {
		ticket := w.Ask()
		ticket.Audited = false                                                                   // as where nothing may be spent
		w.Tell(ticket, Outcome{Said: Said{Answer: "c1"}, Also: Said{Answer: "c1"}, Label: "c1"}) // the champion leaves it
		if n := looks() - before; (n > 0) != (i+1 >= soonest/2) {
			t.Errorf("after %d requests it was looked at %d times", i+1, n)
		}
	}
	if n := looks() - before; n > met/(soonest/2) {
		t.Errorf("it was looked at %d times on %d requests without a fair label", n, met)
	}
}

// Hard pairs are no sample of all requests.
func TestHardPairsWeighAsTheirRequests(t *testing.T) {
	var pairs []Pair
	for i := range 100 { // fair: half of them left; where they are not, the candidate is wrong on a tenth
		p := Pair{Label: "x", Candidate: "x", Champion: "x", Left: i%2 == 0}
		if i%20 == 1 {
			p.Candidate = "y"
		}
		pairs = append(pairs, p)
	}
	met := meet(pairs)
	if met != (Met{Left: 50, Same: 45, Differ: 5}) {
		t.Fatalf("%+v", met)
	}
	for i := range 2000 { // hard: the candidate is right on a tenth more
		p := Pair{Label: "x", Candidate: "x", Champion: "x", Left: true, Hard: true}
		if i%10 == 0 {
			p.Champion = "y"
		}
		pairs = append(pairs, p)
	}
	c, err := Compare(pairs, met, 0.02, 0.05)
	if err != nil {
		t.Fatal(err)
	}
	d := c.Tests[0].Difference
	if d.Value < -0.01 || d.Value > 0.01 || c.Ruling != eval.Inconclusive {
		t.Errorf("the difference is %s, %s: left %+v", d.Points(), c.Ruling, met)
	}
	met.Blank = 1000 // were there so many more that it answers, they would tell
	if c, err = Compare(pairs, met, 0.02, 0.05); err != nil || c.Tests[0].Difference.Value > -0.07 {
		t.Errorf("got %+v, %v", c, err)
	}
}
