// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package linear

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// legalTags are those of two fields: 0 outside, 1 and 3 begin, 2 and 4 go on.
func legalTags(from, to int32) bool { return to == 0 || to&1 == 1 || from == to || from == to-1 }

// randomLattice returns a lattice of random scores and all ways through it, by brute force.
func randomLattice(random *rand.Rand, states []int32, tokens int) (*Lattice, [][]int32, []float64) {
	const labels = 5
	weights := make([]float32, labels*Padded(labels))
	for i := range weights {
		weights[i] = float32(random.NormFloat64())
	}
	steps := NewSteps(weights, labels, states, legalTags)
	l := &Lattice{}
	scores := l.Reset(steps, tokens)
	for i := range scores {
		scores[i] = float32(random.NormFloat64() * 2)
	}
	var ways [][]int32
	var worth []float64
	var walk func(way []int32, sum float64)
	walk = func(way []int32, sum float64) {
		t := len(way)
		if t == tokens {
			ways, worth = append(ways, slices.Clone(way)), append(worth, sum)
			return
		}
		for b, label := range states {
			from, step := int32(-1), 0.0
			if t > 0 {
				from = states[way[t-1]]
				step = float64(weights[int(from)*Padded(labels)+int(label)])
			}
			if legalTags(from, label) {
				walk(append(way, int32(b)), sum+step+float64(scores[t*len(states)+b]))
			}
		}
	}
	walk(nil, 0)
	return l, ways, worth
}

func TestLatticeAgainstAllWays(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, states := range [][]int32{{0, 1, 2, 3, 4}, {0, 3, 4}, {0}} {
		for tokens := 1; tokens <= 5; tokens++ {
			l, ways, worth := randomLattice(random, states, tokens)
			l.Weigh()
			l.Decode()
			best, total := 0, 0.0
			for i, w := range worth {
				total += math.Exp(w)
				if w > worth[best] {
					best = i
				}
			}
			if !slices.Equal(l.Path, ways[best]) {
				t.Errorf("states %v, %d tokens: path %v, want %v", states, tokens, l.Path, ways[best])
			}
			if want := worth[best] - math.Log(total); math.Abs(l.LogProbability-want) > 1e-4 {
				t.Errorf("states %v, %d tokens: log-probability %v, want %v", states, tokens, l.LogProbability, want)
			}
			for at := range tokens {
				for b := range states {
					want := 0.0
					for i, way := range ways {
						if way[at] == int32(b) {
							want += math.Exp(worth[i]) / total
						}
					}
					if got := float64(l.Marginal[at*len(states)+b]); math.Abs(got-want) > 1e-4 {
						t.Errorf("states %v, token %d of %d, state %d: marginal %v, want %v", states, at, tokens, b, got, want)
					}
				}
			}
		}
	}
}

func TestFitChainLearns(t *testing.T) {
	// A token of feature 1 begins field 0 and is followed by any number of tokens of feature 2, which is outside otherwise.
	data := &Sentences{Features: 3, Labels: 3, States: [][]int32{{0, 1, 2}}, Legal: legalTags}
	random := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		var s Sentence
		inside := false
		for range 3 + random.IntN(5) {
			feature, label := uint32(2), int32(0)
			if random.IntN(3) == 0 {
				feature, label, inside = 1, 1, true
			} else if inside {
				label = 2
			}
			s.Features, s.Labels = append(s.Features, []uint32{0, feature}), append(s.Labels, label)
		}
		s.Weight = 1
		data.Sentences = append(data.Sentences, s)
	}
	chain, err := FitChain(context.Background(), data, ChainOptions{Rate: 0.2, Passes: 20, Seed: 5})
	if err != nil {
		t.Fatal(err)
	}
	steps := NewSteps(chain.Steps, 3, data.States[0], legalTags)
	var l Lattice
	for _, s := range data.Sentences {
		scores := l.Reset(steps, len(s.Labels))
		for i, features := range s.Features {
			for b := range 3 {
				scores[i*3+b] = 0
				for _, f := range features {
					scores[i*3+b] += chain.Weights[int(f)*Lanes+b]
				}
			}
		}
		l.Weigh()
		l.Decode()
		if !slices.Equal(l.Path, s.Labels) {
			t.Fatalf("features %v: path %v, want %v", s.Features, l.Path, s.Labels)
		}
	}
	again, err := FitChain(context.Background(), data, ChainOptions{Rate: 0.2, Passes: 20, Seed: 5})
	if err != nil || !slices.Equal(again.Weights, chain.Weights) || !slices.Equal(again.Steps, chain.Steps) {
		t.Errorf("another run gave other weights, error %v", err)
	}
	stopped, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := FitChain(stopped, data, ChainOptions{Rate: 0.2, Passes: 2}); err == nil {
		t.Error("a cancelled training returned a chain")
	}
	wild, err := FitChain(context.Background(), data, ChainOptions{Rate: 3e38, Passes: 2})
	if err != nil || !finite(wild.Weights) {
		t.Errorf("a training that diverges gave no numbers, error %v", err)
	}
}
