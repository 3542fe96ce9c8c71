// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package quickstart

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"retort/eval/certify"
	"retort/internal/app"
	"retort/internal/store"
	"retort/model"
)

// Result is what a quickstart measured.
type Result struct {
	Dir           string         `json:"dir"`
	URL           string         `json:"url"`
	Distilled     *app.Distilled `json:"-"`
	DistilSeconds float64        `json:"distil_seconds"` // reading traces, training, cross-fitting and certifying

	Taught  int `json:"taught"`   // messages sent while the teacher answered
	HeldOut int `json:"held_out"` // messages sent afterwards, none of which the student has seen

	Answered  int     `json:"answered"` // of the held-out ones, by the student
	Agreed    int     `json:"agreed"`   // of those, as the recorded teacher
	Coverage  float64 `json:"coverage"`
	Agreement float64 `json:"agreement"`

	// Certificate is the student's, put to the held-out messages.
	Certificate certify.Certificate `json:"certificate"`

	CostBefore model.Money `json:"cost_before"` // of 1,000 requests while the teacher answered, US dollars
	CostAfter  model.Money `json:"cost_after"`  // of 1,000 held-out requests

	Teacher Latency `json:"teacher"` // as the clients saw it
	Student Latency `json:"student"`

	Example string `json:"example"` // a held-out message that the student answers; "" when it answers none

	StudentBytes int64   `json:"student_bytes"`
	TrainSeconds float64 `json:"train_seconds"`
	PredictP50us float64 `json:"predict_p50_us"`
}

// Latency is the time from sending a request until its whole answer was there.
type Latency struct {
	P50 time.Duration `json:"p50_ns"`
	P99 time.Duration `json:"p99_ns"`
}

func latency(replies []reply, of func(*reply) bool) Latency {
	var took []time.Duration
	for i := range replies {
		if of(&replies[i]) {
			took = append(took, replies[i].took)
		}
	}
	if len(took) == 0 {
		return Latency{}
	}
	slices.Sort(took)
	return Latency{took[len(took)/2], took[len(took)*99/100]}
}

// measure fills in the figures from what the clients saw and from the traces.
func (r *Result) measure(ctx context.Context, a *app.App, before, after []reply) error {
	r.Taught, r.HeldOut = len(before), len(after)
	r.Teacher = latency(before, func(*reply) bool { return true })
	r.Student = latency(after, (*reply).byStudent)
	traces := map[string]*model.Trace{}
	for trace, err := range a.Traces(ctx, store.Filter{}) {
		if err != nil {
			return fmt.Errorf("read the traces back: %w", err)
		}
		traces[trace.ID] = trace
	}
	var err error
	if r.CostBefore, err = perThousand(before, traces); err != nil {
		return err
	}
	if r.CostAfter, err = perThousand(after, traces); err != nil {
		return err
	}
	for i := range after {
		if after[i].byStudent() {
			r.Answered++
			r.Example = shorter(r.Example, after[i].message.Input)
			if after[i].label == after[i].message.Answer {
				r.Agreed++
			}
		}
	}
	r.Coverage = float64(r.Answered) / float64(len(after))
	if r.Answered > 0 {
		r.Agreement = float64(r.Agreed) / float64(r.Answered)
	}
	report := &r.Distilled.Report
	r.StudentBytes, r.TrainSeconds, r.PredictP50us = report.StudentBytes, report.TrainSeconds, report.PredictP50us
	r.Certificate, err = certified(report.Certificate, after, traces)
	return err
}

// certified puts the student's threshold to the held-out messages.
func certified(c certify.Certificate, after []reply, traces map[string]*model.Trace) (certify.Certificate, error) {
	if !c.Speaks() {
		return c, nil
	}
	judged := make([]certify.Judgement, len(after))
	for i := range after {
		judged[i] = certify.Judgement{Score: studentScore(traces[after[i].trace]), Agree: after[i].label == after[i].message.Answer}
	}
	return c.Upgrade(judged)
}

// studentScore is the score of the student's attempt behind an answer, taken or not.
func studentScore(t *model.Trace) float64 {
	for i := range t.Attempts {
		if strings.HasPrefix(t.Attempts[i].Model, "student/") {
			return t.Attempts[i].Score
		}
	}
	return 0
}

// perThousand is what a thousand requests like these cost, by their traces.
func perThousand(replies []reply, traces map[string]*model.Trace) (model.Money, error) {
	var sum model.Money
	for i := range replies {
		trace, ok := traces[replies[i].trace]
		if !ok {
			return 0, fmt.Errorf("the trace %s of an answered request is not in the store", replies[i].trace)
		}
		sum += trace.Cost
	}
	return sum * 1000 / model.Money(len(replies)), nil
}

// shorter returns the shorter of two messages that a shell can quote as they are; a as it is when b is none.
func shorter(a, b string) string {
	if len(b) < 20 || strings.ContainsFunc(b, func(r rune) bool { return r < ' ' || r > '~' || strings.ContainsRune("'\"\\", r) }) {
		return a
	}
	if a == "" || len(b) < len(a) {
		return b
	}
	return a
}
