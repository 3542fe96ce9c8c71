// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package compose

import (
	"context"
	"fmt"
	"testing"

	"retort/model"
)

// crowd returns a panel of instant models.
func crowd(n int) Panel {
	var members []model.Model
	for range n {
		members = append(members, instant("a"))
	}
	return panelOf(members...)
}

func ensemblesOf(n int) map[string]model.Model {
	return map[string]model.Model{
		"vote":    Vote(Voting{Panel: crowd(n), Read: textOf}),
		"best of": BestOf(Choosing{Panel: crowd(n), Verifier: alwaysGood}),
		"fuse":    Fuse(Fusing{Panel: crowd(n), Aggregator: instant("writer")}),
	}
}

// BenchmarkEnsemble tells what an ensemble costs by the number of its members.
func BenchmarkEnsemble(b *testing.B) {
	for _, n := range []int{1, 3, 9} {
		for name, m := range ensemblesOf(n) {
			b.Run(fmt.Sprint(name, "/", n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if _, err := m.Generate(context.Background(), hello(), model.Discard); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// TestEnsemblesAllocateLittle holds what a further member may cost.
func TestEnsemblesAllocateLittle(t *testing.T) {
	budgets := map[string]float64{"vote": 8, "best of": 8, "fuse": 16} // its goroutine, context, trail and parts; a proposal's text
	for name, large := range ensemblesOf(9) {
		allocations := func(m model.Model) float64 {
			return testing.AllocsPerRun(100, func() {
				if _, err := m.Generate(context.Background(), hello(), model.Discard); err != nil {
					t.Fatal(err)
				}
			})
		}
		small := ensemblesOf(3)[name]
		if each := (allocations(large) - allocations(small)) / 6; each > budgets[name] {
			t.Errorf("%s: a member allocates %.1f times, at most %v", name, each, budgets[name])
		}
	}
}
