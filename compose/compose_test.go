// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package compose

import (
	"context"
	"errors"
	"testing"

	"retort/model"
	"retort/model/modeltest"
)

// discard is a Recorder that keeps nothing.
type discard struct{}

func (discard) Record(context.Context, *model.Trace) error { return nil }

var down = &model.Error{Kind: model.Unavailable, Op: "connect", Provider: "down", Err: errors.New("connection refused")}

func alwaysDown() model.Model { return modeltest.Script(modeltest.Step{Err: down}) }

func sure(resp *model.Response) bool { return true }
func unsure(*model.Response) bool    { return false }

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
		"fallback first":   func(*testing.T) model.Model { return Fallback(echo, alwaysDown()) },
		"fallback second":  func(*testing.T) model.Model { return Fallback(alwaysDown(), echo) },
		"cascade accepts":  func(*testing.T) model.Model { return Cascade{echo, alwaysDown(), sure} },
		"cascade rejects":  func(*testing.T) model.Model { return Cascade{echo, modeltest.Echo("strong"), unsure} },
		"cascade survives": func(*testing.T) model.Model { return Cascade{alwaysDown(), echo, sure} },
		"cache":            func(t *testing.T) model.Model { return cached(t, echo) },
		"limit":            func(*testing.T) model.Model { return Limit(echo, Limits{Rate: 1e9, Burst: 1e6, Concurrent: 100}) },
		"record":           func(*testing.T) model.Model { return Record(echo, discard{}, Recording{}) },
		"nest": func(t *testing.T) model.Model {
			cascade := Cascade{alwaysDown(), Fallback(alwaysDown(), cached(t, echo)), sure}
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
		"cascade":  Cascade{fussy, fussy, sure},
		"cache":    cache,
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
