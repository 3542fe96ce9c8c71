// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package compose

import (
	"context"
	"errors"
	"testing"
	"time"

	"retort/model"
	"retort/model/modeltest"
)

// discard is a Recorder that keeps nothing.
type discard struct{}

func (discard) Record(context.Context, *model.Trace) error { return nil }

var down = &model.Error{Kind: model.Unavailable, Op: "connect", Provider: "down", Err: errors.New("connection refused")}

func alwaysDown() model.Model { return modeltest.Script(modeltest.Step{Err: down}) }

// stuck is a model that says nothing until its caller has had enough.
var stuck = model.Func(func(ctx context.Context, _ *model.Request, _ func(model.Part) error) (*model.Response, error) {
	<-ctx.Done()
	return nil, ctx.Err()
})

func sure(float64) bool   { return true }
func unsure(float64) bool { return false }

func cascade(cheap, strong model.Model, accept func(float64) bool) *Cascade {
	return &Cascade{Cheap: cheap, Strong: strong, Accept: accept}
}

// TestContract proves every model of the package, and nests of them, to keep the contract.
func TestContract(t *testing.T) {
	echo := modeltest.Echo("echo")
	cached := func(t *testing.T, m model.Model) model.Model {
		c, err := Cache(m, Caching{})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	cases := map[string]func(t *testing.T) model.Model{
		"fallback first":  func(*testing.T) model.Model { return Fallback(echo, alwaysDown()) },
		"fallback second": func(*testing.T) model.Model { return Fallback(alwaysDown(), echo) },
		"fallback holds": func(*testing.T) model.Model {
			return FallbackAmong([]Alternative{{Model: alwaysDown(), Context: 1}, {Model: hesitant(echo), Context: 100}},
				func(*model.Content) int { return 50 })
		},
		"balance weights":     func(*testing.T) model.Model { return Balance(echoes("a", "b"), Balancing{By: ByWeights}) },
		"balance outstanding": func(*testing.T) model.Model { return Balance(echoes("a", "b"), Balancing{By: ByOutstanding}) },
		"balance latency":     func(*testing.T) model.Model { return Balance(echoes("a", "b", "c"), Balancing{}) },
		"balance sticky":      func(*testing.T) model.Model { return Balance(echoes("a", "b"), Balancing{Sticky: UnitConversation}) },
		"balance helps": func(*testing.T) model.Model {
			return Balance([]Member{{Model: alwaysDown(), Name: "a"}, {Model: hesitant(echo), Name: "b"}}, Balancing{CoolDown: 1})
		},
		"hedge first":  func(*testing.T) model.Model { return Hedge(echo, Hedging{With: alwaysDown(), After: time.Hour}) },
		"hedge second": func(*testing.T) model.Model { return Hedge(stuck, Hedging{With: hesitant(echo), After: 1, AtMost: 1}) },
		"hedge races": func(*testing.T) model.Model {
			slow := modeltest.Slow(echo, 30*time.Microsecond, 0)
			return Hedge(slow, Hedging{With: slow, After: 1, AtMost: 1})
		},
		"hedge learns": func(*testing.T) model.Model { return Hedge(echo, Hedging{AtMost: 1}) },
		"split":        func(*testing.T) model.Model { return Split(arms(1, 1), Splitting{By: UnitConversation, Salt: "test"}) },
		"route first":  func(*testing.T) model.Model { return Route(named(echo, alwaysDown()), always(0), Routing{}) },
		"route second": func(*testing.T) model.Model {
			return Route(named(hesitant(echo), alwaysDown()), always(1, 0), Routing{})
		},
		"shadow": func(t *testing.T) model.Model {
			s, _ := shadowed(t, echo, modeltest.Echo("copy"), Shadowing{Concurrent: 100})
			return s
		},
		"shadow of the broken": func(t *testing.T) model.Model {
			s, _ := shadowed(t, echo, alwaysDown(), Shadowing{})
			return s
		},
		"cascade accepts": func(*testing.T) model.Model { return cascade(echo, alwaysDown(), sure) },
		"cascade rejects": func(*testing.T) model.Model { return cascade(echo, modeltest.Echo("strong"), unsure) },
		"cascade verifies": func(*testing.T) model.Model {
			return &Cascade{Cheap: echo, Strong: modeltest.Echo("strong"), Accept: AtLeast(0.5), Verify: asking(hesitant(echo)), Logprobs: true}
		},
		"cascade survives": func(*testing.T) model.Model { return cascade(alwaysDown(), echo, sure) },
		"cache":            func(t *testing.T) model.Model { return cached(t, echo) },
		"similar silent":   func(*testing.T) model.Model { return alike(echo, &recollecting{}, 0, 0) },
		"similar speaks":   func(*testing.T) model.Model { return alike(echo, &recollecting{speaks: true}, 0, 0) },
		"limit":            func(*testing.T) model.Model { return Limit(echo, Limits{Rate: 1e9, Burst: 1e6, Concurrent: 100}) },
		"record":           func(*testing.T) model.Model { return Record(echo, discard{}, Recording{}) },
		"blend of blends": func(t *testing.T) model.Model {
			pool := Balance([]Member{{Model: alwaysDown(), Name: "a"}, {Model: cached(t, hesitant(echo)), Name: "b"}}, Balancing{CoolDown: 1})
			quick := Hedge(Fallback(alwaysDown(), pool), Hedging{With: pool, After: 20 * time.Microsecond, AtMost: 1})
			test := Split([]Arm{{Fallback(quick, echo), 1, ""}, {Fallback(alwaysDown(), echo), 1, ""}}, Splitting{By: UnitConversation, Salt: "test"})
			watched, _ := shadowed(t, Route(named(alwaysDown(), test), always(0, 1), Routing{}), quick, Shadowing{})
			return Record(Limit(watched, Limits{Concurrent: 100}), discard{}, Recording{})
		},
		"nest": func(t *testing.T) model.Model {
			cascade := cascade(alwaysDown(), Fallback(alwaysDown(), cached(t, echo)), sure)
			return Record(Limit(cached(t, cascade), Limits{Concurrent: 100}), discard{}, Recording{})
		},
	}
	for name, fresh := range cases {
		t.Run(name, func(t *testing.T) { modeltest.Run(t, fresh) })
	}
}

// TestFailureContract proves that failures keep the contract as well.
func TestFailureContract(t *testing.T) {
	fussy := model.Func(func(ctx context.Context, req *model.Request, emit func(model.Part) error) (*model.Response, error) {
		if req.Model == "fail" {
			return nil, down
		}
		return modeltest.Echo("echo").Generate(ctx, req, emit)
	})
	cache, err := Cache(fussy, Caching{})
	if err != nil {
		t.Fatal(err)
	}
	cases := map[string]model.Model{
		"fallback": Fallback(fussy, fussy),
		"balance":  Balance([]Member{{Model: fussy, Name: "a"}, {Model: fussy, Name: "b"}}, Balancing{}),
		"hedge":    Hedge(fussy, Hedging{After: 1, AtMost: 1}),
		"split":    Split([]Arm{{fussy, 1, ""}, {fussy, 1, ""}}, Splitting{By: UnitConversation, Salt: "test"}),
		"route":    Route(named(fussy, fussy), always(0, 1), Routing{}),
		"shadow":   Shadow(fussy, fussy, Shadowing{}),
		"cascade":  cascade(fussy, fussy, sure),
		"cache":    cache,
		"similar":  alike(fussy, &recollecting{speaks: true}, 0, 0),
		"limit":    Limit(fussy, Limits{}),
		"record":   Record(fussy, discard{}, Recording{}),
	}
	failing := func() *model.Request { return modeltest.Wired("fail", "hello") }
	for name, m := range cases {
		t.Run(name, func(t *testing.T) {
			modeltest.Run(t, func(*testing.T) model.Model { return m }, modeltest.WithFailing(failing))
		})
	}
}
