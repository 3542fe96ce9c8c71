// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package compose

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"retort/model"
)

func TestVote(t *testing.T) {
	x, y, z := func(after int) model.Model { return says("x", "x", time.Duration(after)*time.Second, 1) },
		func(after int) model.Model { return says("y", "y", time.Duration(after)*time.Second, 1) },
		func(after int) model.Model { return says("z", "z", time.Duration(after)*time.Second, 1) }
	mute := says("mute", "", 0, 0)
	for name, test := range map[string]struct {
		members []model.Model
		weights []float64
		want    string
		score   float64
		took    int // seconds
		trail   string
	}{
		"most":             {members: []model.Model{y(1), x(2), x(3)}, want: "x", score: 2.0 / 3, took: 3, trail: "y! x x"},
		"early stop":       {members: []model.Model{x(1), y(9), x(2)}, want: "x", score: 2.0 / 3, took: 2, trail: "x x y:canceled"},
		"tie to the first": {members: []model.Model{y(2), x(1)}, want: "y", score: 0.5, took: 2, trail: "x! y"},
		"three-way tie":    {members: []model.Model{z(1), y(2), x(3)}, want: "z", score: 1.0 / 3, took: 3, trail: "y! x! z"},
		"weights":          {members: []model.Model{x(3), x(2), y(1)}, weights: []float64{1, 1, 3}, want: "y", score: 0.6, took: 1, trail: "y x:canceled x:canceled"},
		"failures":         {members: []model.Model{broken(model.Upstream), x(1), mute}, want: "x", score: 1.0 / 3, took: 1, trail: "mute! x"},
		"alone":            {members: []model.Model{x(1)}, want: "x", score: 1, took: 1, trail: "x"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := panelOf(test.members...)
				for i, w := range test.weights {
					p.Members[i].Weight = w
				}
				got := put(t, Vote(Voting{Panel: p, Read: textOf}), hello())
				attempts := slices.DeleteFunc(got.attempts, func(a model.Attempt) bool { return a.Error == model.Upstream.String() })
				if got.err != nil || got.emitted != test.want || math.Abs(got.resp.Score-test.score) > 1e-9 || got.took != time.Duration(test.took)*time.Second {
					t.Errorf("got %q with %+v after %v, %v", got.emitted, got.resp, got.took, got.err)
				}
				if trailOf(attempts) != test.trail {
					t.Errorf("the trail is %q, want %q", trailOf(attempts), test.trail)
				}
			})
		})
	}
}

func TestVotersWhoSayNothingOfUse(t *testing.T) {
	p := panelOf(says("a", "hm", 0, 0), says("b", "well", 0, 0))
	none := func(*model.Request, *model.Response) (string, bool) { return "", true } // an empty class is none
	got := put(t, Vote(Voting{Panel: p, Read: none}), hello())
	if got.err == nil || model.KindOf(got.err) != model.Unusable || trailOf(got.attempts) != "a! b!" {
		t.Errorf("got %v with %s", got.err, trailOf(got.attempts))
	}
}

// stubborn is a teller with a mind of its own.
type stubborn struct{}

func (stubborn) Count(votes []string, open []bool) (string, float64, bool) {
	if votes[1] != "" {
		return votes[1], 0.9, true
	}
	return "nobody said this", 0.5, false
}

func TestTellerDecides(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := panelOf(says("x", "x", 1, 0), says("y", "y", 2, 0), says("x", "x", time.Hour, 0))
		got := put(t, Vote(Voting{Panel: p, Read: textOf, Teller: stubborn{}}), hello())
		if got.emitted != "y" || got.resp.Score != 0.9 || got.took != 2 {
			t.Errorf("got %q with %+v after %v", got.emitted, got.resp, got.took)
		}
		p = panelOf(says("x", "x", 1, 0), broken(model.Timeout))
		if got := put(t, Vote(Voting{Panel: p, Read: textOf, Teller: stubborn{}}), hello()); got.emitted != "x" || got.resp.Score != 0 {
			t.Errorf("got %q with %+v, %v; want the first of what was said", got.emitted, got.resp, got.err)
		}
	})
}

// A request that is settled must not come out otherwise, however those who are open vote.
func TestSharesAreSettledForGood(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	classes := []string{"", "x", "y", "z"}
	early := 0
	for range 3000 {
		n := 1 + rng.IntN(5)
		w, votes, open := make(shares, n), make([]string, n), make([]bool, n)
		for i := range n {
			w[i] = float64(1 + rng.IntN(3))
			if open[i] = rng.IntN(2) == 0; !open[i] {
				votes[i] = classes[rng.IntN(4)]
			}
		}
		winner, p, settled := w.Count(votes, open)
		if !(p >= 0 && p <= 1) {
			t.Fatalf("the probability is %v", p)
		}
		if !settled || winner == "" {
			continue
		}
		if slices.Contains(open, true) {
			early++
		}
		each(votes, open, classes, 0, func() {
			if now, _, _ := w.Count(votes, make([]bool, n)); now != winner {
				t.Fatalf("%v by %v with %v open was settled for %s, but is %s", votes, w, open, winner, now)
			}
		})
	}
	if early < 100 {
		t.Errorf("%d were settled early", early)
	}
}

// each calls f with all that those who are open may vote.
func each(votes []string, open []bool, classes []string, from int, f func()) {
	for i := from; i < len(votes); i++ {
		if open[i] {
			for _, votes[i] = range classes {
				each(votes, open, classes, i+1, f)
			}
			votes[i] = ""
			return
		}
	}
	f()
}

// The same votes give the same answer, whoever comes first.
func TestOrderOfArrivalDoesNotMatter(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	synctest.Test(t, func(t *testing.T) {
		for range 50 {
			votes := make([]string, 5)
			for i := range votes {
				votes[i] = fmt.Sprint(rng.IntN(3))
			}
			want := ""
			for trial := range 4 {
				var members []model.Model
				for _, vote := range votes {
					members = append(members, says(vote, vote, time.Duration(rng.IntN(100)), 0))
				}
				got := put(t, Vote(Voting{Panel: panelOf(members...), Read: textOf}), hello())
				if trial > 0 && got.emitted != want {
					t.Errorf("%v gave %s and %s", votes, want, got.emitted)
				}
				want = got.emitted
			}
		}
	})
}
