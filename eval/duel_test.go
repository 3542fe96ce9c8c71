// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package eval

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMet(t *testing.T) {
	for _, c := range []struct {
		a, b    string
		settled bool
		win     float64
	}{{"x", "x", true, 0.5}, {"", "", true, 0.5}, {"", "x", true, 0}, {"x", "", true, 1}, {"x", "y", false, 0.5}} {
		m, settled := Met(c.a, c.b)
		if settled != c.settled || m.Win() != c.win || m.Settled != c.settled {
			t.Errorf("%q against %q: %v, %+v with win %v", c.a, c.b, settled, m, m.Win())
		}
	}
}

// biased is a judge that prefers A's answer with a chance, but the one it is shown first with favour.
func biased(rng *rand.Rand, chance, favour float64) *Meeting {
	m := &Meeting{LengthA: 10, LengthB: 10}
	better := rng.Float64() < chance
	see := func(firstIsBetter bool) float64 {
		if firstIsBetter || rng.Float64() < favour {
			return 1
		}
		return 0
	}
	m.Forth, m.Back = see(better), see(!better)
	return m
}

func TestDuelsCancelWhatJudgesLikeOfAPlace(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var meetings []*Meeting
	for range 2000 {
		meetings = append(meetings, biased(rng, 0.5, 0.6))
	}
	once := 0.0
	for _, m := range meetings {
		once += m.Forth / float64(len(meetings))
	}
	if once < 0.75 {
		t.Fatalf("asked once, the judge prefers A in %v: there is no bias to cancel", once)
	}
	tournament := Tournament{Names: []string{"a", "b"}, Meetings: map[[2]int][]*Meeting{{0, 1}: meetings}}
	duels, err := tournament.Duels([]int{0, 1}, CompareOptions{Resamples: 200})
	if err != nil {
		t.Fatal(err)
	}
	d := duels[0]
	if d.Rate.Plain.Lower > 0.5 || d.Rate.Plain.Upper < 0.5 || d.P < 0.001 {
		t.Errorf("models that are alike: win rate %+v, p %v", d.Rate.Plain, d.P)
	}
	if math.Abs(d.First-0.8) > 0.03 || d.Steady > 0.5 {
		t.Errorf("the first place is preferred by %v, and %v are steady", d.First, d.Steady)
	}
}

func TestDuelsSeenFromTheOtherSide(t *testing.T) {
	tournament := Tournament{Names: []string{"a", "b", "c"}, Meetings: map[[2]int][]*Meeting{
		{0, 1}: {{Forth: 1, Back: 0, LengthA: 3, LengthB: 1}, {Forth: 1, Back: 0, LengthA: 1, LengthB: 3}, {Forth: 1, Back: 1}, nil},
		{0, 2}: {{Forth: 0, Back: 1}, {Forth: 0.5, Back: 0.5, Settled: true}, {Forth: 0, Back: 1}, {Forth: 0, Back: 1}},
		{1, 2}: {nil, nil, nil, nil},
	}}
	forth, err := tournament.Duels([]int{0, 1, 2}, CompareOptions{})
	if err != nil {
		t.Fatal(err)
	}
	back, err := tournament.Duels([]int{2, 1, 0}, CompareOptions{})
	if err != nil {
		t.Fatal(err)
	}
	type count struct {
		a, b                         string
		wins, ties, losses, unjudged int
	}
	counts := func(duels []Duel) (out []count) {
		for _, d := range duels {
			out = append(out, count{d.A, d.B, d.Wins, d.Ties, d.Losses, d.Unjudged})
		}
		return out
	}
	if d := cmp.Diff([]count{{"a", "b", 2, 1, 0, 1}, {"a", "c", 0, 1, 3, 0}, {"b", "c", 0, 0, 0, 4}}, counts(forth), cmp.AllowUnexported(count{})); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]count{{"c", "b", 0, 0, 0, 4}, {"c", "a", 3, 1, 0, 0}, {"b", "a", 0, 1, 2, 1}}, counts(back), cmp.AllowUnexported(count{})); d != "" {
		t.Error(d)
	}
	if a, b := forth[0].Rate.Plain.Value, back[2].Rate.Plain.Value; math.Abs(a+b-1) > 1e-9 || forth[0].First != back[2].First {
		t.Errorf("win rates of %v and %v, first %v and %v", a, b, forth[0].First, back[2].First)
	}
	if forth[2].Rate != nil || forth[2].P != 1 || forth[1].Steady != 1 {
		t.Errorf("got %+v", forth[2])
	}
	if series, items := tournament.Shares(); len(items) != 0 || len(series[0].Quality) != 0 {
		t.Errorf("an item without a verdict counts: %v", items)
	}
}

func TestSharesAreMeansOverTheOthers(t *testing.T) {
	tournament := Tournament{Names: []string{"a", "b", "c"}, Meetings: map[[2]int][]*Meeting{
		{0, 1}: {{Forth: 1, Back: 0}, nil},
		{0, 2}: {{Forth: 1, Back: 1}, {Forth: 1}},
		{1, 2}: {{Forth: 0, Back: 1}, {Forth: 1}},
	}}
	series, items := tournament.Shares()
	want := []Series{{Name: "a", Quality: []float64{0.75}}, {Name: "b", Quality: []float64{0}}, {Name: "c", Quality: []float64{0.75}}}
	if d := cmp.Diff(want, series); d != "" || len(items) != 1 || items[0] != 0 {
		t.Errorf("items %v: %s", items, d)
	}
}
