// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package similar is a task's memory of its teacher's answers, with what is known of their agreement with fresh ones. Each
// tenant has a memory and a certificate of its own.
package similar

import (
	"maps"
	"slices"
	"sync"
	"time"

	"retort/compose"
	"retort/eval/certify"
	"retort/student/recall"
)

// Options of a Memory.
type Options struct {
	Goal certify.Goal     // that answers from memory must reach
	Max  int              // answers remembered for each tenant; 0: as in recall.Options
	TTL  time.Duration    // how long; 0: for good
	Now  func() time.Time // the clock; nil: time.Now
}

// Memory is a compose.Memory. It is safe for concurrent use.
type Memory struct {
	options Options

	mu      sync.Mutex
	tenants map[string]*acquaintance
}

// acquaintance is what is remembered of one tenant's requests.
type acquaintance struct {
	memory *recall.Memory

	mu               sync.Mutex
	live             *certify.Live
	agreed, differed int
}

// Counts sums up all tenants.
type Counts struct {
	Agreed   int // fresh answers that the memory would have given too
	Differed int // and others
	Speaks   int // tenants whose memory is certified at the moment
	Falls    int // certificates taken back because answers no longer agreed
}

// New returns a Memory that knows nothing. An error names a goal out of range.
func New(o Options) (*Memory, error) {
	if err := o.Goal.Check(); err != nil {
		return nil, err
	}
	return &Memory{options: o, tenants: map[string]*acquaintance{}}, nil
}

func (m *Memory) of(tenant string) *acquaintance {
	m.mu.Lock()
	defer m.mu.Unlock()
	a := m.tenants[tenant]
	if a == nil {
		live, _ := certify.NewLive(m.options.Goal) // which has been checked
		a = &acquaintance{live: live,
			memory: recall.New(recall.Options{Max: m.options.Max, TTL: m.options.TTL, Now: m.options.Now})}
		m.tenants[tenant] = a
	}
	return a
}

func (m *Memory) all() []*acquaintance {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Collect(maps.Values(m.tenants))
}

// Recall says what the memory knows, and whether it may be given.
func (m *Memory) Recall(tenant, input string) compose.Recollection {
	a := m.of(tenant)
	said := a.memory.Recall(input)
	c := a.certificate()
	return compose.Recollection{Answer: said.Label, Score: said.Score, Given: said.Label != "" && c.Answers(said.Score), Speaks: c.Speaks()}
}

// Learn remembers a fresh answer and, when it may, judges what the memory said before.
func (m *Memory) Learn(tenant, input string, said compose.Recollection, fresh string, judge bool) {
	a := m.of(tenant)
	a.memory.Keep(input, fresh)
	if !judge {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	agree := said.Answer == fresh
	if agree {
		a.agreed++
	} else {
		a.differed++
	}
	a.live.Judge(certify.Judgement{Score: said.Score, Agree: agree})
}

// Forget takes a wrong answer out: what is remembered of the input and, of the other inputs that speak for the answer,
// the one most like it.
func (m *Memory) Forget(tenant, input, wrong string) { m.of(tenant).memory.Forget(input, wrong) }

// Restart takes all certificates back: other requests than before come from now on. What is remembered stays.
func (m *Memory) Restart() {
	for _, a := range m.all() {
		a.mu.Lock()
		a.live.Restart()
		a.mu.Unlock()
	}
}

// Certificate returns what is known of a tenant's memory at the moment.
func (m *Memory) Certificate(tenant string) certify.Certificate { return m.of(tenant).certificate() }

func (a *acquaintance) certificate() certify.Certificate {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.live.Certificate()
}

// Counts returns what was compared since the beginning, and how matters stand.
func (m *Memory) Counts() Counts {
	var c Counts
	for _, a := range m.all() {
		a.mu.Lock()
		c.Agreed += a.agreed
		c.Differed += a.differed
		c.Falls += a.live.Falls()
		if a.live.Certificate().Speaks() {
			c.Speaks++
		}
		a.mu.Unlock()
	}
	return c
}
