// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package router

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"retort/internal/sections"
)

// garden makes requests at which one model is better when they are long prose or short code, and the other else: nothing that
// words or lengths say by themselves.
func garden(n int, seed uint64) []Record {
	random := rand.New(rand.NewPCG(seed, 8))
	var out []Record
	for i := range n {
		coding, long := random.IntN(2) == 0, random.IntN(2) == 0
		words, length := strings.Fields("river bread window letter winter dog"), 8
		if coding {
			words = strings.Fields("parse(); merge(); lock(); index(); sort(); debug();")
		}
		if long {
			length = 40
		}
		var text []string
		for range length {
			text = append(text, words[random.IntN(len(words))])
		}
		good := 0.15
		if coding != long {
			good = 0.85
		}
		r := Record{Query: Query{Text: fmt.Sprint(i, " ", strings.Join(text, " ")), Turns: 1}, Outcomes: map[string]Outcome{}}
		for name, odds := range map[string]float64{"a": good, "b": 1 - good} {
			if o := (Outcome{Cost: 1}); random.Float64() < odds {
				o.Quality = 1
				r.Outcomes[name] = o
			} else {
				r.Outcomes[name] = o
			}
		}
		out = append(out, r)
	}
	return out
}

func TestTreesFindWhatLinesCannot(t *testing.T) {
	r := trained(t, garden(600, 1), Options{}).Router
	right, test := 0, garden(1000, 2)
	for i := range test {
		e := r.Estimate(nil, &test[i].Query)
		coding, long := strings.Contains(test[i].Query.Text, ";"), len(test[i].Query.Text) > 120
		if (e[0].Quality > e[1].Quality) == (coding != long) {
			right++
		}
	}
	if right < 950 {
		t.Errorf("the better model is found for %d of 1000", right)
	}
}

func TestReadTreesRejects(t *testing.T) {
	leaf := []uint32{isLeaf, 0, 0}
	ask := func(feature, other uint32) []uint32 { return []uint32{feature, math.Float32bits(1), other} }
	join := func(nodes ...[]uint32) (out []uint32) {
		for _, n := range nodes {
			out = append(out, n...)
		}
		return out
	}
	const models = 2
	good := trees{nodes: join(ask(0, 2), leaf, leaf), roots: []uint32{0}, values: []float32{1, 2}, models: models}
	nan := float32(math.NaN())
	for name, c := range map[string]trees{
		"a root beyond the nodes": {nodes: good.nodes, roots: []uint32{3}, values: good.values},
		"a way back":              {nodes: join(ask(0, 0), leaf, leaf), roots: good.roots, values: good.values},
		"a way out":               {nodes: join(ask(0, 3), leaf, leaf), roots: good.roots, values: good.values},
		"no next node":            {nodes: join(leaf, ask(0, 1)), roots: good.roots, values: good.values},
		"no such feature":         {nodes: join(ask(facts+2*models, 2), leaf, leaf), roots: good.roots, values: good.values},
		"no such leaf":            {nodes: join([]uint32{isLeaf, 1, 0}), roots: good.roots, values: good.values},
		"no number":               {nodes: good.nodes, roots: good.roots, values: []float32{1, nan}},
	} {
		c.models = models
		if _, err := readBack(t, &c); err == nil {
			t.Errorf("%s is read", name)
		}
	}
	if _, err := readBack(t, &good); err != nil {
		t.Error(err)
	}
}

// readBack writes trees and reads them.
func readBack(t *testing.T, trees *trees) (any, error) {
	var w sections.Writer
	trees.write(&w)
	s, err := sections.Read(w.Bytes(&fileFormat), &fileFormat)
	if err != nil {
		t.Fatal(err)
	}
	return readTrees(s, trees.sizes(), trees.models)
}
