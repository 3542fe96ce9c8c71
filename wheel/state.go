// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package wheel

import (
	"fmt"
	"maps"
	"slices"

	"retort/eval/anytime"
	"retort/eval/certify"
)

// State is all that a Wheel knows but its students, for encoding/json: a process can go on where another stopped. It shares
// nothing with the Wheel but what was said to labels, which neither may change: requests wait while a State is made.
type State struct {
	// Goal is what the evidence about answers is against. Under another one it begins anew.
	Goal certify.Goal `json:"goal,omitzero"`

	Requests int64            `json:"requests"` // number of the latest
	Asked    int64            `json:"asked"`    // how many there were
	Credit   float64          `json:"credit"`
	Versions []VersionState   `json:"versions,omitempty"`
	Fallen   int              `json:"fallen,omitempty"` // version that is put requests while nothing answers; 0: none
	Labels   []LabelState     `json:"labels,omitempty"`
	Epoch    int64            `json:"epoch,omitempty"`
	Before   int              `json:"before,omitempty"` // version that was taken out at the epoch; 0: none
	Past     map[string]int64 `json:"past,omitempty"`

	Service DetectorState         `json:"service"`
	Unrest  UnrestState           `json:"unrest"`
	Classes map[string]ClassState `json:"classes,omitempty"`
	Input   InputState            `json:"input"`
	Teacher DetectorState         `json:"teacher"`
	Events  []Event               `json:"events,omitempty"`
	Wanted  Trigger               `json:"wanted,omitempty"`
	Trained [2]int                `json:"trained"` // labels, and fair ones, at the last lesson
	Lesson  int64                 `json:"lesson"`  // its request
	Taught  []string              `json:"taught,omitempty"`
	Learned map[string]int64      `json:"learned,omitempty"` // classes that were out at the last lesson
	Alert   int64                 `json:"alert,omitempty"`
	Turned  int64                 `json:"turned,omitempty"`
}

// VersionState is a version without its student.
type VersionState struct {
	Name        string              `json:"name,omitempty"`
	Certificate certify.Certificate `json:"certificate"`
	Labels      int                 `json:"labels"`
	Fair        int                 `json:"fair"`
	Request     int64               `json:"request"`
	Held        map[int64]Said      `json:"held,omitempty"`
	Errs        map[string]float64  `json:"errs,omitempty"`
	Compared    []Pair              `json:"compared,omitempty"`
	Relearned   []string            `json:"relearned,omitempty"`
	Stage       Stage               `json:"stage"`
	Grade       int                 `json:"grade,omitempty"`
	Looks       int                 `json:"looks,omitempty"`
	Next        int                 `json:"next,omitempty"`
	Met         Met                 `json:"met,omitzero"`
	Begun       int64               `json:"begun,omitempty"` // of a challenger: the request after which all were met
	Harm        *DetectorState      `json:"harm,omitempty"`  // of a canary
}

// LabelState is a label with what versions said that had not learned it.
type LabelState struct {
	Request int64        `json:"request"`
	Text    string       `json:"text,omitempty"`
	Label   string       `json:"label"`
	Slice   string       `json:"slice,omitempty"`
	Fair    bool         `json:"fair,omitempty"`
	Said    map[int]Said `json:"said,omitempty"`
}

// DetectorState is a detector with the requests that its last observations were about.
type DetectorState struct {
	Detector *anytime.Detector `json:"detector"`
	About    []int64           `json:"about,omitempty"`
}

// UnrestState is the evidence of unrest.
type UnrestState struct {
	Detector *anytime.Detector `json:"detector"`
	Agreed   []float64         `json:"agreed"`
	Seen     []float64         `json:"seen"`
}

// ClassState is the evidence about one class.
type ClassState struct {
	DetectorState
	Belief []float64 `json:"belief"`
	Out    bool      `json:"out,omitempty"`
	From   int64     `json:"from,omitempty"`
	Seen   int       `json:"seen,omitempty"`
}

// InputState is the evidence about requests, with the scores of the champion.
type InputState struct {
	DetectorState
	Bins    []int     `json:"bins"`
	Density []float64 `json:"density"`
}

func kept(d *anytime.Detector, about *history) DetectorState {
	d = &anytime.Detector{Patience: d.Patience, N: d.N, Evidence: slices.Clone(d.Evidence), Best: slices.Clone(d.Best), From: slices.Clone(d.From)}
	s := DetectorState{Detector: d}
	if about != nil {
		s.About = slices.Clone(about.requests)
	}
	return s
}

// into puts a state in the place of a new detector's, if it is one of the same alternatives.
func (s DetectorState) into(d *anytime.Detector, about *history) error {
	if s.Detector == nil || len(s.Detector.Evidence) != len(d.Evidence) || len(s.Detector.Best) != len(d.Best) || len(s.Detector.From) != len(d.From) {
		return fmt.Errorf("a detector has other alternatives than it should")
	}
	c := kept(s.Detector, nil)
	*d = *c.Detector
	if about != nil {
		about.requests = slices.Clone(s.About)
	}
	return nil
}

// State returns all that the Wheel knows at the moment. Requests that have been asked about and not told of yet are lost to the
// evidence, and nothing else.
func (w *Wheel) State() *State {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := &State{
		Goal: w.Goal, Requests: w.requests, Asked: w.asked, Credit: w.credit, Fallen: id(w.fallen), Epoch: w.memory.epoch, Before: id(w.memory.fallen),
		Past: maps.Clone(w.past), Service: kept(w.service.Detector, &w.service.about), Classes: map[string]ClassState{},
		Unrest:  UnrestState{kept(w.unrest.Detector, nil).Detector, slices.Clone(w.unrest.agreed[:]), slices.Clone(w.unrest.seen[:])},
		Input:   InputState{kept(w.input.detector, &w.input.about), slices.Clone(w.input.bins[:]), slices.Clone(w.input.density[:])},
		Teacher: kept(w.teacher.Detector, nil),
		Events:  slices.Clone(w.events), Wanted: w.wanted, Trained: [2]int{w.trained.all, w.trained.fair}, Lesson: w.lessoned,
		Taught: slices.Sorted(maps.Keys(w.taught)), Learned: map[string]int64{}, Alert: w.alert, Turned: w.turned,
	}
	for _, v := range w.versions {
		one := VersionState{Name: v.Name, Certificate: v.Certificate, Labels: v.Labels, Fair: v.Fair, Request: v.Request,
			Held: maps.Clone(v.held), Errs: maps.Clone(v.errs), Relearned: slices.Sorted(maps.Keys(v.relearned)), Stage: v.stage,
			Grade: v.grade, Looks: v.looks, Next: v.next, Met: v.met, Begun: v.begun}
		switch v.stage { // versions are many in the end, and what the others had shown is asked for no more
		case Canary:
			harm := kept(v.harm.Detector, &v.harm.about)
			one.Harm = &harm
		case Challenger:
			one.Compared = slices.Clone(v.compared)
		}
		s.Versions = append(s.Versions, one)
	}
	if len(w.memory.labels) > 0 {
		s.Labels = make([]LabelState, 0, len(w.memory.labels))
	}
	for _, l := range w.memory.labels {
		s.Labels = append(s.Labels, LabelState{l.Request, l.Text, l.Label, l.Slice, l.Fair, l.said})
	}
	for name, c := range w.classes {
		s.Classes[name] = ClassState{kept(c.Detector, &c.about), slices.Clone(c.belief[:]), c.out, c.from, c.seen}
		if from, was := w.reformedAt[c]; was {
			s.Learned[name] = from
		}
	}
	return s
}

func id(v *Version) int {
	if v == nil {
		return 0
	}
	return v.ID
}

// Resume returns a Wheel that goes on from a state. open returns the student of a version; it is asked for those that may be put
// a request: champion, canary, challenger, the one that was taken out last, and those that a person may go back to.
func Resume(o Options, s *State, open func(version int, name string) (Answerer, error)) (*Wheel, error) {
	w, err := New(o)
	if err != nil {
		return nil, err
	}
	if err := w.resume(s, open); err != nil {
		return nil, fmt.Errorf("wheel: resume: %w", err)
	}
	w.seal()
	return w, nil
}

func (w *Wheel) resume(s *State, open func(version int, name string) (Answerer, error)) error {
	w.requests, w.asked, w.credit, w.wanted = s.Requests, s.Asked, s.Credit, s.Wanted
	w.trained, w.lessoned = sizes{s.Trained[0], s.Trained[1]}, s.Lesson
	w.alert, w.turned, w.events = s.Alert, s.Turned, slices.Clone(s.Events)
	w.taught = set(s.Taught)
	maps.Copy(w.past, s.Past)
	if err := w.resumeVersions(s, open); err != nil {
		return err
	}
	w.memory.epoch = s.Epoch
	for _, l := range s.Labels {
		w.memory.labels = append(w.memory.labels, &Label{l.Request, l.Text, l.Label, l.Slice, l.Fair, maps.Clone(l.Said)})
	}
	if s.Goal == (certify.Goal{}) || s.Goal == w.Goal { // the first states did not say
		if err := s.Service.into(w.service.Detector, &w.service.about); err != nil {
			return fmt.Errorf("service: %w", err)
		}
	}
	if err := s.Teacher.into(w.teacher.Detector, nil); err != nil {
		return fmt.Errorf("teacher: %w", err)
	}
	if err := (DetectorState{Detector: s.Unrest.Detector}).into(w.unrest.Detector, nil); err != nil {
		return fmt.Errorf("unrest: %w", err)
	}
	copy(w.unrest.agreed[:], s.Unrest.Agreed)
	copy(w.unrest.seen[:], s.Unrest.Seen)
	if err := s.Input.into(w.input.detector, &w.input.about); err != nil {
		return fmt.Errorf("input: %w", err)
	}
	copy(w.input.bins[:], s.Input.Bins)
	copy(w.input.density[:], s.Input.Density)
	for _, n := range w.input.bins {
		w.input.n += n
	}
	w.reformedAt = map[*class]int64{}
	for name, c := range s.Classes {
		now := newClass(0)
		if err := c.into(now.Detector, &now.about); err != nil {
			return fmt.Errorf("class %q: %w", name, err)
		}
		if len(c.Belief) != len(now.belief) {
			return fmt.Errorf("class %q: belief in %d offsets, want %d", name, len(c.Belief), len(now.belief))
		}
		copy(now.belief[:], c.Belief)
		now.out, now.from, now.seen = c.Out, c.From, c.Seen
		w.classes[name] = now
		if from, was := s.Learned[name]; was {
			w.reformedAt[now] = from
		}
	}
	return nil
}

func (w *Wheel) resumeVersions(s *State, open func(version int, name string) (Answerer, error)) error {
	for i, v := range s.Versions {
		now := &Version{ID: i + 1, Name: v.Name, compared: slices.Clone(v.Compared), Certificate: v.Certificate, Labels: v.Labels, Fair: v.Fair, Request: v.Request, held: maps.Clone(v.Held),
			errs: maps.Clone(v.Errs), relearned: set(v.Relearned), stage: v.Stage, grade: v.Grade, looks: v.Looks, next: v.Next, met: v.Met, begun: v.Begun,
			harm: newHarm(w.Goal)}
		if v.Harm != nil && v.Stage == Canary && (s.Goal == (certify.Goal{}) || s.Goal == w.Goal) {
			if err := v.Harm.into(now.harm.Detector, &now.harm.about); err != nil {
				return fmt.Errorf("version %d: %w", now.ID, err)
			}
		}
		if v.Stage != Rejected || v.Certificate.Speaks() { // a person may go back to it whatever the gate said
			var err error
			if now.Student, err = open(now.ID, now.Name); err != nil {
				return fmt.Errorf("version %d: %w", now.ID, err)
			}
		}
		if now.met == (Met{}) { // it was kept before these were counted
			now.compared, now.begun, now.next = nil, s.Requests, soonest
		}
		w.versions = append(w.versions, now)
		switch v.Stage {
		case Champion:
			w.champion = now
		case Canary:
			w.canary, w.entered = now, s.Asked
		case Challenger:
			w.challenger = now
		}
	}
	for _, one := range []struct {
		id int
		at **Version
	}{{s.Fallen, &w.fallen}, {s.Before, &w.memory.fallen}} {
		if one.id < 0 || one.id > len(w.versions) {
			return fmt.Errorf("there is no version %d", one.id)
		}
		if one.id > 0 {
			*one.at = w.versions[one.id-1]
		}
	}
	return nil
}

func set(names []string) map[string]bool {
	out := make(map[string]bool, len(names))
	for _, n := range names {
		out[n] = true
	}
	return out
}
