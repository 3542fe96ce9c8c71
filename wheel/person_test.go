// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package wheel

import (
	"testing"

	"retort/eval"
)

// offered returns a wheel with a champion and another version that the gate judged as wanted.
func offered(t *testing.T, p *pupil, audit eval.Ruling, want Stage) (w *Wheel, world *traffic, id int) {
	t.Helper()
	world = newWorld(9, 60)
	w = newWheel(t, Options{Seed: 9, First: 1500, Growth: 100, Judges: 2000})
	world.run(t, w, 2000, steady(60))
	c := candidate(t, w.Lesson(ByPerson), p)
	c.Audit = audit
	v := w.Offer(c)
	if v.Stage != want {
		t.Fatalf("%s (%s), want %s", v.Stage, v.Why, want)
	}
	return w, world, v.Version
}

// A challenger that a person makes the champion is compared with itself no more.
func TestRollbackToAChallenger(t *testing.T) {
	w, world, id := offered(t, &pupil{classes: 60, skill: 3, off: 0.03}, "", Challenger)
	if err := w.Rollback(id); err != nil {
		t.Fatal(err)
	}
	world.run(t, w, 3000, steady(60))
	s := w.Status()
	if s.Champion == nil || s.Champion.ID != id || w.Stage(s.Champion) != Champion || s.Challenger == s.Champion || s.Canary == s.Champion {
		t.Errorf("%+v", s)
	}
	for _, e := range w.Events() {
		if e.Kind == Judged && e.Version == id && e.Request > s.Champion.Request {
			t.Errorf("judged once it was the champion: %+v", e)
		}
	}
}

// A person may go back to a version that the gate refused, in the next process too.
func TestRollbackToARefusedVersionAfterResume(t *testing.T) {
	w, world, id := offered(t, &pupil{classes: 60, skill: 5}, eval.Fail, Rejected)
	back, err := Resume(Options{Goal: goal}, w.State(), func(v int, _ string) (Answerer, error) { return w.versions[v-1].Student, nil })
	if err != nil {
		t.Fatal(err)
	}
	if err := back.Rollback(id); err != nil {
		t.Fatal(err)
	}
	if given, right := world.run(t, back, 200, steady(60)); given == 0 || right == 0 {
		t.Errorf("%d given, %d right", given, right)
	}
}
