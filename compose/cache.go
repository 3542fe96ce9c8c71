// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package compose

import (
	"context"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/maypok86/otter/v2"

	"retort/model"
)

// Caching says what Cache keeps; the zero value is ready to use.
type Caching struct {
	Bytes int64            // how much to keep, roughly; 0: 64 MiB
	TTL   time.Duration    // how long an answer stays good; 0: an hour
	Now   func() time.Time // the clock; nil: time.Now

	// Varies returns what an answer depends on beside its request, such as who serves behind the model at the moment:
	// answers given under another value are not used. It must be safe for concurrent use. Nil: nothing.
	Varies func(*model.Request) string
}

// Cached is a model whose answers are remembered. See Cache.
type Cached struct {
	model  model.Model
	now    func() time.Time
	varies func(*model.Request) string
	store  *otter.Cache[question, *remembered]

	mu      sync.Mutex
	flights map[flightKey]*flight
	counts  CacheCounts
}

// remembered is an answer with what was left out of its request.
type remembered struct {
	resp    *model.Response
	dropped []string
}

// CacheCounts says where answers came from, those that failed included.
type CacheCounts struct {
	Hits   int // memory
	Joined int // the model, asked for another caller at the same time
	Asked  int // the model
	Passed int // the model, since the cache could not read what is asked
}

// Cache returns a model that answers from memory what m has answered before, and asks m once when equal requests come
// together. Declaring a cache is saying that one answer to a question is as good as another, whatever its temperature.
//
//	models:
//	  remembered: {cache: {of: smart, max_bytes: 64MiB, ttl: 1h}}
//
// Two requests are equal when they agree in all that can change the answer: tenant, model name, strictness, what Varies
// says, dialect and its headers, and every field of the body, known or not, but for those that say how the answer is
// sent; whether it is streamed makes no difference. Of a request without a body the content counts. Key and trace do
// not. A request that cannot be decoded, such as one that goes on with a conversation which the upstream keeps, is m's
// each time. Only answers that succeeded and whose every choice came to its own end are remembered.
//
// An answer from memory costs nothing, which its Response and an Attempt marked Cached say; it streams as few large
// parts. Of callers that wait for the same answer one has the attempts and their cost on its trail, the others a
// Cached attempt. What splits and routes behind m chose is on the trail of the one alone, and on none of an answer from
// memory: a copy is no fresh evidence. Each gets the parts as they come. One that leaves does not disturb the others;
// when the last one leaves, m's work is canceled.
func Cache(m model.Model, how Caching) (*Cached, error) {
	if how.Bytes == 0 {
		how.Bytes = 64 << 20
	}
	if how.TTL == 0 {
		how.TTL = time.Hour
	}
	if how.Now == nil {
		how.Now = time.Now
	}
	if how.Bytes < 0 || how.TTL < 0 {
		return nil, fmt.Errorf("make cache: size %d and ttl %v must not be negative", how.Bytes, how.TTL)
	}
	store, err := otter.New(&otter.Options[question, *remembered]{
		MaximumWeight:    uint64(how.Bytes),
		Weigher:          weight,
		ExpiryCalculator: otter.ExpiryWriting[question, *remembered](how.TTL),
		Clock:            clock(how.Now),
		Executor:         func(work func()) { work() }, // no goroutine outlives a call
	})
	if err != nil {
		return nil, fmt.Errorf("make cache: %w", err)
	}
	if how.Varies == nil {
		how.Varies = func(*model.Request) string { return "" }
	}
	return &Cached{model: m, now: how.Now, varies: how.Varies, store: store, flights: map[flightKey]*flight{}}, nil
}

// Counts returns where answers came from since the beginning.
func (c *Cached) Counts() CacheCounts {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.counts
}

// Generate answers from memory, or joins whoever asks the same, or asks.
func (c *Cached) Generate(ctx context.Context, req *model.Request, emit func(model.Part) error) (*model.Response, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	key, err := keyOf(req, c.varies(req))
	if err != nil { // what the request asks is known to its upstream alone, if to anybody
		c.mu.Lock()
		c.counts.Passed++
		c.mu.Unlock()
		return c.model.Generate(ctx, req, emit)
	}
	f, known, err := c.join(ctx, key, req)
	switch {
	case err != nil:
		return nil, err
	case known != nil:
		return c.recall(ctx, known, emit)
	}
	err = f.follow(ctx, emit)
	last := c.leave(key, f)
	switch {
	case err == nil:
		return f.outcome(model.TrailOf(ctx), c.now())
	case last:
		f.account(model.TrailOf(ctx), c.now())
	}
	return nil, err
}

// recall emits an answer from memory.
func (c *Cached) recall(ctx context.Context, known *remembered, emit func(model.Part) error) (*model.Response, error) {
	trail := model.TrailOf(ctx)
	trail.Add(model.Attempt{Model: known.resp.Model, Start: c.now(), Score: known.resp.Score, Cached: true})
	for _, field := range known.dropped {
		trail.Drop(field)
	}
	free := *known.resp
	free.Cost = 0
	if err := free.Emit(emit); err != nil {
		return nil, err
	}
	return &free, nil
}

// join returns the answer to key if it is known, else the flight that will bring it, starting one if there is none.
func (c *Cached) join(ctx context.Context, key flightKey, req *model.Request) (*flight, *remembered, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if known, ok := c.store.GetIfPresent(key.question); ok {
		c.counts.Hits++
		return nil, known, nil
	}
	f := c.flights[key]
	if f != nil {
		c.counts.Joined++
	} else {
		own, err := req.Clone() // the flight may outlive the caller that starts it
		if err != nil {
			return nil, nil, err
		}
		f = launch(ctx, c.model, own, func(f *flight) { c.land(key, f) })
		c.flights[key] = f
		c.counts.Asked++
	}
	f.waiters++
	return f, nil, nil
}

// land remembers the answer and lets no more callers join.
func (c *Cached) land(key flightKey, f *flight) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.flights[key] == f {
		delete(c.flights, key)
	}
	if f.err == nil && complete(f.resp) {
		c.store.Set(key.question, &remembered{f.resp, f.trail.Dropped()})
	}
}

// leave takes the caller off the flight and says whether it was the last one, which ends it and waits for its end.
func (c *Cached) leave(key flightKey, f *flight) bool {
	c.mu.Lock()
	f.waiters--
	last := f.waiters == 0
	if last && c.flights[key] == f {
		delete(c.flights, key)
	}
	c.mu.Unlock()
	if last {
		f.cancel()
		<-f.done
	}
	return last
}

// complete says whether every choice came to an end of its own.
func complete(resp *model.Response) bool {
	for i := range resp.Choices {
		switch resp.Choices[i].Finish {
		case "", model.FinishFilter:
			return false
		}
	}
	return len(resp.Choices) > 0
}

// weight returns about how many bytes an answer holds.
func weight(_ question, known *remembered) uint32 {
	resp := known.resp
	const answer, part = 512, 128
	n := answer
	for i := range resp.Choices {
		ch := &resp.Choices[i]
		n += part*len(ch.Logprobs)*(1+topOf(ch.Logprobs)) + part*len(ch.Message.Blocks)
		for j := range ch.Message.Blocks {
			b := &ch.Message.Blocks[j]
			n += len(b.Text)
			if b.Call != nil {
				n += len(b.Call.Arguments)
			}
			if b.Media != nil {
				n += len(b.Media.Data) + len(b.Media.URL)
			}
		}
	}
	if resp.Body != nil {
		n += len(resp.Body.Data)
	}
	return uint32(min(n, math.MaxUint32))
}

func topOf(tokens []model.TokenLogprob) int {
	if len(tokens) == 0 {
		return 0
	}
	return len(tokens[0].Top)
}

// clock is a cache's source of time. It has no ticks: what has expired goes when room is needed.
type clock func() time.Time

func (c clock) NowNano() int64                    { return c().UnixNano() }
func (clock) Tick(time.Duration) <-chan time.Time { return nil }
