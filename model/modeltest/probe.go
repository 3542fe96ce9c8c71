// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package modeltest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"retort/model"
)

// probe is an emit that watches how it is called.
type probe struct {
	stopAt int // the part to refuse with errStop, from 1; 0 refuses none
	onPart func()

	mu       sync.Mutex
	busy     bool
	returned bool
	stopped  bool
	count    int
	faults   []error
	grown    model.Collector
}

var errStop = errors.New("modeltest: the receiver of the parts has had enough")

func (p *probe) emit(part model.Part) error {
	if !p.enter() {
		return errStop
	}
	defer p.leave()
	if p.onPart != nil {
		p.onPart()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.count++
	p.see(&part)
	if p.count == p.stopAt {
		p.stopped = true
		return errStop
	}
	return nil
}

// enter notes a call, and refuses those that the contract forbids.
func (p *probe) enter() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.returned:
		p.fault("emit was called after Generate had returned")
	case p.stopped:
		p.fault("emit was called again after it had returned an error")
	case p.busy:
		p.fault("emit was called while another call was running")
	default:
		p.busy = true
		return true
	}
	return false
}

func (p *probe) leave() {
	p.mu.Lock()
	p.busy = false
	p.mu.Unlock()
}

func (p *probe) see(part *model.Part) {
	if err := p.grown.Add(part); err != nil {
		p.fault("part %d: %v", p.count, err)
	}
	if part.Event.Dialect != Dialect || part.Event.Same {
		return
	}
	if want := EventData(nil, part); string(part.Event.Data) != string(want) {
		p.fault("part %d carries the event %q, which came as %q: was it kept without copying its data?",
			p.count, part.Event.Data, want)
	}
}

func (p *probe) fault(format string, args ...any) {
	p.faults = append(p.faults, fmt.Errorf(format, args...))
}

// end closes the probe: from now on every call is a fault.
func (p *probe) end() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.returned = true
	return errors.Join(p.faults...)
}

func (p *probe) errors() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return errors.Join(p.faults...)
}

// generate calls m and checks what holds for every call: it comes back, exactly one of response and error is set, and
// emit is used as agreed. faults says what was wrong with the call itself.
func (s *suite) generate(ctx context.Context, m model.Model, req *model.Request, p *probe) (resp *model.Response, err, faults error) {
	type outcome struct {
		resp *model.Response
		err  error
	}
	done := make(chan outcome, 1) // with room, so that a call that comes back too late can still end
	go func() {
		resp, err := m.Generate(ctx, req, p.emit)
		done <- outcome{resp, err}
	}()
	timer := time.NewTimer(s.hang)
	defer timer.Stop()
	select {
	case out := <-done:
		resp, err = out.resp, out.err
	case <-timer.C:
		return nil, nil, fmt.Errorf("Generate has not returned after %v", s.hang)
	}
	faults = p.end()
	switch {
	case resp != nil && err != nil:
		faults = errors.Join(faults, fmt.Errorf("Generate returned both a response and an error (%w)", err))
	case resp == nil && err == nil:
		faults = errors.Join(faults, errors.New("Generate returned neither a response nor an error"))
	}
	return resp, err, faults
}

// answer calls m, which must succeed.
func (s *suite) answer(ctx context.Context, m model.Model, req *model.Request, p *probe) (*model.Response, error) {
	resp, err, faults := s.generate(ctx, m, req, p)
	if faults != nil {
		return nil, faults
	}
	if err != nil {
		return nil, fmt.Errorf("Generate failed: %w", err)
	}
	return resp, nil
}
