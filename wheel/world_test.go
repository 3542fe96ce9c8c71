// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package wheel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"retort/eval/certify"
)

// traffic is simulated traffic: texts of some classes, of which a student of a given skill is right with the chance that it says.
type traffic struct {
	rng     *rand.Rand
	classes int
	means   []int // what the teacher says to a class
	n       int
}

func newWorld(seed uint64, classes int) *traffic {
	w := &traffic{rng: rand.New(rand.NewPCG(seed, 42)), classes: classes, means: make([]int, classes)}
	for c := range w.means {
		w.means[c] = c
	}
	return w
}

// next returns a request and the teacher's answer.
func (w *traffic) next() (text, label string) {
	w.n++
	c := w.rng.IntN(w.classes)
	return fmt.Sprintf("class %d of difficulty %.6f with luck %.6f, request %d", c, w.rng.Float64(), w.rng.Float64(), w.n), fmt.Sprint("c", w.means[c])
}

// pupil is right with the chance that its score says, until classes change their meaning: it answers as they were.
type pupil struct {
	classes int
	skill   float64 // the higher, the surer
	off     float64 // how much less often it is right than it says, where it is not sure
	means   []int
}

func (p *pupil) Notice(text string) (answer string, score float64, novel bool) {
	var c int
	var difficulty, luck float64
	if _, err := fmt.Sscanf(strings.SplitN(text, ",", 2)[0], "class %d of difficulty %f with luck %f", &c, &difficulty, &luck); err != nil {
		return "", 0, true
	}
	score = 1 - 0.8*math.Pow(difficulty, p.skill)
	right := score
	if score < 0.9 {
		right -= p.off
	}
	if luck >= right {
		c = (c + 1) % p.classes
	}
	if p.means != nil {
		c = p.means[c]
	}
	return fmt.Sprint("c", c), score, false
}

var goal = certify.Goal{Agreement: 0.95, Confidence: 0.95}

func newWheel(t testing.TB, o Options) *Wheel {
	t.Helper()
	o.Goal = goal
	w, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// candidate has a pupil judged on a lesson as siblings like itself would be.
func candidate(t testing.TB, l *Lesson, p *pupil) *Candidate {
	t.Helper()
	c := &Candidate{Student: p, Lesson: l}
	var judged []certify.Judgement
	for _, one := range l.Labels {
		if !one.Fair {
			continue
		}
		answer, score, novel := p.Notice(one.Text)
		c.Held = append(c.Held, Held{one.Request, Said{answer, score, novel}})
		judged = append(judged, certify.Judgement{Score: score, Agree: answer == one.Label})
	}
	var err error
	if c.Certificate, err = certify.CrossFitted(judged, l.Goal); err != nil {
		t.Fatal(err)
	}
	return c
}

// step lets one request through.
func step(w *Wheel, text, label string) (t Ticket, o Outcome) {
	t = w.Ask()
	o.Text = text
	if t.Serving != nil {
		o.Said = t.Serving.Ask(text)
	}
	if t.Also != nil {
		o.Also = t.Also.Ask(text)
	}
	d := t.Decide(o.Said)
	if o.Given = d.Give; d.Ask {
		o.Label = label
	}
	w.Tell(t, o)
	return t, o
}

// run lets n requests through, trains pupils of the given kind when that is due, and counts what the student answered.
func (world *traffic) run(t testing.TB, w *Wheel, n int, teach func(l *Lesson) *pupil) (given, right int) {
	for range n {
		text, label := world.next()
		_, o := step(w, text, label)
		if o.Given {
			given++
			if o.Said.Answer == label {
				right++
			}
		}
		if why := w.Due(); why != "" {
			l := w.Lesson(why)
			w.Offer(candidate(t, l, teach(l)))
		}
	}
	return given, right
}

// learner is a pupil that is the surer the more labels there are.
func learner(classes int) func(l *Lesson) *pupil {
	return func(l *Lesson) *pupil {
		return &pupil{classes: classes, skill: 0.5 + math.Log(float64(len(l.Labels))/200)}
	}
}

// steady is a pupil that is sure at once, whatever it learns from.
func steady(classes int) func(l *Lesson) *pupil {
	return func(*Lesson) *pupil { return &pupil{classes: classes, skill: 3} }
}

// alarms counts the events that are alarms, by kind.
func alarms(w *Wheel) map[Kind]int {
	n := map[Kind]int{}
	for _, e := range w.Events() {
		if e.Kind.Alarm() {
			n[e.Kind]++
		}
	}
	return n
}
