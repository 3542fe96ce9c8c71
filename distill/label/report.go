// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package label

import (
	"retort/model"
)

// Report says what a run did, how good the teachers seem to be, and what is left to do.
type Report struct {
	Inputs   int      `json:"inputs"`         // distinct ones
	Labelled int      `json:"labelled"`       // with a label in the end
	Asks     int      `json:"asks"`           // inputs times teachers times votes
	Missing  int      `json:"missing"`        // of these, not asked since the budget was spent, or nobody was to be asked
	Tied     int      `json:"tied,omitempty"` // inputs on which teachers of objects say different things equally often
	Votes    int      `json:"votes"`
	Method   Method   `json:"method"`          // how answers became labels
	Notes    []string `json:"notes,omitempty"` // what the figures do not say

	Cost        model.Money  `json:"cost_usd"`                  // of this run
	CostBefore  model.Money  `json:"cost_before_usd"`           // of earlier runs for the same inputs and teachers
	CostUnsure  model.Money  `json:"cost_unsure_usd,omitempty"` // of Cost, for calls without an answer that may have been billed
	Budget      *model.Money `json:"budget_usd,omitempty"`
	BudgetEnded bool         `json:"budget_ended"`

	Teachers  []TeacherReport `json:"teachers"`
	Agreement []Agreement     `json:"agreement,omitempty"` // of each pair of teachers
}

// Method is how answers become labels.
type Method string

// The methods.
const (
	MethodSingle    Method = "single"      // one teacher's answer, or the label that it holds for most probable
	MethodConsensus Method = "dawid-skene" // several teachers, weighed by their reliability
	MethodPlurality Method = "plurality"   // several teachers of objects: what most of them say, of equals the first
)

// TeacherReport is what became of one teacher's asks.
type TeacherReport struct {
	Name   string         `json:"name"`
	Models map[string]int `json:"models,omitempty"` // concrete models that answered, and how often
	Terms  string         `json:"terms,omitempty"`  // what is known of whether its answers may be learned from

	Answers int            `json:"answers"`           // that the task allows
	Reused  int            `json:"reused,omitempty"`  // outcomes of earlier runs
	Traced  int            `json:"traced,omitempty"`  // answers from traces
	Batched int            `json:"batched,omitempty"` // of Asked, through batches
	Asked   int            `json:"asked"`             // by this run
	Calls   int            `json:"calls"`             // to upstreams, by this run: repairs and further tries included
	Outside int            `json:"outside"`           // answers that the task does not allow, after a repair: not used
	Failed  map[string]int `json:"failed,omitempty"`  // inputs without an answer, by the kind of error
	Refused int            `json:"refused"`           // calls that came too fast, and were made again
	Soft    int            `json:"soft,omitempty"`    // answers with probabilities of tokens
	Example string         `json:"example,omitempty"` // what was wrong with the first answer outside
	Usage   model.Usage    `json:"usage"`
	Cost    model.Money    `json:"cost_usd"` // of this run

	// Passed counts answers to the same inputs that earlier runs had from another teacher of this name, another model or a server at another address:
	// they are not used, and what they cost is in no budget of this one.
	Passed     int         `json:"passed,omitempty"`
	PassedCost model.Money `json:"passed_cost_usd,omitempty"`

	// Repeated counts inputs that the teacher was asked about more than once, and Repeats those of them to which its first two
	// answers are the same: how consistent it is.
	Repeated int `json:"repeated,omitempty"`
	Repeats  int `json:"repeats,omitempty"`
	// Known and Right count inputs whose true label is known and those of them that the teacher got right.
	Known int `json:"known,omitempty"`
	Right int `json:"right,omitempty"`
	// Reliability is how often the teacher is estimated to be right; nil where nothing tells. Classes has it by label.
	Reliability *float64     `json:"reliability,omitempty"`
	Classes     []ClassScore `json:"classes,omitempty"`
}

// ClassScore is how a teacher does at one label.
type ClassScore struct {
	Label       string  `json:"label"`
	Said        int     `json:"said"`        // how often the teacher says it
	Reliability float64 `json:"reliability"` // estimated probability that it says the label where that is right
}

// Agreement is how often two teachers say the same.
type Agreement struct {
	Teachers [2]string `json:"teachers"`
	Both     int       `json:"both"` // inputs that both answered
	Same     int       `json:"same"`
	Kappa    float64   `json:"kappa"` // Cohen's: agreement beyond what their shares of labels make by chance; 0 where that is undefined
}

// stats is what is counted of one teacher while a run goes on.
type stats struct {
	reused, traced, asked, calls, refused, batched, passed int
	usage                                                  model.Usage
	cost, passedCost                                       model.Money
}

func newStats(job *Job) []stats { return make([]stats, len(job.Teachers)) }

// tally counts the calls behind an ask.
func (r *run) tally(q *question, trail *model.Trail, a *account, err error) {
	usage, _ := trail.Total()
	r.mu.Lock()
	defer r.mu.Unlock()
	s := &r.stats[q.teacher]
	s.usage = s.usage.Add(usage)
	s.cost += a.cost
	if a.batched {
		s.batched++
	}
	for _, attempt := range trail.Attempts() {
		if !attempt.Cached {
			s.calls++
		}
	}
	if err != nil && model.KindOf(err) == model.RateLimited {
		s.refused++
	}
}
