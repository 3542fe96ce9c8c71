// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"

	"retort/student"
	"retort/wheel"
)

// kinds are the series that are replayed, in the order in which one order of requests is: those with the same beginning share
// what was learned of it.
var kinds = []struct {
	name string
	make func(order uint64) (*series, error)
}{
	{"banking", bankingSeries},
	{"shift", func(order uint64) (*series, error) { return shiftedSeries(order, 15) }},
	{"class", func(order uint64) (*series, error) { return shiftedSeries(order, 1) }},
	{"clinc", clincSeries},
	{"noise", func(order uint64) (*series, error) { return noisySeries(order, 0.02) }},
}

// turned is what became of one series in one order.
type turned struct {
	Series    string  `json:"series"`
	Order     uint64  `json:"order"`
	Answered  float64 `json:"answered"`  // share of the requests that the student answered
	Agreement float64 `json:"agreement"` // of its answers
	Last      float64 `json:"answered_last_2000"`
	Audited   float64 `json:"audited"` // share of the requests of which the student's answer was put to the teacher as well
	// WorstAnswers is the least agreement of 1,000 answers in a row, WorstRequests that of the answers to 1,000 requests in a
	// row, where they are 200 at least.
	WorstAnswers  float64  `json:"worst_1000_answers"`
	WorstRequests float64  `json:"worst_1000_requests"`
	Lessons       int      `json:"lessons"`
	Alarms        []string `json:"alarms,omitempty"`
	// Of series that change:
	Before  float64 `json:"agreement_before,omitempty"`
	After   float64 `json:"agreement_after_2000,omitempty"` // of answers from 2,000 requests after the change on
	Early   int     `json:"alarms_before,omitempty"`
	Outside float64 `json:"outside_answered,omitempty"` // share answered of the last 2,000 requests that are none of the task
	Known   float64 `json:"outside_known,omitempty"`    // of the same, those that the student answered as if they were of the task
	Out     int     `json:"out_after,omitempty"`        // requests from the change until the student is taken out
	Back    int     `json:"back_after,omitempty"`       // requests from then until one answers again
	Alone   int     `json:"class_out_after,omitempty"`  // requests from the change until the class that changed is taken out
	Others  int     `json:"other_classes_out,omitempty"`
	Return  int     `json:"class_back_after,omitempty"` // requests from then until it is answered again
	Final   float64 `json:"agreement_last_1000,omitempty"`
	// Of those through a gateway:
	Gateway     bool    `json:"gateway,omitempty"`
	Seconds     float64 `json:"seconds,omitempty"`      // that the whole took
	TurnSeconds float64 `json:"turn_seconds,omitempty"` // of these, while the stream stood still for turns
	TurnCPU     float64 `json:"turn_cpu,omitempty"`     // seconds of processor that the turns took; 0: not known
}

// teach trains students by lesson, each lesson once: series of one order begin alike.
type teach struct {
	done    map[string]*wheel.Candidate
	lessons int
}

func (s *teach) learn(ctx context.Context, l *wheel.Lesson) (*wheel.Candidate, error) {
	s.lessons++
	examples := make([]student.Example, len(l.Labels))
	for i, one := range l.Labels {
		examples[i] = student.Example{Text: one.Text, Label: one.Label, Hard: !one.Fair}
	}
	key := fmt.Sprint(student.HashExamples(examples), l.Goal, l.Aside)
	if known := s.done[key]; known != nil {
		again := *known
		again.Lesson = l
		return &again, nil
	}
	c, err := wheel.Learn(ctx, l, student.Options{Folds: 3, Workers: 1})
	if err == nil {
		s.done[key] = c
	}
	return c, err
}

// replay puts a series to a loop, one request after the other; a student is trained between two of them.
func (s *teach) replay(ctx context.Context, in *series, order uint64) (*replayed, error) {
	r := &replayed{series: in, given: make([]bool, len(in.asks)), right: make([]bool, len(in.asks)), audited: make([]bool, len(in.asks))}
	w, err := wheel.New(wheel.Options{Goal: in.goal, Aside: in.aside, Seed: order, Notice: func(e wheel.Event) { r.events = append(r.events, e) }})
	if err != nil {
		return nil, err
	}
	for i, a := range in.asks {
		t := w.Ask()
		o := wheel.Outcome{Text: a.text}
		if t.Serving != nil {
			o.Said = t.Serving.Ask(a.text)
		}
		if t.Also != nil {
			o.Also = t.Also.Ask(a.text)
		}
		d := t.Decide(o.Said)
		if o.Given = d.Give; d.Ask {
			o.Label = a.label
		}
		r.given[i], r.right[i], r.audited[i] = d.Give, d.Give && o.Said.Answer == a.label, d.Give && d.Ask
		w.Tell(t, o)
		if why := w.Due(); why != "" {
			c, err := s.learn(ctx, w.Lesson(why))
			if err != nil {
				return nil, err
			}
			w.Offer(c)
		}
	}
	return r, nil
}

// replayed is what became of each request.
type replayed struct {
	*series
	given, right, audited []bool
	events                []wheel.Event
}

// measureTurns replays all series in all orders through the policy alone and sums up.
func measureTurns(ctx context.Context, b *bench) error {
	var school *teach
	var of uint64 // its order
	done, err := b.replayAll(false, func(kind string, order uint64, in *series) (*turned, error) {
		if school == nil || of != order { // series of one order begin alike
			school, of = &teach{done: map[string]*wheel.Candidate{}}, order
		}
		school.lessons = 0
		r, err := school.replay(ctx, in, order)
		if err != nil {
			return nil, err
		}
		t := r.sum(kind, order)
		t.Lessons = school.lessons
		return &t, nil
	})
	if err != nil {
		return err
	}
	b.reportTurns("", done)
	return nil
}

// replayAll runs all series in all orders, one after the other. With a journal, what it has is not done again, so that several processes can
// share the orders; of those through a gateway or of the others.
func (b *bench) replayAll(gateway bool, run func(kind string, order uint64, in *series) (*turned, error)) ([]turned, error) {
	done, err := readJournal(b.journal, gateway)
	if err != nil {
		return nil, err
	}
	for order := b.seed; order < b.seed+uint64(b.orders); order++ {
		for _, kind := range kinds {
			if !slices.Contains(b.series, kind.name) || replayedBefore(done, kind.name, order) {
				continue
			}
			in, err := kind.make(order)
			if err != nil {
				return nil, err
			}
			t, err := run(kind.name, order, in)
			if err != nil {
				return nil, err
			}
			done = append(done, *t)
			if err := writeJournal(b.journal, *t); err != nil {
				return nil, err
			}
		}
	}
	return done, nil
}

func replayedBefore(done []turned, kind string, order uint64) bool {
	return slices.ContainsFunc(done, func(t turned) bool { return t.Series == kind && t.Order == order })
}

// readJournal returns the runs that are kept, of those through a gateway or of the others.
func readJournal(path string, gateway bool) (done []turned, err error) {
	if path == "" {
		return nil, nil
	}
	f, err := os.Open(path)
	if os.IsNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var t turned
		if err := json.Unmarshal(lines.Bytes(), &t); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		if t.Gateway == gateway {
			done = append(done, t)
		}
	}
	return done, nil
}

func writeJournal(path string, t turned) error {
	line, err := json.Marshal(t)
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "%s\n", line)
	if path == "" {
		return nil
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	if _, err := f.Write(append(line, '\n')); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}
