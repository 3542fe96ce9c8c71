// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"

	"retort/compose"
	"retort/eval/certify"
	"retort/internal/similar"
	"retort/model"
)

// measureSimilar streams Banking77's training part, in random orders and with its labels as a teacher's answers, through
// the memory of similar inputs, and counts how many requests the memory answers, how often it agrees with the teacher, and
// in how many orders it did not keep its promise. Nothing was chosen by these figures.
func measureSimilar(ctx context.Context, b *bench) error {
	rows, err := table("banking77/train.csv")
	if err != nil {
		return err
	}
	for _, agreement := range []float64{0.9, 0.95} {
		goal := certify.Goal{Agreement: agreement, Confidence: 0.95}
		var sum streamed
		violated := 0
		for run := range b.runs {
			random := rand.New(rand.NewPCG(uint64(run), 77))
			random.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
			s, err := streamThrough(ctx, rows, goal, random)
			if err != nil {
				return err
			}
			if float64(s.agreed) < agreement*float64(s.given) {
				violated++
			}
			sum.asked, sum.given, sum.agreed = sum.asked+s.asked, sum.given+s.given, sum.agreed+s.agreed
			sum.late, sum.falls = sum.late+s.late, sum.falls+s.falls
			fmt.Fprintf(os.Stderr, "similar at %v, order %d: %+v\n", agreement, run+1, s)
		}
		name := fmt.Sprintf("similar_banking77_at_%g", agreement)
		b.Note(name+"_given", float64(sum.given)/float64(sum.asked), "")
		b.Note(name+"_given_in_the_second_half", 2*float64(sum.late)/float64(sum.asked), "")
		b.Note(name+"_agreement", float64(sum.agreed)/float64(max(1, sum.given)), "")
		b.Note(name+"_falls", float64(sum.falls)/float64(b.runs), "an order")
		delta := 1 - goal.Confidence
		b.AtMost(name+"_orders_violated", float64(violated)/float64(b.runs), "", delta+2*math.Sqrt(delta*(1-delta)/float64(b.runs)))
	}
	return nil
}

// streamed is what came of one order; late counts the answers given in its second half.
type streamed struct{ asked, given, agreed, late, falls int }

// streamThrough asks for the categories of texts in their order.
func streamThrough(ctx context.Context, rows []map[string]string, goal certify.Goal, random *rand.Rand) (s streamed, err error) {
	memory, err := similar.New(similar.Options{Goal: goal})
	if err != nil {
		return s, err
	}
	at := 0
	teacher := model.Func(func(_ context.Context, _ *model.Request, emit func(model.Part) error) (*model.Response, error) {
		resp := model.Answer("teacher", rows[at]["category"])
		return resp, resp.Emit(emit)
	})
	reminded := compose.Similar(teacher, compose.Similarity{Name: "similar", Memory: memory, Audit: 0.05, Random: random.Float64,
		Input: func(context.Context, *model.Request) (string, error) { return rows[at]["text"], nil }})
	for at = range rows {
		resp, err := reminded.Generate(ctx, model.NewRequest("banking77", model.Prompt(rows[at]["text"])), model.Discard)
		if err != nil {
			return s, err
		}
		s.asked++
		if resp.Model != "similar" {
			continue
		}
		s.given++
		if resp.Text() == rows[at]["category"] {
			s.agreed++
		}
		if 2*at >= len(rows) {
			s.late++
		}
	}
	s.falls = memory.Counts().Falls
	return s, nil
}
