// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package label

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"retort/dataset"
	"retort/model"
	"retort/task"
)

var desk = &task.Task{Name: "desk", Labels: []string{"refund", "delivery", "invoice"}}

// upstream is a metered model that bills 1,000 input tokens and 10 output tokens for each answer.
type upstream struct {
	answer func(ctx context.Context, text string, n int) (string, error)
	price  model.Price

	mu    sync.Mutex
	asked map[string]int
	calls int
	paid  model.Money
}

var testPrice = model.Price{Input: 1, Output: 10} // an answer costs $0.0011

func (u *upstream) Generate(ctx context.Context, req *model.Request, emit func(model.Part) error) (*model.Response, error) {
	content, err := req.Content()
	if err != nil {
		return nil, err
	}
	text := content.Messages[1].Text()
	u.mu.Lock()
	u.asked[text]++
	u.calls++
	n := u.asked[text]
	u.mu.Unlock()
	said, err := u.answer(ctx, text, n)
	if err != nil {
		model.TrailOf(ctx).Add(model.Attempt{Model: "up/x", Error: model.KindOf(err).String()})
		return nil, err
	}
	resp := model.Answer("up/x", said)
	resp.Usage = model.Usage{Input: 1000, Output: 10}
	resp.Cost = u.price.Cost(resp.Usage)
	model.TrailOf(ctx).Add(model.Attempt{Model: "up/x", Usage: resp.Usage, Cost: resp.Cost})
	u.mu.Lock()
	u.paid += resp.Cost
	u.mu.Unlock()
	return resp, resp.Emit(emit)
}

func newUpstream(answer func(ctx context.Context, text string, n int) (string, error)) *upstream {
	return &upstream{answer: answer, price: testPrice, asked: map[string]int{}}
}

func (u *upstream) teacher(name string) Teacher {
	return Teacher{Name: name, Model: desk.Teacher(Meter(u, u.price))}
}

// obvious is what an input says its label is.
func obvious(_ context.Context, text string, _ int) (string, error) {
	return strings.Fields(text)[0], nil
}

func inputs(n int) []dataset.Example {
	var out []dataset.Example
	for i := range n {
		out = append(out, dataset.Example{Text: fmt.Sprintf("%s number %d", desk.Labels[i%3], i), Line: i + 2})
	}
	return out
}

func budget(usd float64) *model.Money {
	m := model.Money(usd * float64(model.Dollar))
	return &m
}

func TestLabelsAreTheTeachersAnswers(t *testing.T) {
	u := newUpstream(obvious)
	got, err := Run(t.Context(), Job{Task: desk, Inputs: inputs(50), Teachers: []Teacher{u.teacher("a")}})
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range got.Examples {
		want := Labelled{Example: dataset.Example{Text: inputs(50)[i].Text, Label: desk.Labels[i%3], Line: i + 2, Teacher: "up/x"},
			Answers: []Said{{Teacher: "a", Model: "up/x", Label: desk.Labels[i%3]}}}
		if diff := cmp.Diff(want, e); diff != "" {
			t.Fatalf("example %d: %s", i, diff)
		}
	}
	r := got.Report
	if r.Inputs != 50 || r.Labelled != 50 || r.Asks != 50 || r.Missing != 0 || r.Cost != u.paid || r.Method != MethodSingle {
		t.Errorf("report %+v; paid %s", r, u.paid)
	}
	if tr := r.Teachers[0]; tr.Answers != 50 || tr.Asked != 50 || tr.Calls != 50 || tr.Usage.Input != 50_000 || tr.Models["up/x"] != 50 || tr.Cost != u.paid {
		t.Errorf("teacher %+v", tr)
	}
}

// However many calls are under way, what the upstream bills stays within the budget, and a larger one goes on from there.
func TestBudgetIsNeverExceeded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := newUpstream(func(ctx context.Context, text string, n int) (string, error) {
			time.Sleep(time.Duration(len(text)) * time.Millisecond)
			return obvious(ctx, text, n)
		})
		journal := filepath.Join(t.TempDir(), "labels", "desk.jsonl")
		job := Job{Task: desk, Inputs: inputs(400), Teachers: []Teacher{u.teacher("a")}, Concurrency: 32, Journal: journal}
		var before int
		for _, usd := range []float64{0, 0.001, 0.05, 0.2} {
			job.Budget = budget(usd)
			got, err := Run(t.Context(), job)
			if err != nil {
				t.Fatal(err)
			}
			r := got.Report
			if u.paid > *job.Budget {
				t.Fatalf("paid $%s of a budget of $%v", u.paid, usd)
			}
			if !r.BudgetEnded || r.Cost+r.CostBefore != u.paid || r.Labelled+r.Missing != 400 || r.Labelled != u.calls || r.Labelled < before {
				t.Errorf("with $%v: %+v; paid $%s for %d calls", usd, r, u.paid, u.calls)
			}
			// Less than the most that one call may cost is left over.
			if most := 0.0135; usd > 0.1 && (*job.Budget-u.paid).Dollars() > most {
				t.Errorf("with $%v, $%s were spent", usd, u.paid)
			}
			before = r.Labelled
		}
		job.Budget = budget(5)
		got, err := Run(t.Context(), job)
		if err != nil {
			t.Fatal(err)
		}
		if got.Report.BudgetEnded || got.Report.Labelled != 400 || u.calls != 400 {
			t.Errorf("report %+v after %d calls; want 400 labels for 400 calls", got.Report, u.calls)
		}
	})
}

// What a budget paid for is a random sample of the inputs, the same each time.
func TestBudgetTakesARandomSample(t *testing.T) {
	var first []string
	for round := range 2 {
		u := newUpstream(obvious)
		got, err := Run(t.Context(), Job{Task: desk, Inputs: inputs(300), Teachers: []Teacher{u.teacher("a")}, Concurrency: 1, Budget: budget(0.12)})
		if err != nil {
			t.Fatal(err)
		}
		var texts []string
		half := 0
		for _, e := range got.Examples {
			texts = append(texts, e.Text)
			if e.Line < 152 {
				half++
			}
		}
		if n := len(texts); n < 60 || half < n/4 || half > 3*n/4 {
			t.Fatalf("%d of %d labelled inputs are of the first half", half, n)
		}
		if round == 1 && !cmp.Equal(first, texts) {
			t.Error("another run labels other inputs")
		}
		first = texts
	}
}

// An upstream that answers with more than it is allowed is found out.
func TestUpstreamThatCostsMoreThanItMay(t *testing.T) {
	u := newUpstream(obvious)
	u.price.Output = 2000 // ten tokens cost more than the one that is allowed, and all of the input's bytes
	got, err := Run(t.Context(), Job{Task: desk, Inputs: inputs(5), Teachers: []Teacher{u.teacher("a")}, MaxTokens: 1, Budget: budget(1)})
	if err != nil {
		t.Fatal(err)
	}
	if got.Report.Cost != u.paid || !strings.Contains(strings.Join(got.Report.Notes, " "), "5 calls cost more than they could") {
		t.Errorf("cost $%s, notes %q", got.Report.Cost, got.Report.Notes)
	}
}

func TestInterruptedRunGoesOn(t *testing.T) {
	journal := filepath.Join(t.TempDir(), "desk.jsonl")
	ctx, interrupt := context.WithCancel(t.Context())
	u := newUpstream(obvious)
	job := Job{Task: desk, Inputs: inputs(100), Teachers: []Teacher{u.teacher("a")}, Journal: journal,
		Progress: func(p Progress) {
			if p.Done == 40 {
				interrupt()
			}
		}}
	_, err := Run(ctx, job)
	var stopped *StoppedError
	if !errors.As(err, &stopped) || !errors.Is(err, context.Canceled) || stopped.Done < 40 || !strings.Contains(stopped.Hint(), "goes on") {
		t.Fatalf("got %v", err)
	}
	job.Progress = nil
	got, err := Run(t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	if got.Report.Labelled != 100 || u.calls != 100 || got.Report.Teachers[0].Reused != stopped.Done {
		t.Errorf("%d calls for %d labels, %d reused", u.calls, got.Report.Labelled, got.Report.Teachers[0].Reused)
	}
}

func TestAnswersOutsideTheTaskAreCountedAndNotUsed(t *testing.T) {
	journal := filepath.Join(t.TempDir(), "desk.jsonl")
	u := newUpstream(func(_ context.Context, text string, _ int) (string, error) {
		if strings.HasPrefix(text, "invoice") {
			return "no idea", nil
		}
		return " \"" + strings.ToUpper(strings.Fields(text)[0]) + ".\"", nil // in another spelling
	})
	job := Job{Task: desk, Inputs: inputs(30), Teachers: []Teacher{u.teacher("a")}, Journal: journal}
	got, err := Run(t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	tr := got.Report.Teachers[0]
	if tr.Outside != 10 || tr.Answers != 20 || got.Report.Labelled != 20 || tr.Calls != 40 || tr.Example == "" {
		t.Errorf("report %+v", tr)
	}
	for _, e := range got.Examples {
		if desk.Class(e.Label) < 0 {
			t.Errorf("label %q", e.Label)
		}
	}
	// They are not paid for again, unless that is wanted.
	if _, err := Run(t.Context(), job); err != nil || u.calls != 40 {
		t.Errorf("%v; %d calls after going on, want 40", err, u.calls)
	}
	job.Retry = true
	if _, err := Run(t.Context(), job); err != nil || u.calls != 60 {
		t.Errorf("%v; %d calls after asking again, want 60", err, u.calls)
	}
}

func TestInputsThatAreTheSameToAReaderAreAskedOnce(t *testing.T) {
	u := newUpstream(obvious)
	got, err := Run(t.Context(), Job{Task: desk, Teachers: []Teacher{u.teacher("a")}, Inputs: []dataset.Example{
		{Text: "refund me"}, {Text: "Refund  me "}, {Text: "REFUND ME"}, {Text: "   "}, {Text: ""}, {Text: "delivery"}}})
	if err != nil {
		t.Fatal(err)
	}
	if u.calls != 2 || got.Report.Inputs != 2 || len(got.Examples) != 2 {
		t.Errorf("%d calls, report %+v", u.calls, got.Report)
	}
}

// A storm of refusals delays answers and loses none.
func TestRefusalsForTheRateAreWaitedOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		u := newUpstream(func(ctx context.Context, text string, n int) (string, error) {
			time.Sleep(50 * time.Millisecond)
			if time.Since(start) < 3*time.Minute {
				return "", &model.Error{Kind: model.RateLimited, Status: 429, RetryAfter: 2 * time.Second, Err: errors.New("slow down")}
			}
			return obvious(ctx, text, n)
		})
		got, err := Run(t.Context(), Job{Task: desk, Inputs: inputs(60), Teachers: []Teacher{u.teacher("a")}, Budget: budget(1)})
		if err != nil {
			t.Fatal(err)
		}
		tr := got.Report.Teachers[0]
		if got.Report.Labelled != 60 || tr.Refused == 0 || tr.Refused > 40 || got.Report.Cost != u.paid {
			t.Errorf("report %+v; paid %s", tr, u.paid)
		}
	})
}

func TestTeacherThatRefusesForTooLongEndsTheRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := newUpstream(func(context.Context, string, int) (string, error) {
			return "", &model.Error{Kind: model.RateLimited, Status: 429, Err: errors.New("slow down")}
		})
		_, err := Run(t.Context(), Job{Task: desk, Inputs: inputs(60), Teachers: []Teacher{u.teacher("a")}})
		if model.KindOf(err) != model.RateLimited || !strings.Contains(err.Error(), "teacher a has refused for 15m") {
			t.Errorf("got %v", err)
		}
	})
}

func TestFailures(t *testing.T) {
	fail := func(kind model.Kind, status int) func(context.Context, string, int) (string, error) {
		return func(ctx context.Context, text string, n int) (string, error) {
			if strings.HasPrefix(text, "invoice number 5") {
				return "", &model.Error{Kind: kind, Status: status, Err: errors.New("no")}
			}
			return obvious(ctx, text, n)
		}
	}
	for name, c := range map[string]struct {
		kind     model.Kind
		status   int
		ends     bool // the run
		labelled int
		unsure   bool // the upstream may bill it
	}{
		"wrong key":         {model.Unauthenticated, 401, true, 0, false},
		"no such model":     {model.NotFound, 404, true, 0, false},
		"not recorded":      {model.NotFound, 0, false, 29, false},
		"too long":          {model.TooLong, 400, false, 29, false},
		"failing for good":  {model.Unavailable, 503, false, 29, false},
		"broken off":        {model.Upstream, 0, false, 29, true},
		"without an answer": {model.Timeout, 0, false, 29, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				u := newUpstream(fail(c.kind, c.status))
				got, err := Run(t.Context(), Job{Task: desk, Inputs: inputs(30), Teachers: []Teacher{u.teacher("a")}, Budget: budget(5)})
				if c.ends {
					if model.KindOf(err) != c.kind {
						t.Fatalf("got %v, want the run ended", err)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				tr := got.Report.Teachers[0]
				if got.Report.Labelled != c.labelled || tr.Failed[c.kind.String()] != 1 {
					t.Errorf("report %+v", got.Report)
				}
				if sum := u.paid + got.Report.CostUnsure; (got.Report.CostUnsure > 0) != c.unsure || got.Report.Cost != sum {
					t.Errorf("$%s, of which $%s are not sure; the upstream billed $%s", got.Report.Cost, got.Report.CostUnsure, u.paid)
				}
			})
		})
	}
}

func TestAnswersFromElsewhereAreNotAskedFor(t *testing.T) {
	u := newUpstream(obvious)
	got, err := Run(t.Context(), Job{Task: desk, Inputs: inputs(3), Teachers: []Teacher{u.teacher("a")}, Earlier: []Answer{
		{Teacher: "a", Text: "REFUND number 0", Said: "invoice", Model: "up/x", Trace: "t1"},
		{Teacher: "other", Text: "delivery number 1", Said: "invoice"},
		{Teacher: "a", Text: "invoice number 2", Said: "not a label"}}})
	if err != nil {
		t.Fatal(err)
	}
	if u.calls != 2 || got.Examples[0].Label != "invoice" || got.Examples[0].Answers[0].Trace != "t1" || got.Report.Teachers[0].Traced != 1 {
		t.Errorf("%d calls; %+v", u.calls, got.Examples[0])
	}
	offline, err := Run(t.Context(), Job{Task: desk, Inputs: inputs(3), Teachers: []Teacher{u.teacher("a")}, Offline: true,
		Earlier: []Answer{{Teacher: "a", Text: "refund number 0", Said: "refund"}}})
	if err != nil {
		t.Fatal(err)
	}
	if u.calls != 2 || offline.Report.Labelled != 1 || offline.Report.Missing != 2 {
		t.Errorf("%d calls; %+v", u.calls, offline.Report)
	}
}

func TestBadJobs(t *testing.T) {
	u := newUpstream(obvious)
	for name, c := range map[string]struct {
		job  Job
		want string
	}{
		"no inputs":    {Job{Task: desk, Teachers: []Teacher{u.teacher("a")}}, "no inputs"},
		"no teacher":   {Job{Task: desk, Inputs: inputs(1)}, "no teacher"},
		"twice":        {Job{Task: desk, Inputs: inputs(1), Teachers: []Teacher{u.teacher("a"), u.teacher("a")}}, "teachers[1]"},
		"many votes":   {Job{Task: desk, Inputs: inputs(1), Teachers: []Teacher{u.teacher("a")}, Votes: 101}, "votes"},
		"below nought": {Job{Task: desk, Inputs: inputs(1), Teachers: []Teacher{u.teacher("a")}, Budget: budget(-1)}, "budget"},
	} {
		if _, err := Run(t.Context(), c.job); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if u.calls > 0 {
		t.Error("a bad job asked")
	}
}
