// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package datasets

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"time"

	"retort/dataset"
	"retort/dataset/refine"
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
	Journal  Journal // of what is done; nil: all is done in one go
}

// Journal records the steps of a refining, so that another process can go on with it.
type Journal interface {
	// Step does something once and returns what it returned, now or in an earlier process.
	Step(ctx context.Context, name string, do func(ctx context.Context) (Refined, error)) (Refined, error)
	// Store writes examples down within a step, under a key by which Open finds them again.
	Store(ctx context.Context, write func(io.Writer) error) (key string, err error)
	Open(key string) (io.ReadCloser, error)
}

// Refined is what a step of a refining left, as its journal has it.
type Refined struct {
	Report dataset.StepReport `json:"report"`
	Kept   string             `json:"kept,omitempty"`   // the key of the examples that are left; empty: they are sooner made again
	Latest int                `json:"latest,omitempty"` // of the first step: the latest version of the name before it
	Ref    string             `json:"ref,omitempty"`    // of the last step: the version
	Made   bool               `json:"made,omitempty"`   // and whether it is new
}

// Refine puts the examples of a version through the plan's steps and makes a version of what is left, with a report of each step. made is false
// where the latest version of the name held just that already.
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
	if r.Journal == nil {
		r.Journal = oneGo{}
	}
	w := &refining{Shelf: s, job: &r, steps: steps, since: time.Now()}
	for range steps {
		did, err := r.Journal.Step(ctx, steps[len(w.did)].Name(), w.step)
		if err != nil {
			return nil, false, err
		}
		w.did = append(w.did, did)
	}
	did, err := r.Journal.Step(ctx, "keep", w.commit)
	if err != nil {
		return nil, false, err
	}
	v, err = s.Find(ctx, r.From.Tenant, did.Ref)
	return v, did.Made, err
}

// oneGo is the journal of what is done in one go.
type oneGo struct{}

func (oneGo) Step(ctx context.Context, _ string, do func(context.Context) (Refined, error)) (Refined, error) {
	return do(ctx)
}
func (oneGo) Store(context.Context, func(io.Writer) error) (string, error) { return "", nil }
func (oneGo) Open(string) (io.ReadCloser, error) {
	return nil, errors.New("nothing was kept on the way")
}

// refining is a Refining under way.
type refining struct {
	*Shelf
	job   *Refining
	steps []dataset.Step
	did   []Refined // the steps done, by this process or an earlier one

	examples []dataset.Example // what the first at steps left, where this process has them; nil: it has not
	at       int
	since    time.Time // when they were last kept
}

// keepAfter is how much work is kept: less of it is sooner done again. Tests set it.
var keepAfter = usualKeep

const usualKeep = 2 * time.Second

// step does the next of the steps.
func (w *refining) step(ctx context.Context) (Refined, error) {
	k, name := len(w.did), w.steps[len(w.did)].Name()
	var out Refined
	if k == 0 {
		var err error
		if out.Latest, err = w.latest(ctx); err != nil {
			return out, err
		}
	}
	if err := w.reach(ctx, k); err != nil {
		return out, err
	}
	n := len(w.examples)
	report, err := w.apply(ctx)
	if err != nil {
		return out, err
	}
	if out.Report = *report; len(w.examples) == 0 {
		return out, fmt.Errorf("refine %s: step %s leaves none of %d examples; leave it out with --steps default,-%s", w.job.From.Ref(), name, n, name)
	}
	if time.Since(w.since) >= keepAfter && k+1 < len(w.steps) {
		out.Kept, err = w.job.Journal.Store(ctx, func(to io.Writer) error { return w.write(ctx, to) })
		w.since = time.Now()
	}
	return out, err
}

// latest returns the number of the latest version of the name to be; 0: there is none.
func (w *refining) latest(ctx context.Context) (int, error) {
	all, err := w.List(ctx, w.job.From.Tenant, w.job.Name)
	if err != nil || len(all) == 0 {
		return 0, err
	}
	return all[0].Number, nil
}

// reach has the examples that the first k steps left: those at hand, else those that were last kept, put through the steps since.
func (w *refining) reach(ctx context.Context, k int) error {
	if w.examples != nil && w.at == k {
		return nil
	}
	from := k
	for from > 0 && w.did[from-1].Kept == "" {
		from--
	}
	var err error
	if from == 0 {
		w.examples, err = w.load(ctx, w.job.From.Blob, w.job.From.Examples, w.job.Progress)
	} else {
		w.examples, err = w.kept(ctx, &w.did[from-1])
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", w.job.From.Ref(), err)
	}
	for w.at = from; w.at < k; {
		if _, err := w.apply(ctx); err != nil {
			return err
		}
	}
	return nil
}

// apply puts the examples at hand through the next step.
func (w *refining) apply(ctx context.Context) (*dataset.StepReport, error) {
	examples := w.examples
	w.examples = nil // the step may have them halfway done
	left, reports, err := dataset.Refine(ctx, examples, w.steps[w.at:w.at+1], w.tell)
	if err != nil {
		return nil, err
	}
	runtime.GC() // so that one step's memory does not count on top of the next one's
	w.examples, w.at = left, w.at+1
	return &reports[0], nil
}

func (w *refining) tell(step string, done, total int) {
	if w.job.Progress != nil {
		w.job.Progress("refine: "+step, done, total)
	}
}

// kept reads the examples that a step kept.
func (w *refining) kept(ctx context.Context, did *Refined) ([]dataset.Example, error) {
	in, err := w.job.Journal.Open(did.Kept)
	if err != nil {
		return nil, err
	}
	defer in.Close() // it was only read
	out, tick := make([]dataset.Example, 0, did.Report.Out), w.job.Progress.of(ctx, "read examples", did.Report.Out)
	for e, err := range dataset.Decode(in) {
		if err == nil {
			err = tick(len(out))
		}
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, nil
}

// write writes the examples at hand.
func (w *refining) write(ctx context.Context, to io.Writer) error {
	encoder, tick := dataset.NewEncoder(to), w.job.Progress.of(ctx, "keep what is done", len(w.examples))
	for i := range w.examples {
		err := tick(i)
		if err == nil {
			err = encoder.Add(&w.examples[i])
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// commit makes the version. Done again after a kill, it finds the one that it made.
func (w *refining) commit(ctx context.Context) (Refined, error) {
	if err := w.reach(ctx, len(w.steps)); err != nil {
		return Refined{}, err
	}
	d, err := w.Draft(w.job.From.Tenant, w.job.Name)
	if err != nil {
		return Refined{}, err
	}
	defer d.Discard() // after Commit it does nothing
	tick := w.job.Progress.of(ctx, "write examples", len(w.examples))
	for i := range w.examples {
		err := tick(i)
		if err == nil {
			err = d.Add(&w.examples[i])
		}
		if err != nil {
			return Refined{}, err
		}
	}
	d.card.Task = w.job.From.Task
	for i := range w.did {
		d.card.Steps = append(d.card.Steps, w.did[i].Report)
	}
	d.parent(w.job.From, len(w.examples), "")
	if w.job.EvalName != "" {
		d.Note("leakage was looked for against %s", w.job.EvalName)
	}
	v, made, err := d.Commit(ctx)
	if err != nil {
		return Refined{}, err
	}
	return Refined{Ref: v.Ref(), Made: made || v.Number > w.did[0].Latest}, nil
}
