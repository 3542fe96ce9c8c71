// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"retort/wheel"
)

// lookEvery is how many requests are sent at most without looking whether a turn is due, and lookAgain how many are where there are labels enough for one
// that waits for something else.
const lookEvery, lookAgain = 50, 20

// live replays a series as traffic through a real gateway.
type live struct {
	*replayed
	desk    *desk
	teacher *labeller
	sent    []time.Time
	turns   map[string]bool // by id, those that have ended
	seen    map[shownEvent]bool
	out     bool // the student is, as of the last look
	last    int  // request that it answered last
	waited  time.Duration
}

// replay sends the requests one after the other. Real traffic takes days and this takes minutes, so it stands still while a turn is due or
// under way.
func (l *live) replay(ctx context.Context) error {
	nextLook, asked := 0, 0
	for i := range l.asks {
		if i == l.shift {
			l.teacher.change(l.meant)
		}
		a := &l.asks[i]
		l.teacher.expect(i, a)
		l.sent = append(l.sent, time.Now())
		s, err := l.desk.ask(ctx, deskName, a.text)
		if err != nil {
			return l.explain(i, err)
		}
		if s.byStudent() {
			l.given[i], l.right[i], l.last = true, s.label == a.label, i
		} else if s.label != a.label {
			return fmt.Errorf("request %d: the teacher's answer %q came as %q of %s", i+1, a.label, s.label, s.model)
		}
		if asked, err = l.teacher.count(); err != nil {
			return l.desk.gateway.Explain(err)
		}
		if asked < nextLook && (i+1)%lookEvery != 0 {
			continue
		}
		left, err := l.look(ctx, i)
		if err != nil {
			return l.explain(i, err)
		}
		nextLook = asked + left
	}
	for i := range l.asks {
		l.audited[i] = l.given[i] && l.teacher.asked[i] > 0
	}
	return nil
}

func (l *live) explain(i int, err error) error {
	if _, refused := l.teacher.count(); refused != nil {
		err = fmt.Errorf("%w; %w", err, refused)
	}
	return fmt.Errorf("request %d of %d: %w", i+1, len(l.asks), err)
}

// look waits for turns and notes what has happened up to request i. It returns how many more answers of the teacher there are to be at
// least before the next turn for that.
func (l *live) look(ctx context.Context, i int) (left int, err error) {
	began := time.Now()
	s, waited, err := l.desk.rested(ctx)
	if err != nil {
		return 0, err
	}
	if waited {
		l.waited += time.Since(began)
	}
	for _, t := range slices.Backward(s.Wheel.Turns) {
		if t.Ended == nil || l.turns[t.ID] {
			continue
		}
		l.turns[t.ID] = true
		fmt.Fprintf(os.Stderr, "request %d: turn %s by %s took %v: %s, %s\n", i+1, t.ID, t.Trigger, t.Ended.Sub(t.Begun).Round(time.Millisecond), t.Outcome, t.Says)
		if t.Outcome == "failed" || t.Outcome == "cancelled" {
			return 0, fmt.Errorf("turn %s: %s: %s", t.ID, t.Outcome, t.Says)
		}
		if t.Outcome == "promoted" && s.Wheel.Serving == nil {
			l.happened(i+1, wheel.Promoted, "")
		}
	}
	switch {
	case s.Wheel.Serving != nil:
		l.note(s.Wheel.Serving.Events)
	case s.Serving.Out && !l.out: // it answers nothing since then
		l.happened(max(l.last, i-lookEvery)+1, wheel.AlarmService, "")
	}
	l.out = s.Serving.Out
	if left = s.Wheel.Next - s.Wheel.Labels; left <= 0 {
		left = lookAgain
	}
	return left, nil
}

// note keeps events that are new, each with the number of requests that had been sent by then.
func (l *live) note(events []shownEvent) {
	for _, e := range slices.Backward(events) {
		if l.seen[e] {
			continue
		}
		l.seen[e] = true
		n, _ := slices.BinarySearchFunc(l.sent, e.At, time.Time.Compare)
		if e.Kind != wheel.Judged {
			fmt.Fprintf(os.Stderr, "request %d: %s %s: %s\n", n, e.Kind, e.Class, e.Says)
		}
		l.happened(n, e.Kind, e.Class)
	}
}

func (l *live) happened(request int, kind wheel.Kind, class string) {
	l.events = append(l.events, wheel.Event{Request: int64(request), Kind: kind, Class: class})
}

// serveSeries replays one series through a gateway of its own.
func (b *bench) serveSeries(ctx context.Context, kind string, order uint64, in *series) (*turned, error) {
	n := len(in.asks)
	teacher, err := startLabeller(n)
	if err != nil {
		return nil, err
	}
	defer teacher.stop()
	aside, err := json.Marshal(in.aside)
	if err != nil {
		return nil, err
	}
	fields := "{}"
	if len(in.aside) > 0 {
		fields = fmt.Sprintf("{aside: %s}", aside)
	}
	config, err := deskConfig(teacher.url, in.labels(), in.goal.Agreement, fields)
	if err != nil {
		return nil, err
	}
	name := fmt.Sprintf("%s-%d", kind, order)
	d, err := b.openDesk(ctx, name, config)
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(filepath.Join(b.retort.Folder, name))
	defer d.close()
	l := &live{desk: d, teacher: teacher, turns: map[string]bool{}, seen: map[shownEvent]bool{},
		replayed: &replayed{series: in, given: make([]bool, n), right: make([]bool, n), audited: make([]bool, n)}}
	began := time.Now()
	if err := l.replay(ctx); err != nil {
		return nil, fmt.Errorf("%s, order %d: %w", kind, order, err)
	}
	t := l.sum(kind, order)
	t.Gateway, t.Lessons, t.Seconds, t.TurnSeconds, t.TurnCPU = true, len(l.turns), time.Since(began).Seconds(), l.waited.Seconds(), childrenCPU(d.gateway.PID())
	return &t, nil
}

// measureStreams replays all series in all orders through real gateways and sums up.
func measureStreams(ctx context.Context, b *bench) error {
	done, err := b.replayAll(true, func(kind string, order uint64, in *series) (*turned, error) {
		return b.serveSeries(ctx, kind, order, in)
	})
	if err != nil {
		return err
	}
	b.reportTurns("served_", done)
	return nil
}
