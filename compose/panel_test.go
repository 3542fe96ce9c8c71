// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package compose

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"retort/model"
	"retort/model/modeltest"
)

// says returns a model that answers with text after a while, for a price, and leaves an attempt; it honours ctx.
func says(name, text string, after time.Duration, cost model.Money) model.Model {
	return model.Func(func(ctx context.Context, _ *model.Request, emit func(model.Part) error) (*model.Response, error) {
		a := model.Attempt{Model: "up/" + name}
		defer func() { model.TrailOf(ctx).Add(a) }()
		select {
		case <-time.After(after):
		case <-ctx.Done():
			a.Error = model.KindOf(ctx.Err()).String()
			return nil, ctx.Err()
		}
		resp := model.Answer("up/"+name, text)
		resp.Cost = cost
		a.Cost = cost
		return resp, resp.Emit(emit)
	})
}

// broken is a model that fails with a kind of error.
func broken(kind model.Kind) model.Model {
	return modeltest.Script(modeltest.Step{Err: &model.Error{Kind: kind, Op: "fail", Err: errors.New("out of order")}})
}

func panelOf(models ...model.Model) Panel {
	p := Panel{}
	for i, m := range models {
		p.Members = append(p.Members, Panelist{Model: m, Name: string(rune('a' + i))})
	}
	return p
}

func textOf(_ *model.Request, r *model.Response) (string, bool) { return r.Text(), r.Text() != "" }

// outcome is what came of a request.
type outcome struct {
	resp     *model.Response
	err      error
	emitted  string
	attempts []model.Attempt
	took     time.Duration
}

func put(t *testing.T, m model.Model, req *model.Request) outcome {
	t.Helper()
	trail := &model.Trail{}
	var text strings.Builder
	start := time.Now()
	resp, err := m.Generate(model.WithTrail(t.Context(), trail), req, func(p model.Part) error {
		text.WriteString(p.Text)
		return nil
	})
	return outcome{resp, err, text.String(), trail.Attempts(), time.Since(start)}
}

func hello() *model.Request { return model.NewRequest("test", model.Prompt("hello")) }

// trailOf returns the attempts as "model", with "!" where rejected, and with the error.
func trailOf(attempts []model.Attempt) string {
	var out []string
	for _, a := range attempts {
		s := strings.TrimPrefix(a.Model, "up/")
		if a.Rejected {
			s += "!"
		}
		if a.Error != "" {
			s += ":" + a.Error
		}
		out = append(out, s)
	}
	return strings.Join(out, " ")
}

func TestOneChoiceOnly(t *testing.T) {
	echo := modeltest.Echo("echo")
	for name, m := range map[string]model.Model{
		"vote":    Vote(Voting{Panel: panelOf(echo, echo), Read: textOf}),
		"best of": BestOf(Choosing{Panel: panelOf(echo, echo), Comparer: longer}),
		"fuse":    Fuse(Fusing{Panel: panelOf(echo, echo), Aggregator: echo}),
	} {
		content := model.Prompt("hello")
		content.N = 2
		_, err := m.Generate(t.Context(), model.NewRequest("test", content), model.Discard)
		var e *model.Error
		if !errors.As(err, &e) || e.Kind != model.Invalid || e.Field != "n" || e.Hint == "" {
			t.Errorf("%s: got %v, want n refused", name, err)
		}
	}
	if _, err := Vote(Voting{Read: textOf}).Generate(t.Context(), hello(), model.Discard); err == nil {
		t.Error("a panel of nobody answered")
	}
}

func TestPanicOfAMemberIsAFailure(t *testing.T) {
	mad := model.Func(func(context.Context, *model.Request, func(model.Part) error) (*model.Response, error) { panic("mad") })
	x := says("x", "x", 0, 0)
	got := put(t, Vote(Voting{Panel: panelOf(mad, x), Read: textOf}), hello())
	if got.err != nil || got.emitted != "x" {
		t.Errorf("got %+v", got)
	}
	got = put(t, Vote(Voting{Panel: panelOf(mad), Read: textOf}), hello())
	if model.KindOf(got.err) != model.Internal || !strings.Contains(got.err.Error(), "mad") {
		t.Errorf("got %v", got.err)
	}
}

// A member that emits, panics and is asked by a caller who leaves must not be left behind.
func TestOnlyTheWinnersChoicesCount(t *testing.T) {
	via := func(name, text string) model.Model {
		return Split([]Arm{{Route(named(says(name, text, 0, 0)), always(0), Routing{Name: name}), 1, "arm"}}, Splitting{Name: name})
	}
	trail := &model.Trail{}
	m := BestOf(Choosing{Panel: panelOf(via("one", "x"), via("two", "xx")), Verifier: byX})
	if _, err := m.Generate(model.WithTrail(t.Context(), trail), hello(), model.Discard); err != nil {
		t.Fatal(err)
	}
	if arms, picks := trail.Arms(), trail.Picks(); len(arms) != 1 || arms[0].Split != "two" || len(picks) != 1 || picks[0].Blend != "two" {
		t.Errorf("got %v and %v, want those of two alone", arms, picks)
	}
}

func TestNobodyIsLeftBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var inside atomic.Int32
		slow := model.Func(func(ctx context.Context, _ *model.Request, _ func(model.Part) error) (*model.Response, error) {
			inside.Add(1)
			defer inside.Add(-1)
			<-ctx.Done()
			time.Sleep(time.Second) // takes its time to leave
			return nil, ctx.Err()
		})
		m := Vote(Voting{Panel: panelOf(says("x", "x", 0, 0), says("x", "x", 0, 0), slow), Read: textOf})
		for _, emit := range []func(model.Part) error{model.Discard, func(model.Part) error { return errSpurned }, func(model.Part) error { panic("caller") }} {
			func() {
				defer func() { _ = recover() }()
				_, _ = m.Generate(t.Context(), hello(), emit)
			}()
			if n := inside.Load(); n != 0 {
				t.Errorf("%d members are still at it", n)
			}
		}
	})
}

func TestConcurrentBoundsWhoIsAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var now, most atomic.Int32
		busy := model.Func(func(ctx context.Context, req *model.Request, emit func(model.Part) error) (*model.Response, error) {
			most.Store(max(most.Load(), now.Add(1)))
			defer now.Add(-1)
			return says("x", "x", time.Second, 0).Generate(ctx, req, emit)
		})
		p := panelOf(busy)
		p.Samples, p.Concurrent = 7, 2
		got := put(t, Vote(Voting{Panel: p, Read: textOf}), hello())
		if most.Load() != 2 || got.took != 2*time.Second || len(got.attempts) != 5 { // 4 of 7 settle it, and one was under way
			t.Errorf("%d at a time, %v, %d attempts", most.Load(), got.took, len(got.attempts))
		}
	})
}

func TestSamplesAreToldApart(t *testing.T) {
	var mu sync.Mutex
	var seen []string
	spy := model.Func(func(ctx context.Context, req *model.Request, emit func(model.Part) error) (*model.Response, error) {
		c, err := req.Content()
		if err != nil {
			return nil, err
		}
		s := "-"
		if c.Seed != nil {
			s = string(rune('0' + *c.Seed))
			model.TrailOf(ctx).Drop("seed")
		}
		if c.Temperature != nil {
			s += "t"
		}
		mu.Lock()
		seen = append(seen, s)
		mu.Unlock()
		return says("x", "x", 0, 0).Generate(ctx, req, emit)
	})
	warm := 0.8
	nine, cold := int64(9), 0.0
	for name, test := range map[string]struct {
		temperature *float64
		seed        *int64
		asked       *float64
		strict      bool
		want        string
	}{
		"seeds":       {want: "- 1 2"},
		"temperature": {temperature: &warm, want: "-t 1t 2t"},
		"pinned":      {temperature: &warm, seed: &nine, asked: &cold, want: "9t 9t 9t"},
		"strict":      {strict: true, want: "- - -"},
	} {
		seen = nil
		p := panelOf(spy)
		p.Samples, p.Temperature = 3, test.temperature
		content := model.Prompt("hello")
		content.Seed, content.Temperature = test.seed, test.asked
		req := model.NewRequest("test", content)
		req.Strict = test.strict
		trail := &model.Trail{}
		if _, err := Fuse(Fusing{Panel: p, Aggregator: modeltest.Echo("e")}).Generate(model.WithTrail(t.Context(), trail), req, model.Discard); err != nil {
			t.Fatal(err)
		}
		slices.Sort(seen)
		if got := strings.Join(seen, " "); got != test.want {
			t.Errorf("%s: asked with %q, want %q", name, got, test.want)
		}
		if dropped := len(trail.Dropped()) > 0; dropped != (test.seed != nil) {
			t.Errorf("%s: dropped %v; want the caller's own fields only", name, trail.Dropped())
		}
	}
}

// Once the costs are known, members for whom nothing is left are passed over.
func TestMaxCost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := panelOf(says("cheap", "x", 0, 10), says("dear", "y", 0, 100), says("fair", "x", 0, 20))
		p.MaxCost, p.Concurrent = 50, 1
		m := Vote(Voting{Panel: p, Read: textOf})
		if got := put(t, m, hello()); trailOf(got.attempts) != "dear! cheap c:quota_exhausted" {
			t.Errorf("at first: %s", trailOf(got.attempts))
		}
		got := put(t, m, hello())
		if want := "fair cheap b:quota_exhausted"; trailOf(got.attempts) != want {
			t.Errorf("then: %s, want %s", trailOf(got.attempts), want)
		}
		if got.resp.Score < 0.6 || got.resp.Score > 0.7 {
			t.Errorf("score %v; who was passed over counts against it", got.resp.Score)
		}
		p.MaxCost, p.Quorum = 5, 2
		p.Concurrent = 1
		m = Vote(Voting{Panel: p, Read: textOf})
		put(t, m, hello())
		if got := put(t, m, hello()); model.KindOf(got.err) != model.Exhausted {
			t.Errorf("got %v, want too little money for a quorum", got.err)
		}
	})
}

func TestDeadlineAndQuorum(t *testing.T) {
	soon, late := says("soon", "x", time.Second, 0), says("late", "y", time.Minute, 0)
	for name, test := range map[string]struct {
		members []model.Model
		quorum  int
		kind    model.Kind // 0: an answer
		took    time.Duration
	}{
		"decides with what has come": {[]model.Model{late, soon, late}, 0, 0, 10 * time.Second},
		"too few":                    {[]model.Model{late, soon, late}, 2, model.Timeout, 10 * time.Second},
		"none":                       {[]model.Model{late, late}, 0, model.Timeout, 10 * time.Second},
		"too few, none late":         {[]model.Model{soon, broken(model.Unavailable)}, 2, model.Unavailable, time.Second},
		"all failed":                 {[]model.Model{broken(model.RateLimited), broken(model.Invalid)}, 0, model.RateLimited, 0},
		"all refuse":                 {[]model.Model{broken(model.Invalid), broken(model.Invalid)}, 0, model.Invalid, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := panelOf(test.members...)
				p.Deadline, p.Quorum = 10*time.Second, test.quorum
				for kind, m := range map[string]model.Model{
					"vote":    Vote(Voting{Panel: p, Read: textOf}),
					"best of": BestOf(Choosing{Panel: p, Comparer: longer}),
					"fuse":    Fuse(Fusing{Panel: p, Aggregator: says("writer", "x", 0, 0)}),
				} {
					got := put(t, m, hello())
					if got.took != test.took {
						t.Errorf("%s: took %v, want %v", kind, got.took, test.took)
					}
					if test.kind == 0 && (got.err != nil || got.emitted != "x") || test.kind != 0 && (got.err == nil || model.KindOf(got.err) != test.kind) {
						t.Errorf("%s: got %q and %v", kind, got.emitted, got.err)
					}
				}
			})
		})
	}
}

// What a canceled member had cost is estimated.
func TestCanceledMembersAreEstimated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := panelOf(says("x", "x", 0, 5), says("y", "x", 0, 5), says("z", "y", time.Hour, 5))
		p.Estimate = func(*model.Content) int { return 7 }
		p.Price = func(name string, u model.Usage) model.Money { return model.Money(u.Input) }
		got := put(t, Vote(Voting{Panel: p, Read: textOf}), hello())
		last := got.attempts[len(got.attempts)-1]
		if trailOf(got.attempts) != "y x z:canceled" || !last.Estimated || last.Cost != 7 || got.took != 0 {
			t.Errorf("%s after %v, the last %+v", trailOf(got.attempts), got.took, last)
		}
	})
}
