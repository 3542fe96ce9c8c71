// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package compose

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"retort/model"
	"retort/model/modeltest"
)

// echoes returns members that answer with their names.
func echoes(names ...string) []Member {
	var members []Member
	for _, name := range names {
		members = append(members, Member{Model: modeltest.Echo(name), Name: name})
	}
	return members
}

func seeded() func() float64 { return rand.New(rand.NewPCG(1, 2)).Float64 }

// answerers asks n times and counts who answered.
func answerers(t *testing.T, m model.Model, n int, req func(i int) *model.Request) map[string]int {
	t.Helper()
	counts := map[string]int{}
	for i := range n {
		resp, err := m.Generate(context.Background(), req(i), model.Discard)
		if err != nil {
			t.Fatal(err)
		}
		counts[resp.Model]++
	}
	return counts
}

func same(int) *model.Request { return modeltest.Wired("test", "hello") }

func TestBalanceByWeights(t *testing.T) {
	members := echoes("a", "b", "c")
	members[0].Weight, members[1].Weight = 3, 2
	b := Balance(members, Balancing{By: ByWeights})
	var order string
	for range 6 {
		resp, err := ask(b)
		if err != nil {
			t.Fatal(err)
		}
		order += resp.Model
	}
	if order != "abacba" {
		t.Errorf("asked in the order %s; want the turns spread evenly", order)
	}
	if diff := cmp.Diff(map[string]int{"a": 300, "b": 200, "c": 100}, answerers(t, b, 600, same)); diff != "" {
		t.Errorf("shares (-want +got):\n%s", diff)
	}
}

func TestBalanceByOutstanding(t *testing.T) {
	var b model.Model
	var inside []string
	member := func(name string) model.Model {
		return model.Func(func(ctx context.Context, req *model.Request, emit func(model.Part) error) (*model.Response, error) {
			inside = append(inside, name)
			if len(inside) < 6 { // ask again while this request is being answered
				if _, err := b.Generate(ctx, req, model.Discard); err != nil {
					return nil, err
				}
			}
			return modeltest.Echo(name).Generate(ctx, req, emit)
		})
	}
	b = Balance([]Member{{Model: member("a"), Name: "a", Weight: 2}, {Model: member("b"), Name: "b"}}, Balancing{By: ByOutstanding})
	if _, err := ask(b); err != nil {
		t.Fatal(err)
	}
	counts := map[string]int{}
	for _, name := range inside {
		counts[name]++
	}
	if diff := cmp.Diff(map[string]int{"a": 4, "b": 2}, counts); diff != "" {
		t.Errorf("six requests at the same time (-want +got):\n%s", diff)
	}
}

// Of three members one is ten times as slow: it gets little, but is not forgotten.
func TestBalanceByLatency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		members := echoes("a", "b", "slow")
		for i := range members {
			wait := 20 * time.Millisecond
			if members[i].Name == "slow" {
				wait *= 10
			}
			members[i].Model = modeltest.Slow(members[i].Model, wait, 0)
		}
		b := Balance(members, Balancing{Random: locked(seeded())})
		var mu sync.Mutex
		counts := map[string]int{}
		var wg sync.WaitGroup
		for range 2000 {
			time.Sleep(5 * time.Millisecond)
			wg.Go(func() {
				resp, err := b.Generate(context.Background(), same(0), model.Discard)
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					t.Error(err)
					return
				}
				counts[resp.Model]++
			})
		}
		wg.Wait()
		if counts["slow"] == 0 || counts["slow"] > 100 || counts["a"] < 700 || counts["b"] < 700 {
			t.Errorf("got %v; want the slow member to have a few and the others equal shares", counts)
		}
	})
}

// locked makes a source of random numbers safe for concurrent use.
func locked(random func() float64) func() float64 {
	var mu sync.Mutex
	return func() float64 {
		mu.Lock()
		defer mu.Unlock()
		return random()
	}
}

func TestBalancePassesOverTheFull(t *testing.T) {
	clock := &watch{time.Unix(1000, 0)}
	members := echoes("a", "b")
	members[0].Rate, members[0].Burst = 1, 2
	members[1].Rate, members[1].Burst = 2, 1
	b := Balance(members, Balancing{By: ByWeights, Now: clock.Now})
	if diff := cmp.Diff(map[string]int{"a": 2, "b": 1}, answerers(t, b, 3, same)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	_, err := ask(b)
	checkRefusal(t, "all are full", err, 500*time.Millisecond)
	clock.now = clock.now.Add(500 * time.Millisecond)
	if got := answerers(t, b, 1, same); got["b"] != 1 {
		t.Errorf("got %v; want the one that has room again", got)
	}

	var inner model.Model
	inside := 0
	one := model.Func(func(ctx context.Context, req *model.Request, emit func(model.Part) error) (*model.Response, error) {
		if inside++; inside < 3 {
			return inner.Generate(ctx, req, emit)
		}
		return modeltest.Echo("one").Generate(ctx, req, emit)
	})
	inner = Balance([]Member{{Model: one, Name: "one", Concurrent: 2}}, Balancing{})
	_, err = ask(inner)
	checkRefusal(t, "third at a time", err, busyWait)
}

func TestBalanceGetsTheSeatOfAPanicBack(t *testing.T) {
	mad := true
	m := Balance([]Member{{Name: "a", Concurrent: 1, Model: model.Func(func(ctx context.Context, req *model.Request, emit func(model.Part) error) (*model.Response, error) {
		if mad {
			panic("mad")
		}
		return modeltest.Echo("a").Generate(ctx, req, emit)
	})}}, Balancing{})
	ask := func() (resp *model.Response, err error) {
		defer func() { _ = recover() }()
		return m.Generate(t.Context(), same(0), model.Discard)
	}
	_, _ = ask()
	mad = false
	if resp, err := ask(); err != nil || resp == nil {
		t.Errorf("after a panic: %v, %v", resp, err)
	}
}

func TestBalanceLeavesTheFailedAlone(t *testing.T) {
	clock := &watch{time.Unix(1000, 0)}
	var broken error = down
	calls := 0
	bad := model.Func(func(ctx context.Context, req *model.Request, emit func(model.Part) error) (*model.Response, error) {
		calls++
		if broken != nil {
			return nil, broken
		}
		return modeltest.Echo("bad").Generate(ctx, req, emit)
	})
	b := Balance([]Member{{Model: bad, Name: "bad"}, {Model: modeltest.Echo("good"), Name: "good"}}, Balancing{By: ByWeights, Now: clock.Now})
	steps := []struct {
		after time.Duration
		calls int // of the bad member, since the start
	}{
		{0, 1}, {0, 1}, {999 * time.Millisecond, 1},
		{time.Millisecond, 2}, {0, 2}, // one trial after a second
		{1999 * time.Millisecond, 2}, {time.Millisecond, 3}, // the next after two
		{4 * time.Second, 4}, {8 * time.Second, 5}, {16 * time.Second, 6}, {30 * time.Second, 7}, {30 * time.Second, 8},
	}
	for i, s := range steps {
		clock.now = clock.now.Add(s.after)
		for range 4 {
			if got := answerers(t, b, 1, same); got["good"] != 1 {
				t.Fatalf("step %d: got %v; want the good member to help out", i, got)
			}
		}
		if calls != s.calls {
			t.Fatalf("step %d: the bad member was asked %d times, want %d", i, calls, s.calls)
		}
	}
	broken = nil
	clock.now = clock.now.Add(30 * time.Second)
	if got := answerers(t, b, 100, same); got["bad"] < 45 {
		t.Errorf("got %v; want equal shares once all is well again", got)
	}
	broken = &model.Error{Kind: model.RateLimited, RetryAfter: 20 * time.Second}
	before := calls
	answerers(t, b, 10, same)
	clock.now = clock.now.Add(19 * time.Second)
	answerers(t, b, 10, same)
	if calls != before+1 {
		t.Errorf("asked %d times within the time that the upstream named, want once", calls-before)
	}
}

func TestBalanceKnowsWhoIsToBlame(t *testing.T) {
	refuses := errors.New("the reader has enough")
	tests := map[string]struct {
		err   error
		emit  error
		asked int // how often the member is asked by two requests
		other bool
	}{
		"request too long":  {&model.Error{Kind: model.TooLong}, nil, 2, true},
		"request wrong":     {&model.Error{Kind: model.Invalid}, nil, 2, false},
		"upstream down":     {down, nil, 1, true},
		"key refused":       {&model.Error{Kind: model.Unauthenticated}, nil, 1, true},
		"reader has enough": {nil, refuses, 2, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			step := modeltest.Step{Err: test.err}
			if test.err == nil {
				step = modeltest.Step{Response: model.Answer("first", "hi")}
			}
			first := modeltest.Script(step)
			other := modeltest.Script(modeltest.Step{Response: model.Answer("other", "hi")})
			clock := &watch{time.Unix(1000, 0)}
			b := Balance([]Member{{Model: first, Name: "first", Weight: 1e9}, {Model: other, Name: "other"}},
				Balancing{By: ByWeights, Now: clock.Now})
			for range 2 {
				_, err := b.Generate(context.Background(), same(0), func(model.Part) error { return test.emit })
				if (err == nil) != (test.other && test.emit == nil) {
					t.Errorf("got error %v", err)
				}
			}
			if first.Calls() != test.asked || (other.Calls() > 0) != test.other {
				t.Errorf("the first was asked %d times, the other %d", first.Calls(), other.Calls())
			}
		})
	}
}

func TestBalanceAsksTheFailedWhenNoneIsLeft(t *testing.T) {
	a, b := alwaysDown().(*modeltest.Scripted), alwaysDown().(*modeltest.Scripted)
	m := Balance([]Member{{Model: a, Name: "a"}, {Model: b, Name: "b"}}, Balancing{})
	for range 3 {
		if _, err := ask(m); !errors.Is(err, down) {
			t.Fatalf("got %v; want what the members said", err)
		}
	}
	if calls := a.Calls() + b.Calls(); calls != 4 {
		t.Errorf("they were asked %d times, want both by the first request and one by each that followed", calls)
	}
	if _, err := ask(Balance(nil, Balancing{})); model.KindOf(err) != model.Internal {
		t.Errorf("got %v; want an error for no models", err)
	}
}

// conversation returns the request of a turn of a conversation.
func conversation(id, turn int) *model.Request {
	c := &model.Content{Messages: []model.Message{model.Text(model.System, "Be brief."), model.Text(model.User, fmt.Sprint("question ", id))}}
	for i := range turn {
		c.Messages = append(c.Messages, model.Text(model.Assistant, "answer"), model.Text(model.User, fmt.Sprint("and ", i)))
	}
	return model.NewRequest("test", c)
}

func TestBalanceKeepsConversationsTogether(t *testing.T) {
	clock := &watch{time.Unix(1000, 0)}
	homes := func(weights map[string]float64, order ...string) map[int]string {
		members := echoes(order...)
		for i := range members {
			members[i].Weight = weights[members[i].Name]
		}
		b := Balance(members, Balancing{Sticky: UnitConversation, Now: clock.Now})
		found := map[int]string{}
		for id := range 2000 {
			for turn := range 2 {
				resp, err := b.Generate(context.Background(), conversation(id, turn), model.Discard)
				if err != nil {
					t.Fatal(err)
				}
				if before, ok := found[id]; ok && before != resp.Model {
					t.Fatalf("conversation %d moved from %s to %s", id, before, resp.Model)
				}
				found[id] = resp.Model
			}
		}
		return found
	}
	weights := map[string]float64{"a": 1, "b": 1, "c": 2}
	three := homes(weights, "a", "b", "c")
	counts := map[string]int{}
	for _, name := range three {
		counts[name]++
	}
	for name, weight := range weights {
		if want := 2000 * weight / 4; math.Abs(float64(counts[name])-want) > 100 {
			t.Errorf("%s has %d conversations, want about %.0f", name, counts[name], want)
		}
	}
	if diff := cmp.Diff(three, homes(weights, "c", "a", "b")); diff != "" {
		t.Errorf("the order of members matters:\n%s", diff)
	}
	for id, name := range homes(weights, "a", "c") {
		if three[id] != "b" && three[id] != name {
			t.Errorf("conversation %d moved from %s to %s though its member stayed", id, three[id], name)
		}
	}
}
