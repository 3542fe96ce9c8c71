// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package compose

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"retort/model"
	"retort/model/modeltest"
)

// leaf is an upstream whose answers begin after what wait says, and that puts broken off calls on the trail as
// upstreams do: without usage when nothing was said yet.
func leaf(name string, wait func() time.Duration) model.Model {
	return model.Func(func(ctx context.Context, req *model.Request, emit func(model.Part) error) (*model.Response, error) {
		select {
		case <-time.After(wait()):
			return modeltest.Echo(name).Generate(ctx, req, emit)
		case <-ctx.Done():
			model.TrailOf(ctx).Add(model.Attempt{Model: name, Error: model.KindOf(ctx.Err()).String()})
			return nil, ctx.Err()
		}
	})
}

func after(d time.Duration) func() time.Duration { return func() time.Duration { return d } }

// heard is what came of a request.
type heard struct {
	Model, Text, Err string
	Took             time.Duration
	Attempts         []model.Attempt
	Cost             model.Money
}

func answerOf(m model.Model) heard {
	trail := &model.Trail{}
	var text strings.Builder
	start := time.Now()
	resp, err := m.Generate(model.WithTrail(context.Background(), trail), modeltest.Wired("test", "hello there"), func(p model.Part) error {
		text.WriteString(p.Text)
		return nil
	})
	a := heard{Text: text.String(), Err: said(err), Took: time.Since(start), Attempts: trail.Attempts()}
	_, a.Cost = trail.Total()
	if resp != nil {
		a.Model = resp.Model
	}
	return a
}

func TestHedge(t *testing.T) {
	const ms = time.Millisecond
	fails := func(wait time.Duration) model.Model { return modeltest.Slow(alwaysDown(), wait, 0) }
	breaks := modeltest.Slow(modeltest.Script(modeltest.Step{Response: model.Answer("a", "one two three"), Err: down, After: 2}), 150*ms, 0)
	downAttempt := model.Attempt{Error: "unavailable"}
	echoed := func(name string) model.Attempt {
		return model.Attempt{Model: name, Usage: model.Usage{Input: 2, Output: 2}, Cost: 4e6}
	}
	canceled := func(name string) model.Attempt {
		return model.Attempt{Model: name, Usage: model.Usage{Input: 7}, Cost: 7e6, Estimated: true, Error: "canceled"}
	}
	tests := map[string]struct {
		first, second model.Model
		want          heard
	}{
		"in time": {leaf("a", after(99*ms)), leaf("b", after(0)),
			heard{"a", "hello there", "", 99 * ms, []model.Attempt{echoed("a")}, 4e6}},
		"second is sooner": {leaf("a", after(time.Hour)), leaf("b", after(50*ms)),
			heard{"b", "hello there", "", 150 * ms, []model.Attempt{canceled("a"), echoed("b")}, 11e6}},
		"first is sooner after all": {leaf("a", after(120*ms)), leaf("b", after(50*ms)),
			heard{"a", "hello there", "", 120 * ms, []model.Attempt{canceled("b"), echoed("a")}, 11e6}},
		"first fails in time": {fails(50 * ms), leaf("b", after(0)),
			heard{Err: down.Error(), Took: 50 * ms, Attempts: []model.Attempt{downAttempt}}},
		"first fails late": {fails(150 * ms), leaf("b", after(70*ms)),
			heard{"b", "hello there", "", 170 * ms, []model.Attempt{downAttempt, echoed("b")}, 4e6}},
		"second fails": {leaf("a", after(170*ms)), fails(20 * ms),
			heard{"a", "hello there", "", 170 * ms, []model.Attempt{downAttempt, echoed("a")}, 4e6}},
		"both fail": {fails(150 * ms), fails(70 * ms),
			heard{Err: "hedge: down: connect: connection refused; down: connect: connection refused", Took: 170 * ms,
				Attempts: []model.Attempt{downAttempt, downAttempt}}},
		"winner breaks off": {breaks, leaf("b", after(time.Hour)),
			heard{Text: "one two ", Err: down.Error(), Took: 150 * ms, Attempts: []model.Attempt{canceled("b"), {Model: "a", Error: "unavailable"}}, Cost: 7e6}},
		"a role is no answer": {hesitant(leaf("a", after(time.Hour))), hesitant(leaf("b", after(0))),
			heard{"b", "hello there", "", 100 * ms, []model.Attempt{canceled("a"), echoed("b")}, 11e6}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := Hedge(test.first, Hedging{With: test.second, After: 100 * ms, AtMost: 1,
					Estimate: func(*model.Content) int { return 7 },
					Price:    func(_ string, u model.Usage) model.Money { return model.Price{Input: 1, Output: 1}.Cost(u) }})
				times := cmpopts.IgnoreFields(model.Attempt{}, "Start", "Duration", "First")
				if diff := cmp.Diff(test.want, answerOf(h), times); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestHedgePanicOfTheSecondIsAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bad := model.Func(func(context.Context, *model.Request, func(model.Part) error) (*model.Response, error) {
			panic("planted")
		})
		h := Hedge(leaf("a", after(time.Second)), Hedging{With: bad, After: time.Millisecond, AtMost: 1})
		if got := answerOf(h); got.Model != "a" {
			t.Errorf("got %+v; want the first to answer", got)
		}
	})
}

func TestHedgeStopsWithItsCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := Hedge(leaf("a", after(time.Hour)), Hedging{With: leaf("b", after(time.Hour)), After: time.Second, AtMost: 1})
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if _, err := h.Generate(ctx, same(0), model.Discard); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		if _, err := h.Generate(context.Background(), same(0), func(model.Part) error { return down }); !errors.Is(err, down) {
			t.Errorf("got %v; want what emit returned", err)
		}
	})
}

// An upstream is slow, by whole seconds, in one answer of fifty. Its other times to the first part are log-normal with a
// median of 100 ms. As it is by default, a hedge must bring p99 near that of the fast answers without asking much more,
// whatever the seed: docs/blends.md has the figures of other settings.
func TestHedgeCutsTheTail(t *testing.T) {
	for seed := range uint64(6) {
		synctest.Test(t, func(t *testing.T) { cutsTheTail(t, rand.New(rand.NewPCG(seed, 7))) })
	}
}

func cutsTheTail(t *testing.T, random *rand.Rand) {
	const requests, slow = 6000, 0.02
	fast := func() time.Duration {
		return time.Duration(100 * float64(time.Millisecond) * math.Exp(0.4*random.NormFloat64()))
	}
	var mu sync.Mutex
	calls := 0
	h := Hedge(leaf("up", func() time.Duration {
		mu.Lock()
		defer mu.Unlock()
		calls++
		if random.Float64() < slow {
			return 3 * time.Second
		}
		return fast()
	}), Hedging{})
	times := make([]time.Duration, requests)
	var wg sync.WaitGroup
	for i := range requests {
		time.Sleep(30 * time.Millisecond)
		wg.Go(func() { times[i] = answerOf(h).Took })
	}
	wg.Wait()
	ideal := make([]time.Duration, 10*requests)
	for i := range ideal {
		ideal[i] = fast()
	}
	p99 := func(d []time.Duration) time.Duration {
		slices.Sort(d)
		return d[len(d)*99/100]
	}
	extra := float64(calls-requests) / requests
	got, want := p99(times), p99(ideal)
	t.Logf("p99 %v, of the fast answers %v: × %.2f; %.1f %% more requests", got, want, float64(got)/float64(want), 100*extra)
	if float64(got) > 1.3*float64(want) || extra > 0.08 {
		t.Errorf("p99 is %v, of the fast answers %v; %.3f more requests", got, want, extra)
	}
}

// When the upstream is slow as a whole, the budget keeps the second requests few.
func TestHedgeBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const requests = 1000
		second := modeltest.Script(modeltest.Step{Response: model.Answer("second", "hi")})
		h := Hedge(leaf("a", after(time.Second)), Hedging{With: second, After: time.Millisecond, AtMost: 0.05})
		for range requests {
			answerOf(h)
		}
		if calls := second.Calls(); calls != 50 {
			t.Errorf("%d of %d requests were asked twice, want 50", calls, requests)
		}
	})
}

func TestRecentQuantile(t *testing.T) {
	var r recent
	for i := range enough - 1 {
		r.observe(time.Duration(i + 1))
	}
	if got := r.quantile(0.95); got != 0 {
		t.Errorf("so few tell %d", got)
	}
	for i := range 5000 {
		r.observe(time.Duration(1 + i%100))
	}
	if got := r.quantile(0.95); got < 94 || got > 97 {
		t.Errorf("p95 of 1 to 100 is %d", got)
	}
	for range 520 {
		r.observe(7)
	}
	if got := r.quantile(0.95); got != 7 {
		t.Errorf("p95 is %d, want what is seen lately", got)
	}
}

func TestHedgeTellsWhatARouteChose(t *testing.T) {
	trail := &model.Trail{}
	h := Hedge(Route(named(instant("a"), instant("b")), always(1, 0), Routing{Name: "test"}), Hedging{After: time.Hour})
	if _, err := h.Generate(model.WithTrail(context.Background(), trail), same(0), model.Discard); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]model.Pick{{Blend: "test", Model: "b", Why: "always"}}, trail.Picks()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestHedgeTellsWhichArmsAnswered(t *testing.T) {
	trail := &model.Trail{}
	h := Hedge(Split([]Arm{{instant("a"), 1, "left"}}, Splitting{Name: "test"}), Hedging{After: time.Hour})
	if _, err := h.Generate(model.WithTrail(context.Background(), trail), same(0), model.Discard); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]model.Arm{{Split: "test", Name: "left"}}, trail.Arms()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
