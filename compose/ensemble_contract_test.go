// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package compose

import (
	"context"
	"testing"
	"time"

	"retort/model"
	"retort/model/modeltest"
)

// TestEnsemblesKeepTheContract proves vote, best of and fuse, and nests of them, to keep the contract.
func TestEnsemblesKeepTheContract(t *testing.T) {
	echo := modeltest.Echo("echo")
	cases := map[string]func() model.Model{
		"vote": func() model.Model {
			return Vote(Voting{Panel: panelOf(echo, alwaysDown(), hesitant(echo)), Read: textOf})
		},
		"vote early": func() model.Model { return Vote(Voting{Panel: panelOf(echo, echo, stuck), Read: textOf}) },
		"vote of samples": func() model.Model {
			p := panelOf(echo, alwaysDown())
			p.Samples, p.Concurrent = 3, 1
			return Vote(Voting{Panel: p, Read: textOf})
		},
		"best of compared": func() model.Model {
			return BestOf(Choosing{Panel: panelOf(echo, echo, says("x", "x", 0, 0)), Comparer: longer})
		},
		"best of verified": func() model.Model {
			return BestOf(Choosing{Panel: panelOf(hesitant(echo), stuck), Verifier: alwaysGood, Enough: 0.9})
		},
		"fuse": func() model.Model {
			return Fuse(Fusing{Panel: panelOf(echo, alwaysDown()), Aggregator: modeltest.Echo("writer"), Layers: 2})
		},
		"nest": func() model.Model {
			fused := Fuse(Fusing{Panel: panelOf(echo, echo), Aggregator: Fallback(alwaysDown(), hesitant(echo))})
			best := BestOf(Choosing{Panel: panelOf(alwaysDown(), Hedge(fused, Hedging{})), Comparer: longer})
			return Record(Vote(Voting{Panel: panelOf(best, fused, best), Read: textOf}), discard{}, Recording{})
		},
	}
	for name, fresh := range cases {
		t.Run(name, func(t *testing.T) { modeltest.Run(t, func(*testing.T) model.Model { return fresh() }) })
	}
}

// TestFailuresOfEnsemblesKeepTheContract proves that their failures do as well.
func TestFailuresOfEnsemblesKeepTheContract(t *testing.T) {
	fussy := model.Func(func(ctx context.Context, req *model.Request, emit func(model.Part) error) (*model.Response, error) {
		if req.Model == "fail" {
			return nil, down
		}
		return modeltest.Echo("echo").Generate(ctx, req, emit)
	})
	for name, m := range map[string]model.Model{
		"vote":    Vote(Voting{Panel: panelOf(fussy, fussy), Read: textOf}),
		"best of": BestOf(Choosing{Panel: panelOf(fussy, fussy), Comparer: longer}),
		"fuse":    Fuse(Fusing{Panel: panelOf(fussy, fussy), Aggregator: fussy}),
	} {
		t.Run(name, func(t *testing.T) {
			failing := func() *model.Request { return modeltest.Wired("fail", "hello") }
			modeltest.Run(t, func(*testing.T) model.Model { return m }, modeltest.WithFailing(failing))
		})
	}
}

// chaoticEnsembles are those that TestChaos tries.
func chaoticEnsembles() map[string]func(t *testing.T, a, b, c model.Model) model.Model {
	return map[string]func(t *testing.T, a, b, c model.Model) model.Model{
		"vote": func(_ *testing.T, a, b, c model.Model) model.Model {
			p := panelOf(a, b, c)
			p.Deadline, p.Concurrent = 1500*time.Millisecond, 2
			return Vote(Voting{Panel: p, Read: textOf})
		},
		"best of": func(_ *testing.T, a, b, c model.Model) model.Model {
			return BestOf(Choosing{Panel: panelOf(a, b, c), Comparer: longer})
		},
		"best of samples": func(_ *testing.T, a, b, c model.Model) model.Model {
			p := panelOf(a)
			p.Samples, p.MaxCost = 5, 20
			return BestOf(Choosing{Panel: p, Verifier: byX, Enough: 0.1})
		},
		"fuse": func(_ *testing.T, a, b, c model.Model) model.Model {
			return Fuse(Fusing{Panel: panelOf(a, b, a, b), Aggregator: Fallback(c, a, b), Layers: 2, Enough: 2})
		},
		"ensemble of ensembles": func(_ *testing.T, a, b, c model.Model) model.Model {
			fused := Fuse(Fusing{Panel: panelOf(a, b), Aggregator: Fallback(c, a)})
			best := BestOf(Choosing{Panel: panelOf(fused, Hedge(a, Hedging{With: b, AtMost: 0.5, Quantile: 0.7})), Comparer: longer})
			return Vote(Voting{Panel: panelOf(best, a, fused), Read: textOf})
		},
	}
}
