// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package compose

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"retort/model"
)

// Recorder keeps traces. It is safe for concurrent use and keeps nothing of a trace after it returns, since what the
// trace points to is used again.
type Recorder interface {
	// Record returns once the trace is safe from a crash of the process, or an error when it is not.
	Record(ctx context.Context, t *model.Trace) error
}

// Recording says how Record records; the zero value is ready to use.
type Recording struct {
	Now     func() time.Time          // the clock; nil: time.Now
	Content func(*model.Request) bool // whether to keep what was asked and answered; nil: always
	Wait    time.Duration             // how long a recorder may take; 0: 10 s
	Purpose model.Work                // what the requests are made for
}

// Record returns a model that answers as m does and hands the trace of every request, failed ones included, to
// recorder. Every model that clients can name is wrapped so.
//
//	capture: {content: true}
//
// A caller cannot see the end of an answer that is not recorded: the part that ends a choice and all that follows in
// that choice are held back until the recorder has the trace, and when it fails so does the request. What a failed or
// abandoned request cost is recorded too, as an estimate where its upstream had not said: the recorder's context outlives
// the request's, by Wait at most.
//
// Tokens, cost and attempts come from the trail in ctx, which is made here if there is none; a model that leaves no
// attempts there is accounted for by its response. A request without a trace id gets one.
func Record(m model.Model, recorder Recorder, how Recording) model.Model {
	if how.Now == nil {
		how.Now = time.Now
	}
	if how.Wait == 0 {
		how.Wait = 10 * time.Second
	}
	return &record{m, recorder, how}
}

type record struct {
	model    model.Model
	recorder Recorder
	how      Recording
}

// Generate asks the model and records what came of it.
func (r *record) Generate(ctx context.Context, req *model.Request, emit func(model.Part) error) (*model.Response, error) {
	trail := model.TrailOf(ctx)
	if trail == nil {
		trail = &model.Trail{}
		ctx = model.WithTrail(ctx, trail)
	}
	p := &passage{gate: gate{emit: emit}, now: r.how.Now, start: r.how.Now()}
	resp, err := r.model.Generate(ctx, req, p.add)
	if err == nil {
		err = p.gate.release()
	}
	r.fill(&p.trace, req, trail, p)
	if err != nil {
		r.failed(&p.trace, err)
		_ = r.save(ctx, p) // the caller gets the error that came first; the recorder has raised its alarm
		return nil, err
	}
	r.answered(&p.trace, resp)
	if err := r.save(ctx, p); err != nil {
		return nil, err
	}
	if err := p.gate.end(); err != nil {
		return nil, err
	}
	return resp, nil
}

// passage is one request on its way through a record, in one piece since every request takes one.
type passage struct {
	gate  gate
	now   func() time.Time
	start time.Time
	first time.Duration // until the first part
	trace model.Trace
	late  late
}

func (p *passage) add(part model.Part) error {
	if p.first == 0 && part.Kind != model.MetaPart {
		p.first = max(1, p.now().Sub(p.start))
	}
	return p.gate.add(part)
}

func (r *record) save(ctx context.Context, p *passage) error {
	p.late.begin(ctx, r.how.Wait)
	defer p.late.end()
	if err := r.recorder.Record(&p.late, &p.trace); err != nil {
		return fmt.Errorf("record trace %s: %w", p.trace.ID, err)
	}
	return nil
}

// fill makes t the record of a request but for its outcome.
func (r *record) fill(t *model.Trace, req *model.Request, trail *model.Trail, p *passage) {
	*t = model.Trace{ID: req.Trace, Tenant: req.Tenant, Key: req.Key, Model: req.Model, Purpose: r.how.Purpose, Stream: req.Stream,
		Start: p.start, Duration: r.how.Now().Sub(p.start), First: p.first, Attempts: trail.Attempts(),
		Arms: trail.Arms(), Picks: trail.Picks(),
		Drawn: trail.Drawn(), Dropped: trail.Dropped()}
	t.Usage, t.Cost = trail.Total()
	if t.ID == "" {
		t.ID = uuid.Must(uuid.NewV7()).String() // fails only where the system has no randomness left, and then so does all else
	}
	if t.Tenant == "" {
		t.Tenant = model.DefaultTenant
	}
	if !r.keeps(req) {
		return
	}
	if req.Wire != nil {
		t.Dialect, t.Body = req.Wire.Dialect, req.Wire.Body
	} else if content, err := req.Content(); err == nil {
		t.Body, _ = json.Marshal(content) // a Content that cannot be encoded came from Go code and was never asked
	}
}

func (r *record) keeps(req *model.Request) bool { return r.how.Content == nil || r.how.Content(req) }

func (r *record) answered(t *model.Trace, resp *model.Response) {
	if len(t.Attempts) == 0 {
		t.Usage, t.Cost = resp.Usage, resp.Cost
	}
	t.Response = resp
	if t.Body == nil {
		bare := *resp
		bare.Choices, bare.Body = nil, nil
		t.Response = &bare
	}
}

// failed notes the error. What it says may quote the request, so it is content.
func (r *record) failed(t *model.Trace, err error) {
	t.Error = model.KindOf(err).String()
	if t.Body != nil {
		t.Message = err.Error()
	}
}
