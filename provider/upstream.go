// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package provider

import (
	"context"
	"io"
	"net/http"
	"time"

	"retort/dialect"
	"retort/model"
)

// Spec describes one model of an upstream.
type Spec struct {
	Name  string      // the upstream's own name of the model
	Price model.Price // what it charges
}

// Model returns one of the upstream's models. In answers and traces it is called "provider/name".
func (p *Provider) Model(s Spec) model.Model {
	return &upstream{p: p, spec: s, id: p.name + "/" + s.Name}
}

// upstream is one model of a provider.
type upstream struct {
	p    *Provider
	spec Spec
	id   string
}

// Generate asks the upstream, again if need be, as long as no part has come.
func (u *upstream) Generate(ctx context.Context, req *model.Request, emit func(model.Part) error) (*model.Response, error) {
	var deadline time.Time
	if total := u.p.timeouts.Total; total > 0 {
		deadline = time.Now().Add(total)
	}
	for n := 1; ; n++ {
		c := call{u: u, req: req, emit: emit, trail: model.TrailOf(ctx), deadline: deadline}
		resp, err := c.run(ctx)
		switch {
		case err == nil:
			return resp, nil
		case c.refused != nil:
			return nil, c.refused
		case n > u.p.retries || !c.again(err):
			return nil, err
		}
		wait, ok := pause(n, err, deadline)
		if !ok {
			return nil, err
		}
		if sleep(ctx, wait) != nil {
			return nil, u.p.explain(ctx, "wait before another try", err)
		}
	}
}

// call is one HTTP call.
type call struct {
	u        *upstream
	req      *model.Request
	emit     func(model.Part) error
	trail    *model.Trail
	deadline time.Time

	dog     *watchdog
	start   time.Time
	first   time.Duration // until the first part; 0 when there was none
	emitted bool
	said    int   // bytes of answer received
	refused error // what emit returned
	final   bool  // the upstream says that another try will not help
}

// again says whether another try may help and is still possible.
func (c *call) again(e *model.Error) bool {
	return !c.emitted && !c.final && e.Kind.Policy().Retry && e.Err != errOpen
}

// run makes the call and notes it on the trail.
func (c *call) run(parent context.Context) (*model.Response, *model.Error) {
	p := c.u.p
	ctx, cancel := context.WithCancelCause(parent)
	defer cancel(nil)
	r, err := p.dialect.Request(ctx, p.base, c.u.spec.Name, c.req)
	if err != nil {
		return nil, asError(err) // the request is to blame, not the upstream
	}
	r.Header.Set("User-Agent", "retort")
	p.dialect.Authorize(r, p.key)
	if err := p.breaker.enter(); err != nil {
		return nil, p.explain(parent, "ask upstream", err)
	}
	lease := lend(r)
	defer lease.end()

	c.start = time.Now()
	c.dog = watch(cancel, c.firstDue(), c.deadline, p.timeouts.Idle)
	defer c.dog.stop()
	resp, err := c.exchange(r)
	var e *model.Error
	if err != nil {
		e = p.explain(ctx, "ask upstream", err)
	}
	p.breaker.leave(errOrNil(e), c.refused != nil || parent.Err() != nil)
	c.note(resp, e)
	return resp, e
}

// errOrNil keeps a nil *model.Error from becoming an error that is not nil.
func errOrNil(e *model.Error) error {
	if e == nil {
		return nil
	}
	return e
}

// firstDue returns when the first part is due. An answer that is not streamed has no first part of its own.
func (c *call) firstDue() time.Time {
	if first := c.u.p.timeouts.First; first > 0 && c.req.Stream {
		return c.start.Add(first)
	}
	return time.Time{}
}

// exchange sends the request and reads the answer.
func (c *call) exchange(r *http.Request) (*model.Response, error) {
	p := c.u.p
	hr, err := p.transport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	body := &watched{ReadCloser: hr.Body, dog: c.dog}
	hr.Body = body
	defer body.Close()
	if hr.StatusCode != http.StatusOK {
		return nil, c.failed(hr)
	}
	resp, err := dialect.Read(p.dialect, hr, c.req, p.maxEvent, c.part)
	if err != nil {
		return nil, err
	}
	c.drain(body)
	resp.Model, resp.Cost = c.u.id, c.u.spec.Price.Cost(resp.Usage)
	return resp, nil
}

// part passes a part on.
func (c *call) part(p model.Part) error {
	if !c.emitted {
		c.emitted, c.first = true, time.Since(c.start)
		c.dog.begun.Store(true)
	}
	c.said += len(p.Text) + len(p.Name)
	p.Model = c.u.id
	if err := c.emit(p); err != nil {
		c.refused = err
		return err
	}
	return nil
}

// failed reads an answer of another status than 200.
func (c *call) failed(hr *http.Response) error {
	body, err := io.ReadAll(io.LimitReader(hr.Body, maxErrorBody))
	if err != nil && len(body) == 0 {
		return err
	}
	e := c.u.p.dialect.Error(hr.StatusCode, hr.Header, body)
	if e.RetryAfter == 0 {
		e.RetryAfter = retryAfter(hr.Header, time.Now())
	}
	c.final = hr.Header.Get("X-Should-Retry") == "false"
	return e
}

// drain reads what follows the end of an answer, which is normally nothing, so that the connection can be used again.
// An upstream that neither sends nor closes loses its connection instead.
func (c *call) drain(body *watched) {
	const patience = 100 * time.Millisecond
	if body.ended {
		return
	}
	c.dog.hurry(patience)
	var rest [512]byte
	for range 8 {
		if _, err := body.Read(rest[:]); err != nil {
			return
		}
	}
}

// note adds the call to the trail.
func (c *call) note(resp *model.Response, e *model.Error) {
	if c.trail == nil {
		return
	}
	a := model.Attempt{Model: c.u.id, Start: c.start, Duration: time.Since(c.start), First: c.first}
	if resp == nil && c.emitted {
		a.Estimated, a.Usage = true, estimate(c.req, c.said)
		a.Cost = c.u.spec.Price.Cost(a.Usage)
	}
	switch {
	case resp != nil:
		a.Usage, a.Cost = resp.Usage, resp.Cost
	case c.refused != nil:
		a.Error = model.Canceled.String()
	case e != nil:
		a.Error = e.Kind.String()
	}
	c.trail.Add(a)
}
