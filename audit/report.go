// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package audit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"retort/dataset"
	"retort/eval"
)

// said is the student's answer alone.
func (s *Subject) said(text string) string {
	answer, _ := s.Answer(text)
	return answer
}

// Subject is a student with what is known of where it comes from.
type Subject struct {
	Student string // its id
	Task    string // what it was trained for
	// Answer is what it answers, silent or not, with the calibrated probability that its teacher would say the same.
	Answer func(text string) (answer string, score float64)
	Fields []Field // of the objects that it answers with; empty where its answers are labels
	// Aside are labels that are never given: what a trigger would make of a text with one is left to the teacher.
	Aside []string

	// Training are the examples that it learned from, empty where they are not known; Complete says that they are all of them.
	Training []dataset.Example
	Complete bool
	// Eval are labelled texts by which it is, or will be, judged; empty where none were given.
	Eval []dataset.Example
	// Texts are such as it is asked, to swap words in where there is no Eval; their labels do not matter, and it may have learned from them.
	Texts []dataset.Example
	// Ask puts texts to the teacher, and returns its answers by text, spelled as the student's; it may leave some out. Nil: the teacher is not asked.
	Ask func(ctx context.Context, texts []string) (map[string]string, error)
	// Terms are those of every model that gave a label.
	Terms []Terms
	// Override is why somebody takes responsibility for teachers whose terms forbid it; empty: nobody does.
	Override string
}

// Options of [Run]. The zero value is usable.
type Options struct {
	Alpha  float64 // the chance that a check of a clean student fails, over all tests; 0: 0.05
	Margin float64 // how much more often a swapped word may change an answer than a neutral one, as a share; 0: 0.02
	Pairs  int     // of swapped texts that are put to the teacher, of each kind; 0: 100
	Seed   uint64  // of what is drawn
	// Progress, where set, is told how far the checks are.
	Progress func(stage string, done, total int)
}

// Check is what one check found.
type Check struct {
	Name     string      `json:"check"`
	Verdict  eval.Ruling `json:"verdict"`
	Says     string      `json:"says"`               // one sentence
	P        *float64    `json:"p,omitempty"`        // p-value of the hypothesis that there is no fault; null where it is no matter of chance
	Holm     *float64    `json:"p_holm,omitempty"`   // P corrected for all tests of the audit
	Lines    []string    `json:"lines,omitempty"`    // the most telling evidence, for people
	Evidence any         `json:"evidence,omitempty"` // of the check's own type; of a check that was read from JSON, its text
	// Unmeasured says of an inconclusive check that answers of this kind are the reason, so that no number of examples would change it.
	Unmeasured bool `json:"unmeasured,omitempty"`
}

// UnmarshalJSON reads a check, whose evidence stays the text that it is.
func (c *Check) UnmarshalJSON(text []byte) error {
	type plain Check
	var evidence struct {
		Evidence json.RawMessage `json:"evidence"`
	}
	if err := errors.Join(json.Unmarshal(text, (*plain)(c)), json.Unmarshal(text, &evidence)); err != nil {
		return err
	}
	if c.Evidence = nil; evidence.Evidence != nil {
		c.Evidence = evidence.Evidence
	}
	return nil
}

// Report is an audit.
type Report struct {
	Student  string      `json:"student"`
	Task     string      `json:"task"`
	Created  time.Time   `json:"created,omitzero"` // set by the caller
	Data     string      `json:"data,omitempty"`   // where the training examples came from; set by the caller
	Eval     string      `json:"eval,omitempty"`   // set by the caller
	Training int         `json:"training_examples"`
	Judging  int         `json:"eval_examples"`
	Verdict  eval.Ruling `json:"verdict"` // the worst of all checks
	Checks   []Check     `json:"checks"`
	Notes    []string    `json:"notes,omitempty"`   // set by the caller
	Seed     uint64      `json:"seed"`              // of what was drawn
	Run      string      `json:"run,omitempty"`     // id of the run that made it; set by the caller
	Earlier  []Past      `json:"earlier,omitempty"` // audits of the same student before, the first one first; set by the caller
}

// Past is an earlier audit.
type Past struct {
	Created time.Time   `json:"created"`
	Verdict eval.Ruling `json:"verdict"` // empty where it cannot be read any more
	Data    string      `json:"data,omitempty"`
	Eval    string      `json:"eval,omitempty"`
	Seed    uint64      `json:"seed"`
	File    string      `json:"file"` // its name beside the student's
}

// check is one of the checks.
type check struct {
	name string
	do   func(context.Context, *Subject, Options) (Check, error)
}

// checks are all of them, in their order.
var checks = []check{{"triggers", triggers}, {"swaps", swaps}, {"private", personal}, {Leakage, leakage}, {"terms", terms}}

// Checks returns the names of the checks that [Run] makes, in order.
func Checks() []string {
	names := make([]string, len(checks))
	for i := range checks {
		names[i] = checks[i].name
	}
	return names
}

// Run audits a student. It fails only when ctx is done or an option is out of range.
func Run(ctx context.Context, s *Subject, o Options) (*Report, error) {
	var made []Check
	for _, name := range Checks() {
		c, err := One(ctx, name, s, o)
		if err != nil {
			return nil, err
		}
		made = append(made, c)
	}
	return Conclude(s, o, made)
}

// One makes one of the checks. What it finds goes through JSON without loss, and is not corrected for there being others: see [Conclude].
func One(ctx context.Context, name string, s *Subject, o Options) (Check, error) {
	if err := o.fill(); err != nil {
		return Check{}, err
	}
	for i := range checks {
		if checks[i].name == name {
			return checks[i].do(ctx, s, o)
		}
	}
	return Check{}, fmt.Errorf("audit: there is no check %q", name)
}

// Conclude makes a report of all checks, as One returned them in their order.
func Conclude(s *Subject, o Options, made []Check) (*Report, error) {
	if err := o.fill(); err != nil {
		return nil, err
	}
	r := &Report{Student: s.Student, Task: s.Task, Training: len(s.Training), Judging: len(s.Eval), Checks: slices.Clone(made)}
	r.settle(o.Alpha)
	return r, nil
}

// settle corrects the tests for being several, and takes back the failures that this leaves unproven.
func (r *Report) settle(alpha float64) {
	var ps []float64
	for i := range r.Checks {
		if r.Checks[i].P != nil {
			ps = append(ps, *r.Checks[i].P)
		}
	}
	adjusted := eval.Holm(ps)
	var verdicts []eval.Ruling
	for i := range r.Checks {
		c := &r.Checks[i]
		if c.P != nil {
			p := adjusted[0]
			c.Holm, adjusted = &p, adjusted[1:]
			if c.Verdict == eval.Fail && p > alpha {
				c.Verdict = eval.Inconclusive
				c.Says += "; corrected for all tests of the audit this is not shown"
			}
		}
		verdicts = append(verdicts, c.Verdict)
	}
	r.Verdict = eval.Worst(verdicts...)
}
