// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package label

import (
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"retort/model"
)

// office takes batches in memory. It outlives the runs that hand them in, as an upstream does.
type office struct {
	*upstream
	takes time.Duration            // how long a batch takes
	fate  func(text string) error  // why a request in a batch is not answered; nil: it is
	says  func(text string) string // nil: what the input says
	none  bool

	mu       sync.Mutex
	batches  []*deposit
	answered int
	canceled int
}

type deposit struct {
	items    []BatchItem
	ready    time.Time
	canceled bool
	billed   bool
}

func (o *office) batch() *Batch {
	return &Batch{Most: 10_000,
		Submit: func(_ context.Context, items []BatchItem) (string, error) {
			o.mu.Lock()
			defer o.mu.Unlock()
			if o.none {
				return "", &model.Error{Kind: model.NotFound, Status: 404}
			}
			o.batches = append(o.batches, &deposit{items: items, ready: time.Now().Add(o.takes)})
			return strconv.Itoa(len(o.batches) - 1), nil
		},
		Ended: func(ctx context.Context, id string) (bool, error) {
			if ctx.Err() != nil {
				return false, ctx.Err()
			}
			o.mu.Lock()
			defer o.mu.Unlock()
			d := o.find(id)
			return d.canceled || !time.Now().Before(d.ready), nil
		},
		Cancel: func(_ context.Context, id string) error {
			o.mu.Lock()
			defer o.mu.Unlock()
			o.find(id).canceled = true
			o.canceled++
			return nil
		},
		Results: func(_ context.Context, id string, each func(string, []byte, error)) error {
			o.mu.Lock()
			defer o.mu.Unlock()
			d := o.find(id)
			for _, item := range d.items {
				content, err := item.Request.Content()
				if err != nil {
					return err
				}
				text := content.Messages[len(content.Messages)-1].Text()
				if d.canceled {
					continue
				}
				if o.fate != nil {
					if err := o.fate(text); err != nil {
						each(item.Key, nil, err)
						continue
					}
				}
				said := strings.Fields(text)[0]
				if o.says != nil {
					said = o.says(text)
				}
				body, err := json.Marshal(said)
				if err != nil {
					return err
				}
				if !d.billed {
					o.answered++
					o.paid += o.cost()
				}
				each(item.Key, body, nil)
			}
			d.billed = true
			return nil
		},
		Read: func(_ *model.Request, body []byte) (*model.Response, error) {
			var said string
			if err := json.Unmarshal(body, &said); err != nil {
				return nil, err
			}
			resp := model.Answer("up/x", said)
			resp.Usage, resp.Cost = model.Usage{Input: 1000, Output: 10}, o.cost()
			return resp, nil
		}}
}

func (o *office) cost() model.Money { return o.price.Cost(model.Usage{Input: 1000, Output: 10}) / 2 }

func (o *office) find(id string) *deposit {
	n, err := strconv.Atoi(id)
	if err != nil {
		panic(err) // a test's own fault
	}
	return o.batches[n]
}

func (o *office) job(n int) Job {
	t := o.teacher("a")
	t.Batch = o.batch()
	return Job{Task: desk, Inputs: inputs(n), Teachers: []Teacher{t}, Deadline: 24 * time.Hour}
}

func TestBatches(t *testing.T) {
	for name, c := range map[string]struct {
		office            *office
		deadline          time.Duration
		answered, direct  int
		canceled, batches int
		outside           int
	}{
		"all answered":           {office: &office{takes: 3 * time.Hour}, deadline: 24 * time.Hour, answered: 60, batches: 1},
		"too little time":        {office: &office{takes: 3 * time.Hour}, deadline: time.Minute, direct: 60},
		"the upstream has none":  {office: &office{none: true}, deadline: 24 * time.Hour, direct: 60},
		"canceled when it takes": {office: &office{takes: 30 * time.Hour}, deadline: 10 * time.Hour, direct: 60, canceled: 1, batches: 1},
		"some expired": {office: &office{fate: func(text string) error {
			if strings.HasPrefix(text, "invoice") {
				return errors.New("expired")
			}
			return nil
		}}, deadline: 24 * time.Hour, answered: 40, direct: 20, batches: 1},
		"answers outside are repaired by direct calls": {office: &office{says: func(text string) string {
			if strings.HasPrefix(text, "invoice") {
				return "hm"
			}
			return strings.Fields(text)[0]
		}}, deadline: 24 * time.Hour, answered: 60, direct: 20, batches: 1, outside: 20},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := c.office
				o.upstream = newUpstream(func(_ context.Context, text string, _ int) (string, error) {
					if c.outside > 0 {
						return "still not", nil
					}
					return strings.Fields(text)[0], nil
				})
				job := o.job(60)
				job.Deadline, job.Budget, job.Journal = c.deadline, budget(5), filepath.Join(t.TempDir(), "desk.jsonl")
				got, err := Run(t.Context(), job)
				if err != nil {
					t.Fatal(err)
				}
				tr := got.Report.Teachers[0]
				if o.answered != c.answered || o.calls != c.direct || o.canceled != c.canceled || len(o.batches) != c.batches || tr.Outside != c.outside {
					t.Errorf("%d in %d batches, %d of which canceled, %d direct calls, %d outside", o.answered, len(o.batches), o.canceled, o.calls, tr.Outside)
				}
				if got.Report.Labelled != 60-c.outside || got.Report.Cost != o.paid || tr.Batched != c.answered {
					t.Errorf("report %+v; paid $%s", got.Report, o.paid)
				}
				calls := o.calls
				if _, err := Run(t.Context(), job); err != nil || o.calls != calls || len(o.batches) != c.batches {
					t.Errorf("going on asked again: %v, %d calls, %d batches", err, o.calls, len(o.batches))
				}
			})
		})
	}
}

// A run that ends while a batch is under way, as by kill -9, finds it again: nothing is handed in, or paid, twice.
func TestBatchIsFoundAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &office{upstream: newUpstream(obvious), takes: 5 * time.Hour}
		job := o.job(60)
		job.Budget, job.Journal = budget(0.5), filepath.Join(t.TempDir(), "desk.jsonl")
		ctx, kill := context.WithCancel(t.Context())
		go func() { time.Sleep(2 * time.Hour); kill() }()
		if _, err := Run(ctx, job); !errors.Is(err, context.Canceled) {
			t.Fatalf("got %v, want the run interrupted", err)
		}
		if len(o.batches) != 1 || o.answered > 0 {
			t.Fatalf("%d batches, %d answers", len(o.batches), o.answered)
		}
		got, err := Run(t.Context(), job)
		if err != nil {
			t.Fatal(err)
		}
		if len(o.batches) != 1 || o.calls != 0 || got.Report.Labelled != 60 || got.Report.Cost != o.paid || got.Report.CostBefore != 0 || got.Report.BudgetEnded {
			t.Errorf("%d batches, %d calls; report %+v; paid $%s", len(o.batches), o.calls, got.Report, o.paid)
		}
	})
}

// Batches keep within the budget too: what does not fit waits for the batch before.
func TestBatchesKeepWithinTheBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &office{upstream: newUpstream(obvious), takes: time.Hour}
		job := o.job(200)
		job.Budget, job.Deadline = budget(0.06), 1000*time.Hour // there are many batches, one after the other
		got, err := Run(t.Context(), job)
		if err != nil {
			t.Fatal(err)
		}
		if o.paid > *job.Budget || !got.Report.BudgetEnded || got.Report.Labelled < 60 || len(o.batches) < 2 || o.calls != 0 {
			t.Errorf("paid $%s of $0.06; %d batches; report %+v", o.paid, len(o.batches), got.Report)
		}
	})
}
