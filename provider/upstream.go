// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package provider

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"retort/model"
)

// Spec describes one model of an upstream.
type Spec struct {
	Name  string      // the upstream's own name of the model
	Price model.Price // what it charges
}

// upstream is one model of a provider.
type upstream struct {
	p    *Provider
	spec Spec
	id   string // in answers and traces: "provider/name"
}

func (p *Provider) upstream(s Spec) *upstream {
	return &upstream{p: p, spec: s, id: p.name + "/" + s.Name}
}

// errand is what an upstream is asked for: an answer, vectors or a count. One may be run several times.
type errand interface {
	// request returns the HTTP request.
	request(ctx context.Context, p *Provider, name string) (*http.Request, error)
	// read takes in a response of status 200, and sets c.usage, c.cost and c.done once it has all.
	read(c *call, hr *http.Response) error
	// streams says whether a first part is due before the answer is whole.
	streams() bool
	// guess returns about what an answer costs that broke off after said bytes.
	guess(said int) model.Usage
}

// ask runs an errand, again if need be, as long as no part has come.
func (u *upstream) ask(ctx context.Context, e errand) error {
	var deadline time.Time
	if total := u.p.timeouts.Total; total > 0 {
		deadline = time.Now().Add(total)
	}
	for n := 1; ; n++ {
		c := call{u: u, errand: e, trail: model.TrailOf(ctx), deadline: deadline}
		err := c.run(ctx)
		switch {
		case err == nil:
			return nil
		case c.refused != nil:
			return c.refused
		case n > u.p.retries || !c.again(err):
			return err
		}
		wait, ok := pause(n, err, deadline)
		if !ok {
			return err
		}
		if sleep(ctx, wait) != nil {
			return u.p.explain(ctx, "wait before another try", err, nil)
		}
	}
}

// call is one HTTP call.
type call struct {
	u        *upstream
	errand   errand
	trail    *model.Trail
	deadline time.Time

	dog     *watchdog
	start   time.Time
	first   time.Duration // until the first part; 0 when there was none
	emitted bool
	said    int   // bytes of answer received
	refused error // what emit returned
	final   bool  // the upstream says that another try will not help

	done    bool // there is an answer, of which this is known:
	usage   model.Usage
	cost    model.Money
	guessed bool // the upstream does not say the usage
}

// again says whether another try may help and is still possible.
func (c *call) again(e *model.Error) bool {
	return !c.emitted && !c.final && e.Kind.Policy().Retry && e.Err != errOpen
}

// run makes the call and notes it on the trail.
func (c *call) run(parent context.Context) *model.Error {
	p := c.u.p
	ctx, cancel := context.WithCancelCause(parent)
	defer cancel(nil)
	r, err := c.errand.request(ctx, p, c.u.spec.Name)
	if err != nil {
		return asError(err) // the request is to blame, not the upstream
	}
	r.Header.Set("User-Agent", "retort")
	if err := identify(r); err != nil {
		return asError(err)
	}
	if err := p.breaker.enter(); err != nil {
		return p.explain(parent, "ask upstream", err, nil)
	}
	lease := lend(r)
	defer lease.end()

	c.start = time.Now()
	c.dog = watch(cancel, c.firstDue(), c.deadline, p.timeouts.Idle)
	defer c.dog.stop()
	err = c.exchange(r)
	var e *model.Error
	if err != nil {
		e = p.explain(ctx, "ask upstream", err, r)
	}
	p.breaker.leave(errOrNil(e), c.refused != nil || parent.Err() != nil)
	c.note(e)
	return e
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
	if first := c.u.p.timeouts.First; first > 0 && c.errand.streams() {
		return c.start.Add(first)
	}
	return time.Time{}
}

// exchange sends the request and reads the answer.
func (c *call) exchange(r *http.Request) error {
	p := c.u.p
	if err := p.sign(r); err != nil {
		return err
	}
	hr, err := p.transport.RoundTrip(r)
	if err != nil {
		return err
	}
	body := &watched{ReadCloser: hr.Body, dog: c.dog}
	hr.Body = body
	defer body.Close()
	if hr.StatusCode != http.StatusOK {
		return c.failed(hr)
	}
	if err := c.errand.read(c, hr); err != nil {
		return err
	}
	c.drain(body)
	return nil
}

// settle notes what a whole answer used.
func (c *call) settle(usage model.Usage) {
	c.done, c.usage, c.cost = true, usage, c.u.spec.Price.Cost(usage)
}

// whole reads an answer that is one body.
func (c *call) whole(hr *http.Response) ([]byte, error) {
	most := c.u.p.maxEvent
	body, err := io.ReadAll(io.LimitReader(hr.Body, int64(most)+1))
	switch {
	case err != nil:
		return nil, &model.Error{Kind: model.Upstream, Op: "read answer", Err: fmt.Errorf("the answer broke off: %w", err)}
	case len(body) > most:
		return nil, &model.Error{Kind: model.Upstream, Op: "read answer", Err: fmt.Errorf("the answer has more than %d bytes", most)}
	case len(body) == 0:
		return nil, &model.Error{Kind: model.Upstream, Op: "read answer", Err: errors.New("the answer is empty"), Hint: "check base_url and dialect"}
	}
	return body, nil
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
func (c *call) note(e *model.Error) {
	if c.trail == nil {
		return
	}
	a := model.Attempt{Model: c.u.id, Start: c.start, Duration: time.Since(c.start), First: c.first}
	if !c.done && c.emitted {
		a.Estimated, a.Usage = true, c.errand.guess(c.said)
		a.Cost = c.u.spec.Price.Cost(a.Usage)
	}
	switch {
	case c.done:
		a.Usage, a.Cost, a.Estimated = c.usage, c.cost, c.guessed
	case c.refused != nil:
		a.Error = model.Canceled.String()
	case e != nil:
		a.Error = e.Kind.String()
	}
	c.trail.Add(a)
}
