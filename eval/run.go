// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package eval

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"retort/model"
)

// Case is one labelled input to put to a model.
type Case struct {
	Input string
	Gold  string // the answer wanted
}

// RunOptions says how Run asks. The zero value puts each input as a user message, takes the trimmed text of the answer
// for the prediction, asks eight at a time and keeps no journal.
type RunOptions struct {
	// Name is the name of what answers. It is asked for in the default request and part of the journal's keys, so it
	// should change when the answers would, as with another version of a student or other instructions.
	Name        string
	Concurrency int // requests under way at once; 0 means 8
	// Journal is a file that gets a line for each outcome as it comes; empty for none. Cases that it already has an
	// answer for are not asked again. See Run.
	Journal string
	// Request builds the request of a case; it is called from one goroutine.
	Request func(Case) *model.Request
	// Parse reads the prediction from an answer, false when there is none; it may be called from several goroutines.
	Parse func(*model.Response) (predicted string, ok bool)
	// Trace makes the id of the trace that a call of the model becomes, for outcomes to lead to it; nil: calls become none. It may
	// be called from several goroutines.
	Trace func() string
	// Progress, where set, is called after each outcome, one call at a time. It must be quick.
	Progress func(Progress)
	Measure  MeasureOptions
}

// Progress is how far a Run is.
type Progress struct {
	Done, Total, Failed int
	Spent               model.Money // by this run, without what the journal had
}

// Outcome is what came of one case.
type Outcome struct {
	Case      Case          `json:"-"`
	Predicted string        `json:"predicted,omitempty"`
	Score     float64       `json:"score,omitempty"`   // as model.Response.Score
	Model     string        `json:"model,omitempty"`   // the concrete model that answered
	Trace     string        `json:"trace,omitempty"`   // id of the call's trace; empty: it has none
	Error     string        `json:"error,omitempty"`   // the kind of the error; empty when there is a prediction
	Message   string        `json:"message,omitempty"` // of the error
	Usage     model.Usage   `json:"usage"`             // over all attempts behind the answer
	Cost      model.Money   `json:"cost"`              // over all attempts behind the answer
	Latency   time.Duration `json:"latency_ns"`
	Resumed   bool          `json:"-"` // taken from the journal
}

// Run puts every case to a model and measures its answers.
//
// A case that fails is an outcome like any other: it is counted by the kind of its error and measured as unanswered.
// Run itself fails when ctx ends, when the journal cannot be read or written, and when the model refuses in a way that
// would meet every case (no or a wrong key, no such model, a spent quota); the outcomes so far are then in the journal,
// and the same call goes on from there.
//
// The journal is an append-only file of JSON lines, keyed by a hash of Name, the request and the gold answer. A last
// line torn by a kill is cut off and its case asked again, and so is a case whose error may have been passing. Two runs
// must not share a journal at the same time. Run returns after all the goroutines it started have ended.
func Run(ctx context.Context, m model.Model, cases []Case, opt RunOptions) (*Report, error) {
	for i, c := range cases {
		if c.Gold == "" {
			return nil, fmt.Errorf("evaluate %q: case %d: gold is empty", opt.Name, i)
		}
	}
	if err := opt.Measure.fill(len(cases)); err != nil {
		return nil, err // now, not after the money is spent
	}
	report, err := Ask(ctx, m, cases, opt)
	if err != nil {
		return nil, err
	}
	return report, report.measure(opt)
}

// Ask is Run without the measuring, for cases of which nobody knows the right answer: they need no gold answer, and the
// report has no metrics.
func Ask(ctx context.Context, m model.Model, cases []Case, opt RunOptions) (*Report, error) {
	if len(cases) == 0 {
		return nil, errors.New("evaluate: there are no cases")
	}
	opt.fill()
	r := &runner{model: m, opt: opt, outcomes: make([]Outcome, len(cases)),
		requests: make([]*model.Request, len(cases)), keys: make([]string, len(cases))}
	if err := r.prepare(cases); err != nil {
		return nil, fmt.Errorf("evaluate %q: %w", opt.Name, err)
	}
	start := time.Now()
	if err := r.askAll(ctx); err != nil {
		return nil, fmt.Errorf("evaluate %q: stopped after %d of %d: %w", opt.Name, r.progress.Done, len(cases), err)
	}
	report := summarise(opt, r.outcomes)
	report.Seconds, report.Spent = time.Since(start).Seconds(), r.progress.Spent
	return report, nil
}

func (o *RunOptions) fill() {
	if o.Concurrency <= 0 {
		o.Concurrency = 8
	}
	if o.Request == nil {
		name := o.Name
		o.Request = func(c Case) *model.Request { return model.NewRequest(name, model.Prompt(c.Input)) }
	}
	if o.Parse == nil {
		o.Parse = func(r *model.Response) (string, bool) {
			text := strings.TrimSpace(r.Text())
			return text, text != ""
		}
	}
}

// runner is one Run under way.
type runner struct {
	model    model.Model
	opt      RunOptions
	requests []*model.Request // nil for outcomes that the journal had
	keys     []string

	mu       sync.Mutex
	outcomes []Outcome
	journal  *journal
	progress Progress
	failure  error // the first that stops the run
}

// prepare builds the requests and takes from the journal what it has.
func (r *runner) prepare(cases []Case) error {
	same := make(map[string]int)
	for i, c := range cases {
		r.outcomes[i].Case = c
		r.requests[i] = r.opt.Request(c)
		key, err := keyOf(r.opt.Name, r.requests[i], c.Gold)
		if err != nil {
			return fmt.Errorf("case %d: %w", i, err)
		}
		// Cases that are alike are asked one by one, as they would be in traffic.
		same[key]++
		r.keys[i] = fmt.Sprintf("%s-%d", key, same[key])
	}
	r.progress.Total = len(cases)
	if r.opt.Journal == "" {
		return nil
	}
	known, err := readJournal(r.opt.Journal)
	if err != nil {
		return err
	}
	for i, c := range cases {
		if o, ok := known[r.keys[i]]; ok {
			o.Case, o.Resumed = c, true
			r.outcomes[i], r.requests[i] = o, nil
			r.count(&o)
		}
	}
	return nil
}

func (r *runner) count(o *Outcome) {
	r.progress.Done++
	if o.Error != "" {
		r.progress.Failed++
	}
	if !o.Resumed {
		r.progress.Spent += o.Cost
	}
}

// askAll asks what is still to ask, Concurrency at a time.
func (r *runner) askAll(ctx context.Context) (err error) {
	if r.opt.Journal != "" {
		if r.journal, err = openJournal(r.opt.Journal); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, r.journal.close()) }()
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	next := make(chan int)
	var workers sync.WaitGroup
	for range min(r.opt.Concurrency, len(r.requests)) {
		workers.Go(func() {
			for i := range next {
				r.done(ctx, i, r.ask(ctx, i), stop)
			}
		})
	}
	r.hand(ctx, next)
	close(next)
	workers.Wait()
	if r.failure == nil && r.progress.Done < r.progress.Total {
		return ctx.Err()
	}
	return r.failure
}

// hand gives the workers the cases without an outcome, until ctx ends.
func (r *runner) hand(ctx context.Context, next chan<- int) {
	for i, req := range r.requests {
		if req == nil {
			continue
		}
		select {
		case next <- i:
		case <-ctx.Done():
			return
		}
	}
}

// ask puts one case.
func (r *runner) ask(ctx context.Context, i int) Outcome {
	trail := &model.Trail{}
	req := *r.requests[i]
	if r.opt.Trace != nil {
		req.Trace = r.opt.Trace()
	}
	start := time.Now()
	resp, err := r.model.Generate(model.WithTrail(ctx, trail), &req, model.Discard)
	o := Outcome{Case: r.outcomes[i].Case, Trace: req.Trace, Latency: time.Since(start)}
	o.Usage, o.Cost = trail.Total()
	if err != nil {
		o.fail(err)
		return o
	}
	if len(trail.Attempts()) == 0 {
		o.Usage, o.Cost = resp.Usage, resp.Cost
	}
	o.Model = resp.Model
	if resp.Score > 0 && resp.Score <= 1 {
		o.Score = resp.Score
	}
	predicted, ok := r.opt.Parse(resp)
	if !ok {
		o.fail(&model.Error{Kind: model.Unusable, Op: "read answer", Err: fmt.Errorf("%.200q", resp.Text())})
		return o
	}
	o.Predicted = predicted
	return o
}

func (o *Outcome) fail(err error) {
	o.Error, o.Message = model.KindOf(err).String(), err.Error()
}

// done books an outcome and stops the run when going on is useless. A failure after ctx ended is no outcome: it may be
// the end that made it fail.
func (r *runner) done(ctx context.Context, i int, o Outcome, stop context.CancelFunc) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if o.Error != "" && ctx.Err() != nil {
		return
	}
	r.outcomes[i] = o
	if r.journal != nil {
		if err := r.journal.append(r.keys[i], &o); err != nil {
			r.fail(err, stop)
			return
		}
	}
	r.count(&o)
	if r.opt.Progress != nil {
		r.opt.Progress(r.progress)
	}
	if hopeless(o.Error) {
		r.fail(fmt.Errorf("%s: %s", o.Error, o.Message), stop)
	}
}

func (r *runner) fail(err error, stop context.CancelFunc) {
	if r.failure == nil {
		r.failure = err
	}
	stop()
}

// hopeless reports whether an error of this kind would meet every other case too.
func hopeless(kind string) bool {
	for _, k := range []model.Kind{model.Unauthenticated, model.Forbidden, model.NotFound, model.Exhausted} {
		if kind == k.String() {
			return true
		}
	}
	return false
}
