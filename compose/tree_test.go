// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package compose

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"retort/model"
	"retort/model/modeltest"
)

// tree returns a blend of blends, drawn at random, and what it is made of. leaf makes the models at the bottom.
func tree(t *testing.T, random *rand.Rand, depth int, leaf func() model.Model) (m model.Model, of string) {
	if depth == 0 {
		return leaf(), "·"
	}
	known := blendsOfAll()
	known["limit"] = func(_ *testing.T, a, _, _ model.Model) model.Model { return Limit(a, Limits{Concurrent: 100}) }
	known["record"] = func(_ *testing.T, a, _, _ model.Model) model.Model { return Record(a, discard{}, Recording{}) }
	known["similar speaks"] = func(_ *testing.T, a, _, _ model.Model) model.Model {
		return alike(a, &recollecting{speaks: true}, 0.3, random.Float64())
	}
	names := slices.Sorted(maps.Keys(known))
	name := names[random.IntN(len(names))]
	var parts [3]model.Model
	var words [3]string
	for i := range parts {
		parts[i], words[i] = tree(t, random, depth-1, leaf)
	}
	return known[name](t, parts[0], parts[1], parts[2]), name + "(" + strings.Join(words[:], " ") + ")"
}

// TestRandomTreesKeepTheContract proves random nests, three deep, to keep the contract cold and warm.
func TestRandomTreesKeepTheContract(t *testing.T) {
	for seed := range uint64(8) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			_, of := tree(t, rand.New(rand.NewPCG(seed, 3)), 3, func() model.Model { return modeltest.Echo("echo") })
			modeltest.Run(t, func(t *testing.T) model.Model {
				leaves := 0
				m, _ := tree(t, rand.New(rand.NewPCG(seed, 3)), 3, func() model.Model {
					if leaves++; leaves%3 == 0 {
						return hesitant(modeltest.Echo("echo"))
					}
					return modeltest.Echo("echo")
				})
				return m
			})
			if t.Failed() {
				t.Log(of)
			}
		})
	}
}

// TestRandomTreesInChaos puts many requests at once to random nests over models that fail, wait and break off, and
// callers that leave.
func TestRandomTreesInChaos(t *testing.T) {
	for seed := range uint64(12) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := &chaos{random: rand.New(rand.NewPCG(seed, 5))}
				leaves := 0
				m, of := tree(t, rand.New(rand.NewPCG(seed, 7)), 3, func() model.Model {
					leaves++
					return c.leaf(fmt.Sprint("m", leaves))
				})
				var wg sync.WaitGroup
				for i := range 300 {
					time.Sleep(time.Duration(c.below(30)) * time.Millisecond)
					wg.Go(func() {
						if _, err := c.whole(m, from("a", fmt.Sprint(i%50))); err != nil {
							t.Errorf("%v in %s", err, of)
						}
					})
				}
				wg.Wait()
			})
		})
	}
}
