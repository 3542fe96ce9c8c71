// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package replay answers from recordings: a Model that has seen the questions before and gives the recorded answer,
// with its usage and, if wanted, after its latency. It stands in for a teacher in demonstrations, in tests and in
// evaluations that must be repeatable and cost nothing.
//
// A recording is found by its task input, exactly as model.InputText gives it: prompts may change, the input may not.
package replay

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"retort/model"
)

// Options say how to replay.
type Options struct {
	Name    string      // the concrete model in answers and traces; "replay" when empty
	Latency bool        // answer only after the recorded latency
	Price   model.Price // what the recorded usage costs
}

// Model answers from recordings. An input that was recorded several times is answered with each recording in turn,
// beginning again after the last, so that asking again shows how consistent the recorded model was; the turns are
// counted for each Model and input. Whatever number of answers is asked for, one is given.
type Model struct {
	name    string
	latency bool
	price   model.Price
	answers map[string]*answers
	total   int
}

// answers are the recordings of one input.
type answers struct {
	turn atomic.Uint64
	list []*Recording
}

var _ model.Model = (*Model)(nil)

// New returns a Model that answers from recordings, which must not be changed afterwards.
func New(recordings []Recording, o Options) *Model {
	m := &Model{name: o.Name, latency: o.Latency, price: o.Price,
		answers: make(map[string]*answers, len(recordings)), total: len(recordings)}
	if m.name == "" {
		m.name = "replay"
	}
	for i := range recordings {
		r := &recordings[i]
		a := m.answers[r.Input]
		if a == nil {
			a = &answers{}
			m.answers[r.Input] = a
		}
		a.list = append(a.list, r)
	}
	return m
}

// Generate gives the recorded answer to req. An input without a recording is an error of kind NotFound.
func (m *Model) Generate(ctx context.Context, req *model.Request, emit func(model.Part) error) (*model.Response, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	start := time.Now()
	r, err := m.find(req)
	if err != nil {
		return nil, err
	}
	resp, err := m.answer(ctx, r, req.Stream, emit)
	a := model.Attempt{Model: m.name, Start: start, Duration: time.Since(start)}
	if err != nil {
		a.Error = model.KindOf(err).String()
	} else {
		a.Usage, a.Cost, a.Score, a.First = resp.Usage, resp.Cost, resp.Score, a.Duration
	}
	model.TrailOf(ctx).Add(a)
	return resp, err
}

// find returns the recording whose turn it is.
func (m *Model) find(req *model.Request) (*Recording, error) {
	content, err := req.Content()
	if err != nil {
		return nil, err
	}
	input, err := model.InputText(content)
	if err != nil {
		return nil, err
	}
	a := m.answers[input]
	if a == nil {
		return nil, m.miss(input)
	}
	turn := a.turn.Add(1) - 1
	return a.list[turn%uint64(len(a.list))], nil
}

func (m *Model) miss(input string) error {
	return &model.Error{Kind: model.NotFound, Op: "replay", Provider: m.name,
		Err: fmt.Errorf("no recording of the input %s", excerpt(input)),
		Hint: "the input must match to the letter; " + strconv.Itoa(len(m.answers)) + " inputs are recorded. " +
			"Record this one too, or put a live model behind this one with fallback"}
}

func excerpt(s string) string {
	const most = 80
	if len(s) <= most {
		return strconv.Quote(s)
	}
	cut := most
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return strconv.Quote(s[:cut]) + fmt.Sprintf("… (%d bytes)", len(s))
}

// answer waits, if that is wanted, and emits.
func (m *Model) answer(ctx context.Context, r *Recording, stream bool, emit func(model.Part) error) (*model.Response, error) {
	if m.latency {
		if err := wait(ctx, r.Latency); err != nil {
			return nil, err
		}
	}
	resp := model.Answer(m.name, r.Answer)
	resp.Usage, resp.Cost, resp.Score = r.Usage, m.price.Cost(r.Usage), r.Score
	pieces := []string{r.Answer}
	if stream {
		pieces = split(r.Answer)
	}
	for _, text := range pieces {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := emit(model.Part{Kind: model.TextPart, Text: text, Model: m.name, More: true}); err != nil {
			return nil, err
		}
	}
	if err := emit(model.Part{Kind: model.FinishPart, Finish: model.FinishStop, Model: m.name}); err != nil {
		return nil, err
	}
	return resp, nil
}

func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// split cuts a text into at most four pieces of about equal length, after spaces.
func split(s string) []string {
	const most = 4
	var out []string
	step := len(s)/most + 1
	for len(out) < most-1 {
		cut := strings.IndexByte(s[min(step, len(s)):], ' ')
		if cut < 0 {
			break
		}
		cut += step + 1
		out = append(out, s[:cut])
		s = s[cut:]
	}
	return append(out, s)
}
