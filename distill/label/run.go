// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package label

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"retort/dataset"
	"retort/model"
	"retort/task"
)

// run is a Job under way.
type run struct {
	job     *Job
	askers  []*asker
	purse   *purse
	journal *journal

	mu    sync.Mutex
	slots chan struct{} // of calls that follow on a batch

	known   map[string]*record   // by key
	batches map[string]*pending  // by key; of earlier runs
	traced  map[string]*Answer   // by key; from elsewhere
	asks    map[string][]*record // what is known, by ask
	stats   []stats              // of each teacher
	done    int
	total   int
	failure error              // the first that ended the run
	leave   context.CancelFunc // ends waiting for batches
}

func newRun(job *Job) (*run, error) {
	r := &run{job: job, purse: newPurse(job.Budget), known: map[string]*record{}, traced: map[string]*Answer{}, stats: newStats(job)}
	for i := range job.Teachers {
		r.askers = append(r.askers, &asker{Teacher: job.Teachers[i], pace: newPace(job.Concurrency * job.Votes)})
	}
	j, known, batches, err := openJournal(job.Journal)
	if err != nil {
		return nil, err
	}
	r.journal = j
	if known != nil {
		r.known = known
	}
	r.handedIn(batches)
	if err := r.recall(); err != nil {
		return nil, errors.Join(err, j.close())
	}
	return r, nil
}

// recall counts what is known already, and what it cost.
func (r *run) recall() error {
	r.asks = map[string][]*record{}
	for _, known := range r.known {
		if known.Ask != "" && known.Said != "" {
			r.asks[known.Ask] = append(r.asks[known.Ask], known)
		}
	}
	contract := Contract(r.job.Task)
	earlier := make(map[[2]string]*Answer, len(r.job.Earlier))
	for i := range r.job.Earlier {
		a := &r.job.Earlier[i]
		earlier[[2]string{a.Teacher, dataset.Canonical(a.Text)}] = a
	}
	seen := map[string]bool{}
	r.job.Inputs = slices.DeleteFunc(slices.Clone(r.job.Inputs), func(e dataset.Example) bool {
		canonical := dataset.Canonical(e.Text)
		twice := seen[canonical]
		seen[canonical] = true
		return twice || canonical == ""
	})
	for i := range r.job.Inputs {
		for t := range r.askers {
			if err := r.recallTeacher(contract, i, t, earlier); err != nil {
				return err
			}
		}
	}
	return nil
}

// handedIn notes which batches of earlier runs are open.
func (r *run) handedIn(batches []*batchLine) {
	r.batches = map[string]*pending{}
	for _, b := range batches {
		p := &pending{id: b.ID, keys: b.Keys}
		for _, key := range b.Keys {
			r.batches[key] = p
		}
	}
}

// repay counts what earlier runs paid for an ask, and what they set aside for calls that nobody saw end: unless a batch
// has the request, which will be waited for, and then is paid.
func (r *run) repay(key string, known *record) error {
	if known.held > 0 && r.batches[key] != nil && !known.settled && r.inBatches() {
		held := known.held
		known.held = 0
		r.purse.remember(known.paid)
		return r.journal.append(line{Key: key, Back: money(held)})
	}
	r.purse.remember(known.paid + known.held)
	return nil
}

// inBatches says whether batches are used.
func (r *run) inBatches() bool { return r.job.Deadline >= LeastDeadline && !r.job.Offline }

func (r *run) recallTeacher(contract string, input, t int, earlier map[[2]string]*Answer) error {
	for vote := range r.job.Votes {
		q := r.question(contract, input, t, vote)
		r.total++
		r.pass(q)
		if known := r.known[q.key]; known != nil {
			if err := r.repay(q.key, known); err != nil {
				return err
			}
			if r.usable(known, q.text) {
				r.done++
				r.stats[t].reused++
				continue
			}
			known.settled = false
		}
		a := earlier[[2]string{r.askers[t].Name, dataset.Canonical(q.text)}]
		if vote > 0 || a == nil {
			continue
		}
		if label, err := r.job.Task.Canonical(q.text, a.Said); err == nil {
			r.known[q.key] = &record{line: line{Key: q.key, Said: label, Model: a.Model}, settled: true}
			r.traced[q.key] = a
			r.done++
			r.stats[t].traced++
		}
	}
	return nil
}

// pass counts what another teacher of the same name answered to a question: another model, or a server at another address. It is not used.
func (r *run) pass(q *question) {
	if len(r.asks) == 0 {
		return
	}
	var cost model.Money
	others := 0
	for _, known := range r.asks[r.ask(q)] {
		if known.Key != q.key {
			others++
			cost += known.paid
		}
	}
	if others > 0 {
		r.stats[q.teacher].passed++
		r.stats[q.teacher].passedCost += cost
	}
}

// ask names a question by the teacher's name alone.
func (r *run) ask(q *question) string {
	return hash("ask", r.askers[q.teacher].Name, dataset.Canonical(q.text), strconv.Itoa(q.vote))
}

// usable says whether an outcome in the journal stands: an object was spelled as another text with the same words has it.
func (r *run) usable(known *record, text string) bool {
	if !known.settled || r.job.Retry && known.Error != "" {
		return false
	}
	if known.Error != "" {
		return true
	}
	label, err := r.job.Task.Canonical(text, known.Said)
	known.Said = label
	return err == nil
}

// Contract returns the address of what a task asks: equal for tasks whose teachers are told the same and may answer the
// same.
func Contract(t *task.Task) string {
	var schema json.RawMessage
	if t.Object != nil {
		schema = t.Object.Schema
	}
	return hash(t.Instructions, t.Labels, schema, t.Examples)
}

func (r *run) question(contract string, input, teacher, vote int) *question {
	text := r.job.Inputs[input].Text
	return &question{input: input, teacher: teacher, vote: vote, text: text,
		key: hash(contract, r.askers[teacher].Identity, dataset.Canonical(text), strconv.Itoa(vote))}
}

// hash returns a name for values, as JSON has them: equal for equal ones.
func hash(values ...any) string {
	text, err := json.Marshal(values)
	if err != nil {
		text = fmt.Appendf(nil, "%#v", values) // a schema that is no JSON has not passed Validate
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16])
}

// grace is how long calls under way may go on once a run is told to end: they are paid for in any case.
const grace = 5 * time.Second

// askAll puts what is not known, some inputs at a time, each to all teachers before the next.
func (r *run) askAll(ctx context.Context) error {
	r.report("")
	if r.job.Offline {
		return nil
	}
	calls, breakOff := context.WithCancel(context.WithoutCancel(ctx))
	defer breakOff()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(grace, breakOff) })()
	going, end := context.WithCancel(ctx)
	defer end()
	next := make(chan []*question)
	var workers sync.WaitGroup
	for range r.attend(going, calls) {
		workers.Go(func() {
			for questions := range next {
				r.answer(going, calls, questions, end)
			}
		})
	}
	r.hand(going, next)
	close(next)
	workers.Wait()
	for _, t := range r.askers {
		if t.queue != nil {
			if err := t.queue.close(); err != nil && r.failure == nil {
				r.failure = err
			}
		}
	}
	switch {
	case r.failure != nil && !errors.Is(r.failure, errBudget):
		return r.failure
	case r.failure == nil && r.done < r.total:
		return context.Cause(ctx)
	}
	return nil
}

// mostWaiting bounds how many inputs wait for batches at a time.
const mostWaiting = 50_000

// attend readies the queues of batches, where they are used, and returns how many inputs are under way at a time: with
// batches all of them are, since each waits for its own.
func (r *run) attend(going, calls context.Context) int {
	workers := r.job.Concurrency
	if !r.inBatches() {
		return workers
	}
	stop, leave := context.WithCancel(calls)
	r.leave = leave
	context.AfterFunc(going, func() {
		if !r.purse.ended() {
			leave()
		}
	})
	r.slots = make(chan struct{}, r.job.Concurrency)
	for _, t := range r.askers {
		if t.Batch == nil {
			continue
		}
		t.queue = &queue{Batch: t.Batch, run: r, identity: t.Identity, stop: stop, cutoff: time.Now().Add(r.job.Deadline * 4 / 5), open: maps.Clone(r.batches)}
		workers = min(mostWaiting, max(workers, len(r.job.Inputs)))
	}
	return workers
}

// hand gives the workers what there is to ask, in an order that is random and always the same.
func (r *run) hand(ctx context.Context, next chan<- []*question) {
	contract := Contract(r.job.Task)
	order := make([]int, len(r.job.Inputs))
	keys := make([]string, len(r.job.Inputs))
	for i := range order {
		order[i], keys[i] = i, hash("order", dataset.Canonical(r.job.Inputs[i].Text))
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(keys[a], keys[b]) })
	for _, i := range order {
		questions := r.open(contract, i)
		if len(questions) == 0 {
			continue
		}
		select {
		case next <- questions:
		case <-ctx.Done():
			return
		}
	}
}

// open returns the questions about an input whose answers are not known.
func (r *run) open(contract string, input int) []*question {
	var out []*question
	r.mu.Lock()
	defer r.mu.Unlock()
	for t := range r.askers {
		for vote := range r.job.Votes {
			q := r.question(contract, input, t, vote)
			if known := r.known[q.key]; known == nil || !known.settled {
				out = append(out, q)
			}
		}
	}
	return out
}

// answer puts all questions about one input.
func (r *run) answer(going, calls context.Context, questions []*question, end context.CancelFunc) {
	var all sync.WaitGroup
	for _, q := range questions {
		all.Go(func() {
			s, err := r.put(going, calls, q)
			if err == nil {
				err = r.keep(q, s)
			}
			if err != nil {
				r.fail(err, end)
			}
		})
	}
	all.Wait()
}

// keep books an outcome. A failure that may pass is not written down, so that the next run asks again.
func (r *run) keep(q *question, s *said) error {
	if s.Said != "" || lasting(s.Error) {
		s.Ask = r.ask(q)
		if err := r.journal.append(s.line); err != nil {
			return err
		}
	}
	r.mu.Lock()
	known := r.known[q.key]
	if known == nil {
		known = &record{}
		r.known[q.key] = known
	}
	known.line, known.settled = s.line, true
	r.stats[q.teacher].asked++
	r.done++
	r.mu.Unlock()
	waiting := ""
	if t := r.askers[q.teacher]; t.pace.waiting() {
		waiting = t.Name
	}
	r.report(waiting)
	return nil
}

// lasting says whether asking again would hardly change a failure of this kind.
func lasting(kind string) bool {
	switch kind {
	case model.Unusable.String(), model.Invalid.String(), model.TooLong.String(), model.TooLarge.String():
		return true
	}
	return false
}

// fail ends the run: nothing more is asked, and calls under way end by themselves.
func (r *run) fail(err error, end context.CancelFunc) {
	r.mu.Lock()
	defer r.mu.Unlock()
	minor := func(err error) bool { return errors.Is(err, errBudget) || errors.Is(err, context.Canceled) }
	if r.failure == nil || minor(r.failure) && !minor(err) {
		r.failure = err
	}
	if !minor(err) && r.leave != nil {
		r.leave() // batches go on by themselves, and the next run finds them
	}
	end()
}

func (r *run) report(waiting string) {
	if r.job.Progress == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.job.Progress(Progress{Done: r.done, Total: r.total, Spent: r.purse.spent(), Waiting: waiting})
}
