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

	mu      sync.Mutex
	known   map[string]*record // by key
	traced  map[string]*Answer // by key; from elsewhere
	stats   []stats            // of each teacher
	done    int
	total   int
	failure error // the first that ended the run
}

func newRun(job *Job) (*run, error) {
	r := &run{job: job, purse: newPurse(job.Budget), known: map[string]*record{}, traced: map[string]*Answer{}, stats: newStats(job)}
	for i := range job.Teachers {
		r.askers = append(r.askers, &asker{Teacher: job.Teachers[i], pace: newPace(job.Concurrency * job.Votes)})
	}
	j, known, _, err := openJournal(job.Journal)
	if err != nil {
		return nil, err
	}
	r.journal = j
	if known != nil {
		r.known = known
	}
	r.recall()
	return r, nil
}

// recall counts what is known already, and what it cost.
func (r *run) recall() {
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
			r.recallTeacher(contract, i, t, earlier)
		}
	}
}

func (r *run) recallTeacher(contract string, input, t int, earlier map[[2]string]*Answer) {
	for vote := range r.job.Votes {
		q := r.question(contract, input, t, vote)
		r.total++
		if known := r.known[q.key]; known != nil {
			r.purse.remember(known.paid)
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
	return Hash(t.Instructions, t.Labels, schema, t.Examples)
}

func (r *run) question(contract string, input, teacher, vote int) *question {
	text := r.job.Inputs[input].Text
	return &question{input: input, teacher: teacher, vote: vote, text: text,
		key: Hash(contract, r.askers[teacher].Identity, dataset.Canonical(text), strconv.Itoa(vote))}
}

// Hash returns a name for values, as JSON has them: equal for equal ones.
func Hash(values ...any) string {
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
	for range r.job.Concurrency {
		workers.Go(func() {
			for questions := range next {
				r.answer(going, calls, questions, end)
			}
		})
	}
	r.hand(going, next)
	close(next)
	workers.Wait()
	switch {
	case r.failure != nil && !errors.Is(r.failure, errBudget):
		return r.failure
	case r.failure == nil && r.done < r.total:
		return context.Cause(ctx)
	}
	return nil
}

// hand gives the workers what there is to ask, in an order that is random and always the same.
func (r *run) hand(ctx context.Context, next chan<- []*question) {
	contract := Contract(r.job.Task)
	order := make([]int, len(r.job.Inputs))
	keys := make([]string, len(r.job.Inputs))
	for i := range order {
		order[i], keys[i] = i, Hash("order", dataset.Canonical(r.job.Inputs[i].Text))
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
