// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package wheel

import (
	"encoding/json"
	"reflect"
	"testing"
)

// TestResumeGoesOn stops a task at moments of its life, has JSON keep it, and lets both go on.
func TestResumeGoesOn(t *testing.T) {
	const classes = 20
	for _, at := range []int{0, 300, 2000, 3400, 3900, 4400} {
		o := Options{Goal: goal, Seed: 3}
		world, again := newWorld(3, classes), newWorld(3, classes)
		w, other := newWheel(t, o), newWheel(t, o)
		for i, one := range []*Wheel{w, other} {
			of := []*traffic{world, again}[i]
			of.run(t, one, min(at, 3200), learner(classes))
			for c := range 4 {
				of.means[c] = (c + 1) % 4
			}
			of.run(t, one, at-min(at, 3200), learner(classes))
		}
		kept, err := json.Marshal(other.State())
		if err != nil {
			t.Fatal(err)
		}
		var s State
		if err := json.Unmarshal(kept, &s); err != nil {
			t.Fatal(err)
		}
		back, err := Resume(o, &s, func(v int, _ string) (Answerer, error) { return other.versions[v-1].Student, nil })
		if err != nil {
			t.Fatal(err)
		}
		world.run(t, w, 1500, learner(classes))
		again.run(t, back, 1500, learner(classes))
		if a, b := w.Events(), back.Events(); !reflect.DeepEqual(a, b) {
			t.Errorf("stopped after %d requests: %d events, want %d", at, len(b), len(a))
		}
		x, y := w.Status(), back.Status()
		x.Champion, x.Canary, x.Challenger, y.Champion, y.Canary, y.Challenger = nil, nil, nil, nil, nil, nil
		if !reflect.DeepEqual(x, y) {
			t.Errorf("stopped after %d requests: %+v, want %+v", at, y, x)
		}
	}
}

func TestResumeRefusesWhatDoesNotFit(t *testing.T) {
	w := newWheel(t, Options{})
	for name, spoil := range map[string]func(*State){
		"a detector of others": func(s *State) { s.Service.Detector.Evidence = nil },
		"no detector":          func(s *State) { s.Input.Detector = nil },
		"no such version":      func(s *State) { s.Fallen = 7 },
	} {
		s := w.State()
		spoil(s)
		if _, err := Resume(Options{Goal: goal}, s, nil); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// TestTeacherDrift asks a teacher again that is as consistent as it was, and then is not.
func TestTeacherDrift(t *testing.T) {
	world := newWorld(2, 20)
	w := newWheel(t, Options{Seed: 2})
	world.run(t, w, 600, learner(20))
	if got := w.Fixed(50); len(got) != 50 || !got[0].Fair || got[49].Request != 50 {
		t.Fatalf("%d labels: %+v", len(got), got)
	}
	for i := range 2000 {
		w.Reasked(i%40 != 0)
	}
	if n := alarms(w); len(n) > 0 {
		t.Fatalf("a false alarm: %v", n)
	}
	asked := 0
	for ; alarms(w)[AlarmTeacher] == 0 && asked < 200; asked++ {
		w.Reasked(asked%4 != 0)
	}
	t.Logf("noticed after %d answers", asked)
	if asked == 200 {
		t.Error("a teacher that says something else each fourth time was not noticed")
	}
}
