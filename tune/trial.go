// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package tune

import (
	"crypto/sha256"
	"encoding/json"
	"hash/fnv"
	"math"
	"slices"
	"strconv"

	"retort/eval/judge"
	"retort/model"
)

// judged is an answer of which is known how good it is.
type judged struct {
	request *model.Request
	text    string
	worth   float64
}

func (j judged) answer() *model.Response { return model.Answer("", j.text) }

// trial is something to put to a judge of which the right verdict is known: that the better answer is better than the worse, or
// that a single one is good or bad. Both answer one request, unless only grades are wanted.
type trial struct {
	better, worse *judged // one of them is nil for a single answer
}

// clear is by how much worths must differ for one answer to be the better one.
const clear = 0.1

// mostTrials bounds what a judge is asked about; what the budget allows may be less.
const mostTrials = 400

// contested returns a trial of each record with two answers of clearly different worth: the best and the worst.
func (j *Job) contested() []trial {
	var out []trial
	for _, c := range j.contests() {
		low, high := -1, -1
		for i, worth := range c.Worth {
			if low < 0 || worth < c.Worth[low] {
				low = i
			}
			if high < 0 || worth > c.Worth[high] {
				high = i
			}
		}
		if low < 0 || c.Worth[high]-c.Worth[low] < clear || c.Answers[low].Text() == c.Answers[high].Text() {
			continue
		}
		of := func(i int) *judged { return &judged{c.Request, c.Answers[i].Text(), c.Worth[i]} }
		out = append(out, trial{of(high), of(low)})
	}
	return j.shuffled(out)
}

// graded returns trials of answers to different requests, a good one and a bad one each, or single ones where alone is set.
func (j *Job) graded(answers []judged, alone bool) []trial {
	var good, bad []trial
	for i := range answers {
		a := &answers[i]
		if a.worth >= goodEnough {
			good = append(good, trial{better: a})
		} else {
			bad = append(bad, trial{worse: a})
		}
	}
	good, bad = j.shuffled(good), j.shuffled(bad)
	if alone {
		return j.shuffled(append(good, bad...))
	}
	n := min(len(good), len(bad))
	out := make([]trial, n)
	for i := range n {
		out[i] = trial{good[i].better, bad[i].worse}
	}
	return out
}

// trials are trials for worked examples, those that prompts are compared on, and those that measure what was chosen; no request is in
// two of them. A judge that was shown an answer in an example must not be asked about it, and one that was chosen by an answer is
// flattered by it.
type trials struct{ training, choosing, unseen []trial }

// divided divides trials, each of one request: a third is for examples, and a quarter for measuring where enough for the choice remain.
func divided(all []trial) trials {
	of, order := map[[sha256.Size]byte][]trial{}, [][sha256.Size]byte(nil)
	for _, t := range all {
		key := t.asks()
		if of[key] == nil {
			order = append(order, key)
		}
		of[key] = append(of[key], t)
	}
	var t trials
	third, quarter := len(all)/3, len(all)/4
	if len(all)-third-quarter < earliest {
		quarter = 0
	}
	for _, key := range order {
		switch n := len(of[key]); {
		case len(t.training)+n <= third:
			t.training = append(t.training, of[key]...)
		case len(t.unseen)+n <= quarter:
			t.unseen = append(t.unseen, of[key]...)
		default:
			t.choosing = append(t.choosing, of[key]...)
		}
	}
	return t
}

// asks names the request of a trial of one request: equal for equal messages.
func (t *trial) asks() [sha256.Size]byte {
	a := t.better
	if a == nil {
		a = t.worse
	}
	content, _ := a.request.Content()         // records have contents
	text, _ := json.Marshal(content.Messages) // as which they were read
	return sha256.Sum256(text)
}

// dividedGrades is divided of graded: answers are divided by request before good and bad ones of different requests are paired.
func (j *Job) dividedGrades(answers []judged, alone bool) trials {
	t := divided(j.graded(answers, true))
	if alone {
		return t
	}
	return trials{j.graded(answersOf(t.training), false), j.graded(answersOf(t.choosing), false), j.graded(answersOf(t.unseen), false)}
}

func answersOf(trials []trial) []judged {
	var out []judged
	for _, t := range trials {
		for _, a := range []*judged{t.better, t.worse} {
			if a != nil {
				out = append(out, *a)
			}
		}
	}
	return out
}

// singles returns all answers of the records.
func (j *Job) singles() []judged {
	var out []judged
	for _, c := range j.contests() {
		for i := range c.Answers {
			out = append(out, judged{c.Request, c.Answers[i].Text(), c.Worth[i]})
		}
	}
	return out
}

// shuffled puts trials into an order that depends on what they are and on the seed alone, so that the same data asks the same
// questions whatever the order of its lines.
func (j *Job) shuffled(trials []trial) []trial {
	key := func(t trial) uint64 {
		h := fnv.New64a()
		_, _ = h.Write([]byte(strconv.FormatUint(j.Seed, 36)))
		for _, a := range []*judged{t.better, t.worse} {
			if a != nil {
				content, _ := a.request.Content() // records have contents
				for i := range content.Messages {
					_, _ = h.Write([]byte(content.Messages[i].Text()))
				}
				_, _ = h.Write([]byte("\x00" + a.text + "\x00"))
			}
		}
		return h.Sum64()
	}
	slices.SortStableFunc(trials, func(a, b trial) int {
		x, y := key(a), key(b)
		switch {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return 0
	})
	return trials
}

// Worked examples cost input tokens at each verdict: long texts are none.
const longExample = 1500

// examples makes n worked examples of trials: clear and short ones, the better answer first and second in turn, or a good and a
// bad one in turn. There may be fewer.
func examples(trials []trial, pairs bool, n int) []judge.Example {
	var out []judge.Example
	for _, t := range trials {
		if len(out) == n {
			break
		}
		first := len(out)%2 == 0
		switch {
		case pairs:
			if t.better == nil || t.worse == nil || t.better.worth-t.worse.worth < 0.5 {
				continue
			}
			one, other, verdict := t.better, t.worse, "first"
			if !first {
				one, other, verdict = t.worse, t.better, "second"
			}
			out = appendShort(out, one.request, verdict, one.text, other.text)
		default:
			a := t.better
			if !first {
				a = t.worse
			}
			if a == nil || math.Abs(a.worth-goodEnough) < 0.25 {
				continue
			}
			out = appendShort(out, a.request, judge.GradeOf(a.worth), a.text)
		}
	}
	return out
}

func appendShort(out []judge.Example, req *model.Request, verdict string, answers ...string) []judge.Example {
	content, err := req.Content()
	if err != nil {
		return out
	}
	text, err := model.InputText(content)
	size := len(text)
	for _, a := range answers {
		size += len(a)
	}
	if err != nil || size > longExample {
		return out
	}
	return append(out, judge.Example{Request: text, Answers: answers, Verdict: verdict})
}
