// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package flow

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/dbos-inc/dbos-transact-golang/dbos"

	"retort/internal/filelock"
)

// Options say how an Engine is opened.
type Options struct {
	Dir   string       // the folder of the runs' state; made where it is not there
	Kinds []Kind       // the kinds of runs that it can work on
	Log   *slog.Logger // of the engine's own doings; nil: none
}

// Engine works on runs, its own and those that it takes over. It is safe for concurrent use.
type Engine struct {
	*Runs
	kinds    map[string]Kind
	instance string
	lock     *filelock.Lock

	mu       sync.Mutex
	failures map[string]error // of runs that failed in this process, as their steps returned them
	answers  map[string]*answers
}

// Open opens an engine on a folder. Several processes may have one on the same folder. The caller closes it.
func Open(ctx context.Context, o Options) (*Engine, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("open runs: %w", err)
	}
	e := &Engine{Runs: newRuns(o.Dir), kinds: map[string]Kind{}, failures: map[string]error{}, answers: map[string]*answers{}}
	for _, k := range o.Kinds {
		e.kinds[k.name] = k
	}
	var err error
	if e.instance, e.lock, err = e.leases.take(); err != nil {
		return nil, err
	}
	if err := e.launch(ctx, o.Log); err != nil {
		return nil, errors.Join(err, e.lock.Release(), e.leases.forget(e.instance))
	}
	return e, nil
}

// polling is how often an engine looks for runs that it took over.
const polling = 100 * time.Millisecond

// manyAttempts is how often a run may be taken over: as often as it takes.
const manyAttempts = 1 << 30

func (e *Engine) launch(ctx context.Context, log *slog.Logger) error {
	if err := e.open(ctx, e.instance, log); err != nil {
		return err
	}
	dbos.RegisterWorkflow(e.client, e.work, dbos.WithWorkflowName(workflowName), dbos.WithMaxRecoveryAttempts(manyAttempts))
	err := exclusively(ctx, e.dir, func() error {
		_, err := dbos.RegisterQueue(e.client, e.queue(), dbos.WithQueueBasePollingInterval(polling))
		if err == nil {
			dbos.ListenQueues(e.client, e.queue())
			err = dbos.Launch(e.client)
		}
		return err
	})
	if err != nil {
		return errors.Join(fmt.Errorf("open runs: %w", err), e.Runs.Close())
	}
	return nil
}

// queue is where the engine takes over runs. Each instance has its own, so that nobody else takes them.
func (e *Engine) queue() string { return queuePrefix + e.instance }

// Close stops working. Runs under way are interrupted: their steps' contexts end, and another engine can go on with them.
func (e *Engine) Close() error {
	err := dbos.DeleteQueue(dbos.WithoutCancel(e.client), e.queue())
	err = errors.Join(err, e.Runs.Close())
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, a := range e.answers {
		err = errors.Join(err, a.close())
	}
	return errors.Join(err, e.lock.Release(), e.leases.forget(e.instance))
}

// Start says what is new about a run.
type Start struct {
	Title string // what it does, for people
	Key   string // tells runs apart that are to do the same work; see Run.Key. Empty: nothing is the same
	// Awaited says that somebody waits for what the run makes. It stays so until Told: a run that is done and awaited had its process
	// killed before that could tell.
	Awaited bool
}

// Start begins a run and returns its id. The run goes on until it ends, is cancelled or the engine closes; ctx is for the
// beginning alone.
func (e *Engine) Start(ctx context.Context, k Kind, what Start, input any) (id string, err error) {
	if _, known := e.kinds[k.name]; !known {
		return "", fmt.Errorf("start a run: the engine was not opened with kind %q", k.name)
	}
	in, err := put(e.blobs, input)
	if err != nil {
		return "", err
	}
	id = newID()
	begun := envelope{Kind: k.name, Version: k.version, Title: what.Title, Key: what.Key, Input: in}
	if err := ctx.Err(); err != nil {
		return "", context.Cause(ctx)
	}
	how := []dbos.WorkflowOption{dbos.WithWorkflowID(id)}
	if what.Awaited {
		how = append(how, dbos.WithWorkflowAttributes(map[string]any{awaited: true}))
	}
	if _, err := dbos.RunWorkflow(e.client, e.work, begun, how...); err != nil {
		return "", fmt.Errorf("start run: %w", err)
	}
	return id, nil
}

func newID() string { return strings.ToLower(rand.Text()[:10]) }

// work is the engine's function of all runs: it finds the run's own.
func (e *Engine) work(durable dbos.Context, begun envelope) (value, error) {
	id, err := dbos.GetWorkflowID(durable)
	if err != nil {
		return value{}, err
	}
	k, known := e.kinds[begun.Kind]
	if !known || k.version != begun.Version {
		return value{}, e.failed(id, &VersionError{id, begun.Kind})
	}
	input, err := begun.Input.bytes(e.blobs)
	if err != nil {
		return value{}, e.failed(id, err)
	}
	ctx, cancel := dbos.WithCancelCause(durable)
	watched := make(chan struct{})
	stop := make(chan struct{})
	go func() {
		defer close(watched)
		e.watch(ctx, id, stop, cancel)
	}()
	defer func() {
		close(stop)
		<-watched
		cancel(nil)
	}()
	output, err := k.call(Context{Context: ctx, durable: ctx, engine: e, run: id}, input)
	if err != nil {
		return value{}, e.failed(id, err)
	}
	return put(e.blobs, output)
}

// watching is how often a run looks whether it is still wanted.
const watching = time.Second

// watch cancels a run's context once the run is no longer this engine's, as when it was cancelled by another process.
func (e *Engine) watch(ctx context.Context, id string, stop <-chan struct{}, cancel context.CancelCauseFunc) {
	tick := time.NewTicker(watching)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		rows, err := dbos.ListWorkflows(e.client, dbos.WithFilterWorkflowIDs(id), dbos.WithFilterLoadInput(false), dbos.WithFilterLoadOutput(false))
		if err != nil {
			continue // the next look may tell; a step cannot be recorded by two
		}
		if len(rows) == 0 || rows[0].Status != dbos.WorkflowStatusPending || rows[0].ExecutorID != e.instance {
			cancel(ErrCancelled)
			return
		}
	}
}

// failed remembers an error as it is, and returns its text, which is all that is recorded of it.
func (e *Engine) failed(id string, err error) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.failures[id] = err
	return errors.New(err.Error())
}

// Resume goes on with a run that is interrupted, cancelled or failed: in this process, from its first step that has no result.
// One that a living process works on, or that is done, is a *StateError.
func (e *Engine) Resume(ctx context.Context, id string) error {
	run, err := e.Find(ctx, id)
	if err != nil {
		return err
	}
	journal, err := e.Journal(ctx, run.ID)
	if err != nil {
		return err
	}
	e.mu.Lock()
	delete(e.failures, run.ID)
	e.mu.Unlock()
	return exclusively(ctx, e.dir, func() error {
		// Nobody else takes it over between this look and the row's change.
		rows, err := dbos.ListWorkflows(dbos.From(e.client, ctx), dbos.WithFilterWorkflowIDs(run.ID), dbos.WithFilterLoadInput(true))
		if err != nil || len(rows) != 1 {
			return errors.Join(err, &NotFoundError{ID: id})
		}
		now, err := e.read(&rows[0], map[string]int{})
		if err != nil {
			return err
		}
		client := dbos.From(e.client, ctx)
		switch now.State {
		case Interrupted, Cancelled:
			_, err = dbos.ResumeWorkflow[value](client, now.ID, dbos.WithResumeQueue(e.queue()))
		case Failed:
			_, err = dbos.RewindWorkflow[value](client, now.ID, dbos.WithRewindQueue(e.queue()), dbos.WithRewindStartStep(firstFailed(journal)))
		default:
			return &StateError{now, "resume"}
		}
		if err != nil {
			return fmt.Errorf("resume run %s: %w", now.ID, err)
		}
		return nil
	})
}

// firstFailed returns the first step without a result.
func firstFailed(journal []Entry) uint {
	next := 0
	for _, entry := range journal {
		if entry.Error != "" {
			return uint(entry.Step)
		}
		next = max(next, entry.Step+1)
	}
	return uint(next)
}

// Fork begins a new run that has the results of another's steps before one, which it does itself and all after it. The other
// stays as it is. It returns the new run's id.
func (e *Engine) Fork(ctx context.Context, id string, step int) (string, error) {
	run, err := e.Find(ctx, id)
	if err != nil {
		return "", err
	}
	journal, err := e.Journal(ctx, run.ID)
	if err != nil {
		return "", err
	}
	most := int(firstFailed(journal))
	if run.State == Done {
		most-- // there is no step after the last
	}
	if step < 0 || step > most {
		return "", &StepError{run.ID, step, most}
	}
	forked := newID()
	_, err = dbos.ForkWorkflow[value](dbos.From(e.client, ctx), dbos.ForkWorkflowInput{OriginalWorkflowID: run.ID, ForkedWorkflowID: forked, StartStep: uint(step), QueueName: e.queue()})
	if err != nil {
		return "", fmt.Errorf("fork run %s: %w", run.ID, err)
	}
	return forked, nil
}

// StepError says that a run has not come as far as a step.
type StepError struct {
	ID         string
	Step, Most int
}

// Error names the last step that it may be.
func (e *StepError) Error() string {
	return fmt.Sprintf("run %s cannot be done again from step %d: 0 to %d are possible", e.ID, e.Step, e.Most)
}

// Hint says where steps are shown.
func (e *StepError) Hint() string { return "retort runs show " + e.ID + " lists its steps" }

// Result waits for a run of this engine to end and reads what it returned into output, which may be nil. The error is the
// run's own where it failed; ErrCancelled where it was cancelled; ctx's cause where that ends first, and the run goes on.
func (e *Engine) Result(ctx context.Context, id string, output any) error {
	tick := time.NewTicker(settling)
	defer tick.Stop()
	for {
		rows, err := dbos.ListWorkflows(dbos.From(e.client, ctx), dbos.WithFilterWorkflowIDs(id), dbos.WithFilterLoadInput(false), dbos.WithFilterLoadOutput(false))
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil:
			return fmt.Errorf("wait for run %s: %w", id, err)
		case len(rows) == 0:
			return &NotFoundError{ID: id}
		}
		switch rows[0].Status {
		case dbos.WorkflowStatusPending, dbos.WorkflowStatusEnqueued, dbos.WorkflowStatusDelayed:
		default:
			return e.ended(ctx, id, output)
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
}

// settling is how often Result looks.
const settling = 20 * time.Millisecond

func (e *Engine) ended(ctx context.Context, id string, output any) error {
	handle, err := dbos.RetrieveWorkflow[value](dbos.From(e.client, ctx), id)
	if err != nil {
		return fmt.Errorf("read the result of run %s: %w", id, err)
	}
	v, err := handle.GetResult()
	e.mu.Lock()
	own := e.failures[id]
	e.mu.Unlock()
	switch {
	case errors.Is(err, dbos.ErrAwaitedWorkflowCancelled), errors.Is(err, dbos.ErrWorkflowCancelled):
		return ErrCancelled
	case err != nil && own != nil:
		return own
	case err != nil:
		return fmt.Errorf("run %s: %w", id, err)
	case output == nil:
		return nil
	}
	return v.read(e.blobs, output)
}
