// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"math/rand/v2"
	"strings"

	"retort/eval"
	"retort/router"
)

// routerArena returns RouterArena's cached results by question: real answers of two models with their scores and costs.
func routerArena() ([]router.Record, error) {
	type result struct {
		ID, Model, Question string
		Score               float64
		Cost                float64 `json:"cost_usd"`
		Input               int     `json:"input_tokens"`
	}
	lines, err := readLines[result]("routerarena/cached_results.jsonl.gz")
	if err != nil {
		return nil, err
	}
	number := map[string]int{}
	var out []router.Record
	for _, l := range lines {
		i, ok := number[l.ID]
		if !ok {
			i = len(out)
			number[l.ID] = i
			q := asked(l.Question)
			q.Tokens = l.Input
			domain, _, _ := strings.Cut(l.ID, "_")
			out = append(out, router.Record{Query: q, Domain: domain, Outcomes: map[string]router.Outcome{}})
		}
		out[i].Outcomes[l.Model] = router.Outcome{Quality: l.Score, Cost: l.Cost}
	}
	return out, nil
}

// measureRouterArena has each question routed by a router trained on the four fifths without it, for the highest quality
// and, with policies calibrated on the same fifths, for targets. One of the two models is both better and cheaper here: the line between
// them, what can be had without looking at requests, falls with cost, and the hull is the better model alone.
func measureRouterArena(ctx context.Context, b *bench) error {
	records, err := routerArena()
	if err != nil {
		return err
	}
	const folds = 5
	fold := make([]int, len(records))
	for k, i := range rand.New(rand.NewPCG(5, 5)).Perm(len(records)) {
		fold[i] = k % folds
	}
	var models []string
	routed, frugal := eval.Series{Name: "router"}, eval.Series{Name: "frugal"}
	var test []router.Record
	for f := range folds {
		var rest, held []router.Record
		for i, r := range records {
			if fold[i] == f {
				held = append(held, r)
			} else {
				rest = append(rest, r)
			}
		}
		training, err := router.Train(ctx, rest, router.Options{Seed: uint64(f + 1)})
		if err != nil {
			return err
		}
		models = training.Router.Models()
		policy, err := router.Calibrate(rest, training.OutOfFold, models, router.Target{Quality: 1})
		if err != nil {
			return err
		}
		best, err := router.Calibrate(rest, training.OutOfFold, models, router.Target{Best: true})
		if err != nil {
			return err
		}
		estimates := estimate(training.Router, held)
		extend(&routed, follow("router", held, models, estimates, best))
		extend(&frugal, follow("frugal", held, models, estimates, policy))
		test = append(test, held...)
	}
	parts := singles(test, models)
	for _, s := range append(parts, routed, frugal) {
		b.Note("routerarena_"+s.Name+"_score", mean(s.Quality), "")
		b.Note("routerarena_"+s.Name+"_cost", 1000*mean(s.Cost), "$ per 1,000")
	}
	for _, s := range []eval.Series{routed, frugal} {
		position, err := eval.PositionOf(s, parts, eval.CompareOptions{Seed: 1})
		if err != nil {
			return err
		}
		b.interval("routerarena_"+s.Name+"_above_line", position.Gain, "")
	}
	oracle, err := eval.OracleOf(parts, eval.CompareOptions{Seed: 1})
	if err != nil {
		return err
	}
	regret, err := oracle.Regret(routed)
	if err != nil {
		return err
	}
	b.interval("routerarena_regret", regret, "")
	return nil
}

func extend(s *eval.Series, more eval.Series) {
	s.Quality, s.Cost = append(s.Quality, more.Quality...), append(s.Cost, more.Cost...)
}
