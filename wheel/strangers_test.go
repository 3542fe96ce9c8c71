// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package wheel

import "testing"

// TestStrangersAskForMore has requests come from some moment on that are none of the task. The next lesson is soon and asks for more than the
// goal, more is audited, and once there are fair labels of the new mix another asks for the goal alone.
func TestStrangersAskForMore(t *testing.T) {
	const classes = 20
	world := newWorld(6, classes)
	w := newWheel(t, Options{Seed: 6, Growth: 100, Aside: []string{"oos"}})
	world.run(t, w, 1500, steady(classes))
	if w.Status().Champion == nil {
		t.Fatal("no champion")
	}
	began := w.Status().Requests
	var lessons []*Lesson
	audited, until, after := 0, 0, 0
	for i := range 3000 {
		text, label := world.next()
		if i%7 == 0 {
			text, label = "something else", "oos"
		}
		ticket, _ := step(w, text, label)
		if ticket.Audited {
			switch len(lessons) {
			case 1:
				audited++
			case 2:
				after++
			}
		}
		if why := w.Due(); why != "" {
			l := w.Lesson(why)
			lessons = append(lessons, l)
			if len(lessons) == 2 {
				until = i
			}
			w.Offer(candidate(t, l, steady(classes)(l)))
		}
	}
	if len(lessons) != 2 {
		t.Fatalf("%d lessons, want 2", len(lessons))
	}
	first, second := lessons[0], lessons[1]
	if first.Why != ByNovelty && first.Why != ByDrift || first.Request-began > 300 || first.Goal.Agreement <= goal.Agreement || !first.Outside {
		t.Errorf("the first lesson: %s after %d requests for %.3f, outside %v", first.Why, first.Request-began, first.Goal.Agreement, first.Outside)
	}
	if second.Why != ByDrift || second.Goal != goal {
		t.Errorf("the second lesson: %s for %.3f", second.Why, second.Goal.Agreement)
	}
	fair := 0
	for _, l := range second.Labels {
		if l.Fair && l.Request > began {
			fair++
		}
	}
	if fair < familiar {
		t.Errorf("%d fair labels since the change, want %d", fair, familiar)
	}
	before := float64(audited) / float64(until-int(first.Request-began))
	if later := float64(after) / float64(3000-until); before < 3*w.Budget || later > 2*w.Budget {
		t.Errorf("%.3f of the requests were audited until then, %.3f since", before, later)
	}
}

// Answers that are put aside are never given, so that none of them is taken out, however often they are wrong.
func TestNoAlarmOfWhatIsAside(t *testing.T) {
	world := newWorld(5, 20)
	w := newWheel(t, Options{Seed: 5, Aside: []string{"c3"}})
	world.run(t, w, 3000, learner(20))
	if w.Status().Champion == nil {
		t.Fatal("no champion")
	}
	world.means[3], world.means[4] = 4, 5 // what both say means something else
	world.run(t, w, 2000, func(l *Lesson) *pupil { return &pupil{classes: 20, skill: 3} })
	out := map[string]bool{}
	for _, e := range w.Events() {
		if e.Kind == AlarmClass {
			out[e.Class] = true
		}
	}
	if out["c3"] || !out["c4"] {
		t.Errorf("taken out: %v", out)
	}
}
