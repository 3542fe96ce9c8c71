// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package datasets

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"time"

	"retort/dataset"
	"retort/dataset/refine"
	"retort/internal/store"
)

// Refining says how a version is refined.
type Refining struct {
	From     *dataset.Version
	Name     string // of the new version; empty: that of From
	Plan     refine.Plan
	Eval     []dataset.Example // what nothing may be nearly the same as; Plan's step leakage needs some
	EvalName string            // what they are called in the report
	Labels   []string          // the contract; empty: the labels found
	Seed     uint64
	Progress Progress
}

// Refine puts the examples of a version through the plan's steps and makes a version of what is left, with a report of each step. What is
// done so far is kept after each step that took long, so that the same call goes on after an interruption.
func (s *Shelf) Refine(ctx context.Context, r Refining) (v *dataset.Version, made bool, err error) {
	steps, err := r.Plan.Steps(refine.Options{Eval: r.Eval, Labels: r.Labels, Seed: r.Seed})
	if err != nil {
		return nil, false, err
	}
	if len(steps) == 0 {
		return nil, false, errors.New("refine: the plan has no steps; name some with --steps, or an --eval for leakage")
	}
	if r.Name == "" {
		r.Name = r.From.Name
	}
	w := &refining{Shelf: s, job: &r, steps: steps}
	examples, err := w.run(ctx)
	if err != nil {
		return nil, false, err
	}
	v, made, err = w.commit(ctx, examples)
	if err == nil {
		err = w.forget(ctx)
	}
	return v, made, err
}

// refining is a Refining under way.
type refining struct {
	*Shelf
	job     *Refining
	steps   []dataset.Step
	reports []dataset.StepReport
	keys    []string // of the halts that there may be
}

// keepAfter is how much work is kept: less of it is sooner done again. Tests set it.
var keepAfter = usualKeep

const usualKeep = 20 * time.Second

// run does the steps that no earlier run has done.
func (w *refining) run(ctx context.Context) ([]dataset.Example, error) {
	for k := range w.steps {
		w.keys = append(w.keys, w.key(k+1))
	}
	key, n := w.job.From.Blob, w.job.From.Examples
	if h, err := w.resume(ctx); err != nil {
		return nil, err
	} else if h != nil {
		key, n = h.Blob, w.reports[len(w.reports)-1].Out
	}
	examples, err := w.load(ctx, key, n, w.job.Progress)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", w.job.From.Ref(), err)
	}
	since := time.Now()
	for k := len(w.reports); k < len(w.steps); k++ {
		left, reports, err := dataset.Refine(ctx, examples, w.steps[k:k+1], w.tell)
		if err != nil {
			return nil, err
		}
		if len(left) == 0 {
			return nil, fmt.Errorf("refine %s: step %s leaves none of %d examples; leave it out with --steps default,-%s", w.job.From.Ref(), w.steps[k].Name(), len(examples), w.steps[k].Name())
		}
		examples, w.reports = left, append(w.reports, reports...)
		runtime.GC() // so that one step's memory does not count on top of the next one's
		if time.Since(since) >= keepAfter && k+1 < len(w.steps) {
			if err := w.keep(ctx, w.keys[k], examples); err != nil {
				return nil, err
			}
			since = time.Now()
		}
	}
	return examples, nil
}

func (w *refining) tell(step string, done, total int) {
	if w.job.Progress != nil {
		w.job.Progress("refine: "+step, done, total)
	}
}

// commit makes the version.
func (w *refining) commit(ctx context.Context, examples []dataset.Example) (*dataset.Version, bool, error) {
	d, err := w.Draft(w.job.From.Tenant, w.job.Name)
	if err != nil {
		return nil, false, err
	}
	defer d.Discard() // after Commit it does nothing
	tick := w.job.Progress.of(ctx, "write examples", len(examples))
	for i := range examples {
		err := tick(i)
		if err == nil {
			err = d.Add(&examples[i])
		}
		if err != nil {
			return nil, false, err
		}
	}
	d.card.Task, d.card.Steps = w.job.From.Task, w.reports
	d.parent(w.job.From, len(examples), "")
	if w.job.EvalName != "" {
		d.Note("leakage was looked for against %s", w.job.EvalName)
	}
	return d.Commit(ctx)
}

// key names the state after the first steps.
func (w *refining) key(steps int) string {
	var names []string
	for _, s := range w.steps[:steps] {
		names = append(names, s.Name()+"="+w.job.Plan[s.Name()])
	}
	text, _ := json.Marshal([]any{w.job.From.Blob, names, w.job.Labels, w.job.Seed, dataset.Hash(w.job.Eval)}) // these always marshal
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// resume returns the latest halt of an earlier run, with its reports in place, or nil.
func (w *refining) resume(ctx context.Context) (*store.Halt, error) {
	for k := len(w.keys) - 1; k >= 0; k-- {
		h, err := w.store.Halt(ctx, w.job.From.Tenant, w.keys[k])
		if err != nil {
			return nil, err
		}
		if h == nil || w.blobs.Present(h.Blob) != nil {
			continue
		}
		if err := json.Unmarshal(h.Steps, &w.reports); err != nil {
			return nil, fmt.Errorf("read what was refined of %s: %w", w.job.From.Ref(), err)
		}
		return h, nil
	}
	return nil, nil
}

// keep writes down how far the work is.
func (w *refining) keep(ctx context.Context, key string, examples []dataset.Example) error {
	out, err := w.blobs.Create()
	if err != nil {
		return err
	}
	defer out.Discard() // after Commit it does nothing
	encoder, tick := dataset.NewEncoder(out), w.job.Progress.of(ctx, "keep what is done", len(examples))
	for i := range examples {
		err := tick(i)
		if err == nil {
			err = encoder.Add(&examples[i])
		}
		if err != nil {
			return err
		}
	}
	h := store.Halt{Key: key, Tenant: w.job.From.Tenant}
	if h.Steps, err = json.Marshal(w.reports); err != nil {
		return fmt.Errorf("keep what was refined: %w", err)
	}
	if h.Blob, _, err = out.Commit(); err != nil {
		return err
	}
	return w.store.KeepHalt(ctx, h, func() error { return w.blobs.Present(h.Blob) })
}

// staleHalts is how long what an interrupted run has done is kept.
const staleHalts = 7 * 24 * time.Hour

// forget lets go of what was kept on the way.
func (w *refining) forget(ctx context.Context) error {
	blobs, err := w.store.DropHalts(ctx, w.job.From.Tenant, w.keys, time.Now().Add(-staleHalts))
	if err != nil {
		return err
	}
	for _, key := range blobs {
		err = errors.Join(err, w.release(ctx, key))
	}
	return err
}
