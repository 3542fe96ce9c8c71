// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package label

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"retort/model"
)

// Batch is how a teacher's upstream is asked many requests at once, for half the price and within a day. All functions are
// set; they are safe for concurrent use.
type Batch struct {
	// Submit hands a batch in and returns its id. An error of kind NotFound says that the upstream has no batches.
	Submit func(ctx context.Context, items []BatchItem) (id string, err error)
	// Ended says whether all is answered that will be.
	Ended func(ctx context.Context, id string) (bool, error)
	// Results passes on, in any order, the body of each answer, or why there is none, for which nothing is billed.
	Results func(ctx context.Context, id string, each func(key string, body []byte, err error)) error
	// Read reads the body of an answer. Its Cost is at the price of batches.
	Read func(req *model.Request, body []byte) (*model.Response, error)
	// Cancel ends a batch before its time; what was answered by then stays.
	Cancel func(ctx context.Context, id string) error
	Most   int // requests in one batch
}

// BatchItem is one request of a batch.
type BatchItem struct {
	Key     string // unique; 32 hexadecimal digits
	Request *model.Request
}

// LeastDeadline is how long labels must be allowed to take for batches to be used.
const LeastDeadline = time.Hour

const (
	gathering    = time.Second
	firstPoll    = 5 * time.Second // it grows by half from one to the next
	mostPoll     = time.Minute
	pollFailures = 20 // in a row after which a batch is given up
)

// errDirect says that a request must be asked by itself: a batch has no answer to it.
var errDirect = errors.New("the batch has no answer to it")

// queue gathers a teacher's requests into batches.
type queue struct {
	*Batch
	run      *run
	identity string
	stop     context.Context // ends waiting, not batches
	cutoff   time.Time       // when batches are canceled

	gone atomic.Bool // the upstream has no batches

	mu      sync.Mutex
	new     []*waiter
	timer   *time.Timer
	open    map[string]*pending // by key; handed in before, by this run or an earlier one
	work    sync.WaitGroup
	settled []string // ids of batches whose results were delivered
}

// waiter is a request that waits for its batch.
type waiter struct {
	key  string
	req  *model.Request
	done chan delivery // has room for one
}

// delivery is what a batch says of a request.
type delivery struct {
	body   []byte
	err    error
	unsure bool // nobody knows whether it was answered, and billed
}

// pending is a batch that was handed in.
type pending struct {
	id      string
	keys    []string
	once    sync.Once
	mu      sync.Mutex
	results map[string]delivery // nil until it has ended
	waiters []*waiter
}

// ask puts a request through a batch and waits for the answer.
func (q *queue) ask(ctx context.Context, a *account, req *model.Request, most model.Money) (*model.Response, error) {
	start := time.Now()
	if err := a.hold(ctx, most); err != nil {
		return nil, err
	}
	w := &waiter{key: a.key, req: req, done: make(chan delivery, 1)}
	q.join(w)
	var d delivery
	select {
	case d = <-w.done:
	case <-q.stop.Done():
		return nil, context.Canceled // what is set aside stays so: the batch goes on, and so will the next run
	}
	if d.err != nil {
		paid := model.Money(0)
		if d.unsure {
			paid = most
		}
		return nil, errors.Join(direct(d.err), a.settle(most, paid, d.unsure))
	}
	resp, err := q.Read(req, d.body)
	if err != nil {
		return nil, errors.Join(direct(err), a.settle(most, most, true))
	}
	model.TrailOf(ctx).Add(model.Attempt{Model: resp.Model, Start: start, Duration: time.Since(start), Usage: resp.Usage, Cost: resp.Cost})
	a.batched = true
	return resp, a.settle(most, resp.Cost, false)
}

// direct is the error of a request that must be asked by itself, whatever became of it in a batch.
func direct(err error) error {
	return &model.Error{Kind: model.Unavailable, Op: "ask in a batch", Err: fmt.Errorf("%w: %w", errDirect, err)}
}

// answer is ask as models answer.
func (q *queue) answer(ctx context.Context, a *account, req *model.Request, most model.Money, emit func(model.Part) error) (*model.Response, error) {
	resp, err := q.ask(ctx, a, req, most)
	if err != nil {
		return nil, err
	}
	if err := resp.Emit(emit); err != nil {
		return nil, err
	}
	return resp, nil
}

// join adds a request to the batch that has it already, or to the next.
func (q *queue) join(w *waiter) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if p := q.open[w.key]; p != nil {
		delete(q.open, w.key) // asked again it goes by itself
		p.join(w)
		p.once.Do(func() { q.work.Go(func() { q.follow(p) }) })
		return
	}
	q.new = append(q.new, w)
	if len(q.new) >= q.Most {
		q.flush()
		return
	}
	if q.timer == nil {
		q.timer = time.AfterFunc(gathering, func() {
			q.mu.Lock()
			defer q.mu.Unlock()
			q.flush()
		})
		return
	}
	q.timer.Reset(gathering)
}

// flush hands in what has been gathered. The queue is locked.
func (q *queue) flush() {
	if len(q.new) == 0 {
		return
	}
	waiters := q.new
	q.new = nil
	q.work.Go(func() { q.send(waiters) })
}

// send hands a batch in, notes it in the journal, and follows it.
func (q *queue) send(waiters []*waiter) {
	items := make([]BatchItem, len(waiters))
	keys := make([]string, len(waiters))
	for i, w := range waiters {
		items[i], keys[i] = BatchItem{w.key, w.req}, w.key
	}
	var id string
	var err error
	for n := range tries {
		if id, err = q.Submit(q.stop, items); err == nil || !model.KindOf(err).Policy().Retry {
			break
		}
		if sleep(q.stop, min(firstPause<<n, mostPause)) != nil {
			break
		}
	}
	if err == nil {
		err = q.run.journal.append(line{Batch: &batchLine{Identity: q.identity, ID: id, Keys: keys}})
	}
	if err != nil {
		q.gone.Store(true) // the rest is asked at once rather than by batches that fail as well
		for _, w := range waiters {
			w.done <- delivery{err: err, unsure: model.KindOf(err) == model.Timeout}
		}
		return
	}
	p := &pending{id: id, keys: keys, waiters: waiters}
	p.once.Do(func() {})
	q.follow(p)
}

// follow waits for a batch to end and delivers what it holds.
func (q *queue) follow(p *pending) {
	wait, failures, canceled := firstPoll, 0, false
	for {
		if sleep(q.stop, wait) != nil {
			return
		}
		wait = min(wait*3/2, mostPoll)
		ended, err := q.Ended(q.stop, p.id)
		switch late := time.Now().After(q.cutoff); {
		case q.stop.Err() != nil:
			return
		case err != nil && !model.KindOf(err).Policy().Retry:
			p.deliver(nil, delivery{err: err})
			return
		case err != nil:
			if failures++; failures >= pollFailures {
				p.deliver(nil, delivery{err: err, unsure: true})
				return
			}
		case ended:
			q.collect(p)
			return
		case late && canceled && time.Now().After(q.cutoff.Add(LeastDeadline/2)):
			p.deliver(nil, delivery{err: errors.New("the batch did not end in time"), unsure: true})
			return
		case late && !canceled:
			canceled = q.Cancel(q.stop, p.id) == nil
			wait = firstPoll
		default:
			failures = 0
		}
	}
}

// collect reads the results of a batch that has ended.
func (q *queue) collect(p *pending) {
	var results map[string]delivery
	var err error
	for n := range tries {
		results = make(map[string]delivery, len(p.keys))
		err = q.Results(q.stop, p.id, func(key string, body []byte, err error) { results[key] = delivery{body: body, err: err} })
		if err == nil || sleep(q.stop, min(firstPause<<n, mostPause)) != nil {
			break
		}
	}
	if q.stop.Err() != nil {
		return
	}
	if err != nil {
		p.deliver(nil, delivery{err: err, unsure: true})
		return
	}
	q.mu.Lock()
	q.settled = append(q.settled, p.id)
	q.mu.Unlock()
	p.deliver(results, delivery{err: errors.New("it has expired, or was canceled")})
}

// join adds a waiter.
func (p *pending) join(w *waiter) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.results == nil {
		p.waiters = append(p.waiters, w)
		return
	}
	w.done <- p.of(w.key)
}

// missing is the key of what those get that a batch says nothing of.
const missing = ""

// deliver gives all waiters, and those to come, what the batch says; the missing one is for those of whom it says nothing.
func (p *pending) deliver(results map[string]delivery, none delivery) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if results == nil {
		results = map[string]delivery{}
	}
	results[missing] = none
	p.results = results
	for _, w := range p.waiters {
		w.done <- p.of(w.key)
	}
	p.waiters = nil
}

func (p *pending) of(key string) delivery {
	if d, ok := p.results[key]; ok {
		return d
	}
	return p.results[missing]
}

// close notes which batches are done with: their answers are in the journal.
func (q *queue) close() error {
	q.work.Wait()
	var err error
	for _, id := range q.settled {
		err = errors.Join(err, q.run.journal.append(line{Batch: &batchLine{Identity: q.identity, ID: id, Done: true}}))
	}
	return err
}

// batchLine is a batch that was handed in, or one that is done with.
type batchLine struct {
	Identity string   `json:"identity"` // of the teacher
	ID       string   `json:"id"`
	Keys     []string `json:"keys,omitempty"`
	Done     bool     `json:"done,omitempty"`
}

// openBatches returns those that are not done with.
func openBatches(lines []*batchLine) []*batchLine {
	var open []*batchLine
	done := map[[2]string]bool{}
	for _, b := range lines {
		if b.Done {
			done[[2]string{b.Identity, b.ID}] = true
		}
	}
	for _, b := range lines {
		if !b.Done && !done[[2]string{b.Identity, b.ID}] {
			open = append(open, b)
		}
	}
	return open
}
