// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package eval

import (
	"fmt"
	"slices"
	"time"

	"retort/model"
)

// Report is what a Run found.
type Report struct {
	Model    string         `json:"model"` // as RunOptions.Name
	Items    int            `json:"items"`
	Answered int            `json:"answered"`          // with a prediction
	Resumed  int            `json:"resumed,omitempty"` // of the items, those taken from the journal
	Errors   map[string]int `json:"errors,omitempty"`  // failed items by kind of error
	// Message is what the first failed item's error said, an example for the reader; empty when none failed.
	Message string `json:"message,omitempty"`

	Usage   model.Usage `json:"usage"` // over all items, failed and resumed ones included
	Cost    model.Money `json:"cost"`  // of the same
	Spent   model.Money `json:"spent"` // by this run alone
	Latency Latency     `json:"latency"`
	Seconds float64     `json:"seconds"` // this run took

	// AnsweredBy counts the answers of each concrete model: of a cascade, how many the student gave.
	AnsweredBy map[string]int `json:"answered_by,omitempty"`
	Metrics    *Metrics       `json:"metrics"` // failed items count as wrong; null where no right answers are known

	Outcomes []Outcome `json:"-"` // in the order of the cases
}

// Latency is how long answers took, in nanoseconds, over the answered items.
type Latency struct {
	Mean time.Duration `json:"mean_ns"`
	P50  time.Duration `json:"p50_ns"`
	P99  time.Duration `json:"p99_ns"`
}

func summarise(opt RunOptions, outcomes []Outcome) *Report {
	r := &Report{Model: opt.Name, Items: len(outcomes), Outcomes: outcomes,
		Errors: map[string]int{}, AnsweredBy: map[string]int{}}
	var took []time.Duration
	for i := range outcomes {
		o := &outcomes[i]
		r.Usage = r.Usage.Add(o.Usage)
		r.Cost += o.Cost
		if o.Resumed {
			r.Resumed++
		}
		if o.Error != "" {
			r.Errors[o.Error]++
			if r.Message == "" {
				r.Message = o.Message
			}
			continue
		}
		r.Answered++
		r.AnsweredBy[o.Model]++
		took = append(took, o.Latency)
	}
	r.Latency = latencies(took)
	return r
}

// measure holds the answers against those wanted.
func (r *Report) measure(opt RunOptions) (err error) {
	items := make([]Item, len(r.Outcomes))
	for i := range r.Outcomes {
		o := &r.Outcomes[i]
		items[i].Gold = o.Case.Gold
		if o.Error == "" {
			items[i].Predicted, items[i].Score = o.Predicted, o.Score
		}
	}
	if r.Metrics, err = Measure(items, opt.Measure); err != nil {
		return fmt.Errorf("evaluate %q: %w", opt.Name, err)
	}
	return nil
}

func latencies(took []time.Duration) Latency {
	if len(took) == 0 {
		return Latency{}
	}
	slices.Sort(took)
	var sum time.Duration
	for _, d := range took {
		sum += d
	}
	n := len(took)
	return Latency{Mean: sum / time.Duration(n), P50: took[(n-1)/2], P99: took[(n*99-1)/100]}
}
