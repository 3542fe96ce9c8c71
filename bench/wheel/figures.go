// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"math"
	"slices"

	"retort/wheel"
)

const window = 1000

// sum counts what became of a series.
func (r *replayed) sum(name string, order uint64) turned {
	n := len(r.asks)
	t := turned{Series: name, Order: order, WorstAnswers: 1, WorstRequests: 1}
	given, right, audited := r.part(0, n)
	t.Answered, t.Agreement, t.Audited = share(given, n), share(right, given), share(audited, n)
	last, _, _ := r.part(n-2000, n)
	t.Last = share(last, 2000)
	r.worst(&t)
	for _, e := range r.events {
		if e.Kind.Alarm() {
			t.Alarms = append(t.Alarms, fmt.Sprintf("%d %s %s", e.Request, e.Kind, e.Class))
			if int(e.Request) <= r.shift {
				t.Early++
			}
		}
	}
	if r.shift == n {
		return t
	}
	given, right, _ = r.part(0, r.shift)
	t.Before = share(right, given)
	given, right, _ = r.part(r.shift+2000, n)
	t.After = share(right, given)
	given, right, _ = r.part(n-window, n)
	t.Final = share(right, given)
	outside, answered, known := 0, 0, 0
	for i := n - 2000; i < n; i++ {
		if r.asks[i].outside {
			outside++
			answered += count(r.given[i])
			known += count(r.given[i] && !r.right[i])
		}
	}
	t.Outside, t.Known = share(answered, outside), share(known, outside)
	r.times(&t)
	return t
}

// times measures how long it took to notice a change, and to come back.
func (r *replayed) times(t *turned) {
	for _, e := range r.events {
		after := int(e.Request) - r.shift
		switch {
		case after <= 0:
		case (e.Kind == wheel.AlarmService || e.Kind == wheel.AlarmClasses) && t.Out == 0:
			t.Out = after
		case e.Kind == wheel.Promoted && t.Out > 0 && t.Back == 0:
			t.Back = after - t.Out
		case e.Kind == wheel.AlarmClass && slices.Contains(r.moved, e.Class) && t.Alone == 0:
			t.Alone = after
		case e.Kind == wheel.AlarmClass && !slices.Contains(r.moved, e.Class):
			t.Others++
		case e.Kind == wheel.ClassBack && slices.Contains(r.moved, e.Class) && t.Return == 0:
			t.Return = after - t.Alone
		}
	}
}

// worst finds the windows with the least agreement.
func (r *replayed) worst(t *turned) {
	var answers []int // right or not, of those given
	right, given, rightNow := 0, 0, 0
	for i := range r.asks {
		given += count(r.given[i])
		rightNow += count(r.right[i])
		if i >= window {
			given -= count(r.given[i-window])
			rightNow -= count(r.right[i-window])
		}
		if i >= window-1 && given >= 200 {
			t.WorstRequests = min(t.WorstRequests, share(rightNow, given))
		}
		if !r.given[i] {
			continue
		}
		answers = append(answers, count(r.right[i]))
		right += answers[len(answers)-1]
		if len(answers) > window {
			right -= answers[len(answers)-1-window]
		}
		if len(answers) >= window {
			t.WorstAnswers = min(t.WorstAnswers, share(right, window))
		}
	}
}

// part counts the requests from first to last, excluded.
func (r *replayed) part(first, last int) (given, right, audited int) {
	for i := first; i < last; i++ {
		given += count(r.given[i])
		right += count(r.right[i])
		audited += count(r.audited[i])
	}
	return given, right, audited
}

func count(b bool) int {
	if b {
		return 1
	}
	return 0
}

func share(n, of int) float64 {
	if of == 0 {
		return 0
	}
	return float64(n) / float64(of)
}

// over are the runs of one series.
type over []turned

func (o over) of(f func(t *turned) float64) []float64 {
	out := make([]float64, len(o))
	for i := range o {
		out[i] = f(&o[i])
	}
	slices.Sort(out)
	return out
}

func (o over) mean(f func(t *turned) float64) float64 {
	sum := 0.0
	for _, x := range o.of(f) {
		sum += x
	}
	return sum / float64(len(o))
}

func (o over) least(f func(t *turned) float64) float64  { return o.of(f)[0] }
func (o over) most(f func(t *turned) float64) float64   { return o.of(f)[len(o)-1] }
func (o over) median(f func(t *turned) float64) float64 { return o.of(f)[(len(o)-1)/2] }

// counted is how many runs something holds of.
func (o over) counted(f func(t *turned) bool) float64 {
	n := 0
	for i := range o {
		n += count(f(&o[i]))
	}
	return float64(n)
}

// never stands for what did not happen, among numbers of requests.
func never(n int) float64 {
	if n == 0 {
		return math.MaxInt32
	}
	return float64(n)
}

// tolerated is how many of so many runs may fail where one of twenty may.
func tolerated(runs int) float64 { return float64(max(1, runs/20)) }

// reportTurns turns runs into figures, whose names begin with a prefix.
func (b *bench) reportTurns(prefix string, done []turned) {
	note := func(name string, value float64, unit string) { b.Note(prefix+name, value, unit) }
	atLeast := func(name string, value float64, unit string, least float64) {
		b.AtLeast(prefix+name, value, unit, least)
	}
	atMost := func(name string, value float64, unit string, most float64) { b.AtMost(prefix+name, value, unit, most) }
	by := map[string]over{}
	for _, t := range done {
		by[t.Series] = append(by[t.Series], t)
	}
	answered := func(t *turned) float64 { return t.Answered }
	agreement := func(t *turned) float64 { return t.Agreement }
	last := func(t *turned) float64 { return t.Last }
	audited := func(t *turned) float64 { return t.Audited }
	common := func(name string, o over, goal float64) {
		note(name+"_orders", float64(len(o)), "runs")
		note(name+"_lessons", o.mean(func(t *turned) float64 { return float64(t.Lessons) }), "a run, mean")
		note(name+"_audited", o.mean(audited), "share of requests, mean")
		note(name+"_answered_least", o.least(answered), "share of requests, least of all runs")
		note(name+"_agreement_least", o.least(agreement), "share of answers, least of all runs")
		note(name+"_worst_1000_requests", o.least(func(t *turned) float64 { return t.WorstRequests }), "agreement, least of all runs")
		atMost(name+"_violated", o.counted(func(t *turned) bool { return t.Agreement < goal }), "runs", tolerated(len(o)))
	}
	for _, name := range []string{"banking", "noise"} {
		o, goal := by[name], usual.Agreement
		if len(o) == 0 {
			continue
		}
		if name == "noise" {
			goal = noisyAgreement
			note(name+"_answered", o.mean(answered), "share of requests, mean")
			note(name+"_answered_last_2000", o.mean(last), "share of requests, mean")
			atLeast(name+"_agreement", o.mean(agreement), "share of answers, mean", goal)
		} else {
			atLeast(name+"_answered", o.mean(answered), "share of requests, mean", 0.58)
			atLeast(name+"_answered_last_2000", o.mean(last), "share of requests, mean", 0.75)
			atLeast(name+"_agreement", o.mean(agreement), "share of answers, mean", goal)
		}
		note(name+"_runs_with_alarms", o.counted(func(t *turned) bool { return len(t.Alarms) > 0 }), "runs")
		common(name, o, goal)
	}
	if o := by["clinc"]; len(o) > 0 {
		atLeast("clinc_answered", o.mean(answered), "share of requests, mean", 0.70)
		atLeast("clinc_agreement_before", o.least(func(t *turned) float64 { return t.Before }), "share of answers, least of all runs", 0.95)
		atLeast("clinc_agreement_from_2000_after", o.least(func(t *turned) float64 { return t.After }), "share of answers, least of all runs", 0.95)
		atLeast("clinc_worst_1000_answers", o.least(func(t *turned) float64 { return t.WorstAnswers }), "agreement, least of all runs", 0.93)
		atMost("clinc_outside_answered", o.mean(func(t *turned) float64 { return t.Outside }), "share of the last 2,000 requests' out-of-scope ones, mean", 0.08)
		note("clinc_outside_answered_as_known", o.mean(func(t *turned) float64 { return t.Known }), "of the same, answered with another label than that of what is out of scope")
		note("clinc_outside_answered_most", o.most(func(t *turned) float64 { return t.Outside }), "the same, most of all runs")
		atMost("clinc_runs_with_early_alarms", o.counted(func(t *turned) bool { return t.Early > 0 }), "runs", tolerated(len(o)))
		common("clinc", o, usual.Agreement)
	}
	if o := by["shift"]; len(o) > 0 {
		atMost("shift_out_after", o.median(func(t *turned) float64 { return never(t.Out) }), "requests, median", 1000)
		note("shift_out_after_most", o.most(func(t *turned) float64 { return never(t.Out) }), "requests")
		note("shift_back_after", o.median(func(t *turned) float64 { return never(t.Back) }), "requests, median")
		atLeast("shift_back", o.counted(func(t *turned) bool { return t.Out > 0 && t.Back > 0 }), "runs", float64(len(o)))
		atLeast("shift_agreement_last_1000", o.mean(func(t *turned) float64 { return t.Final }), "share of answers, mean", 0.95)
		note("shift_answered_last_2000", o.mean(last), "share of requests, mean")
		note("shift_runs_with_early_alarms", o.counted(func(t *turned) bool { return t.Early > 0 }), "runs")
		note("shift_audited", o.mean(audited), "share of requests, mean")
		note("shift_orders", float64(len(o)), "runs")
	}
	if o := by["class"]; len(o) > 0 {
		atLeast("class_out_alone", o.counted(func(t *turned) bool { return t.Alone > 0 && t.Out == 0 }), "runs", float64(len(o))/2)
		note("class_out_after", o.median(func(t *turned) float64 { return never(t.Alone) }), "requests, median")
		note("class_back", o.counted(func(t *turned) bool { return t.Return > 0 }), "runs")
		note("class_student_out", o.counted(func(t *turned) bool { return t.Out > 0 }), "runs")
		note("class_other_classes_out", o.counted(func(t *turned) bool { return t.Others > 0 }), "runs")
		note("class_orders", float64(len(o)), "runs")
	}
}
