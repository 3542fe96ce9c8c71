// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package wheel

import (
	"encoding/json"
	"reflect"
	"regexp"
	"strconv"
	"testing"

	"retort/eval/certify"
)

// Numbers above one come down to it in their order, wherever they are, and others stay.
func TestRewind(t *testing.T) {
	w, err := New(Options{Goal: certify.Goal{Agreement: 0.9, Confidence: 0.95}})
	if err != nil {
		t.Fatal(err)
	}
	const then, now, ahead = 1_000_000, 2_000_000, 900_000_000
	about := []int64{then, ahead + 1, ahead + 2}
	service := kept(w.service.Detector, &w.service.about)
	service.About = about
	s := &State{Requests: ahead + 9, Asked: 12, Epoch: ahead + 3, Lesson: then + 1, Alert: ahead + 4, Past: map[string]int64{"a": ahead + 2, "b": 0},
		Learned: map[string]int64{"a": then}, Service: service, Labels: []LabelState{{Request: then}, {Request: ahead + 2, Said: map[int]Said{1: {Answer: "a"}}}},
		Events:   []Event{{Request: ahead + 4, Since: ahead + 3}, {Request: then}},
		Classes:  map[string]ClassState{"a": {From: ahead + 2, DetectorState: DetectorState{About: []int64{ahead + 5}}}},
		Versions: []VersionState{{Request: then, Held: map[int64]Said{then: {Answer: "a"}, ahead + 2: {Answer: "b"}}, Harm: &DetectorState{About: []int64{ahead + 6}}}}}
	before, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	want := regexp.MustCompile(`9000000\d\d`).ReplaceAllStringFunc(string(before), func(text string) string {
		n, _ := strconv.Atoi(text)
		return strconv.Itoa(n - (ahead + 9) + now)
	})
	s.Rewind(now)
	got, err := json.Marshal(s)
	if err != nil || string(got) != want {
		t.Errorf("got  %s, %v\nwant %s", got, err, want)
	}
	if s.Requests != now || s.Labels[0].Request != then || s.Labels[1].Request != s.Past["a"] {
		t.Errorf("got %+v", s)
	}
	var again State
	if err := json.Unmarshal(got, &again); err != nil {
		t.Fatal(err)
	}
	if again.Rewind(now); !reflect.DeepEqual(again.Labels, s.Labels) || again.Requests != now {
		t.Errorf("what is not above stays: got %+v", again)
	}
}

// A clock that was ahead by less than for how long leaves numbers below now too, and those above come down behind them.
func TestRewindKeepsTheOrder(t *testing.T) {
	w, err := New(Options{Goal: certify.Goal{Agreement: 0.9, Confidence: 0.95}})
	if err != nil {
		t.Fatal(err)
	}
	s := w.State()
	const now = 1000 // from 410 to 1310, as the clock said, it was 100 to 1000
	for at := int64(410); at <= 1310; at += 50 {
		s.Labels = append(s.Labels, LabelState{Request: at})
	}
	s.Requests, s.Epoch, s.Turned = 1310, 1060, 810
	s.Rewind(now)
	for i := 1; i < len(s.Labels); i++ {
		if s.Labels[i].Request <= s.Labels[i-1].Request || s.Labels[i].Request > now {
			t.Errorf("the label at %d is at %d, behind one at %d", 410+50*i, s.Labels[i].Request, s.Labels[i-1].Request)
		}
	}
	if s.Requests != now || s.Turned != 810 || s.Epoch != s.Labels[13].Request {
		t.Errorf("got %d, %d and %d", s.Requests, s.Turned, s.Epoch)
	}
}
