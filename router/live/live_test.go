// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package live

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"retort/model"
	"retort/router"
)

// trained returns a tuning that expects "smart" to be right always, and "fast" on easy requests only, at a tenth of the cost.
var trained = sync.OnceValue(func() *router.Router {
	var records []router.Record
	for i := range 200 {
		fast, text := 1.0, fmt.Sprintf("easy question number %d", i)
		if i%2 == 0 {
			fast, text = 0, fmt.Sprintf("difficult proof number %d", i)
		}
		records = append(records, router.Record{Query: router.Query{Text: text, Tokens: 5, Turns: 1},
			Outcomes: map[string]router.Outcome{"fast": {Quality: fast, Cost: 0.001}, "smart": {Quality: 0.97, Cost: 0.01}}})
	}
	training, err := router.Train(context.Background(), records, router.Options{Models: []string{"smart", "fast"}, Workers: 1})
	if err != nil {
		panic(err)
	}
	return training.Router
})

func tuning(lambda float64) *Tuning {
	return &Tuning{ID: "t1", Router: trained(), Policy: router.Policy{Lambda: lambda, Strongest: "smart"}}
}

// prudent returns a tuning for the best answers: "smart" is asked unless "fast" is expected to be better by a margin.
func prudent(margin float64) *Tuning {
	return &Tuning{ID: "t1", Router: trained(), Policy: router.Policy{Strongest: "smart", Prefer: 0, Margin: margin}}
}

// decider returns one over "fast" and "smart".
func decider(t testing.TB, how Options, tuning *Tuning) *Decider {
	t.Helper()
	how.Models = []string{"fast", "smart"}
	how.Strongest = 1
	d := New(how)
	if err := d.Tune(tuning); err != nil {
		t.Fatal(err)
	}
	return d
}

var (
	easy = router.Query{Text: "easy question number 7", Tokens: 5, Turns: 1}
	hard = router.Query{Text: "difficult proof number 8", Tokens: 5, Turns: 1}
)

func TestDecisions(t *testing.T) {
	for name, test := range map[string]struct {
		tuning *Tuning
		q      Question
		want   []int
	}{
		"not tuned":                 {nil, Question{Query: easy}, []int{1, 0}},
		"not tuned, unfit":          {nil, Question{Query: easy, Unfit: []bool{false, true}}, []int{0, 1}},
		"not tuned, within a talk":  {nil, Question{Query: easy, Stay: &Stay{Place: 0}}, []int{0, 1}},
		"easy":                      {tuning(10), Question{Query: easy}, []int{0, 1}},
		"hard":                      {tuning(10), Question{Query: hard}, []int{1, 0}},
		"hard, unfit":               {tuning(10), Question{Query: hard, Unfit: []bool{false, true}}, []int{0, 1}},
		"all unfit":                 {tuning(10), Question{Query: hard, Unfit: []bool{true, true}}, []int{1, 0}},
		"money does not matter":     {tuning(0), Question{Query: hard}, []int{1, 0}},
		"nothing but money matters": {tuning(1e6), Question{Query: hard}, []int{0, 1}},
		"one must be better by 0.1": {prudent(0.1), Question{Query: easy}, []int{1, 0}},
		"and is by 0.9":             {prudent(0.1), Question{Query: hard}, []int{1, 0}},
		"whom it prefers is unfit":  {prudent(0.1), Question{Query: easy, Unfit: []bool{false, true}}, []int{0, 1}},
		"without a margin":          {prudent(0), Question{Query: easy}, []int{0, 1}},
		"a place that there is not": {tuning(10), Question{Query: hard, Stay: &Stay{Place: 7}}, []int{1, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			got := decider(t, Options{}, test.tuning).Decide(&test.q)
			if !slices.Equal(got.Order, test.want) {
				t.Errorf("got %v with %v, want %v", got.Order, got.Estimates, test.want)
			}
			if (got.Estimates != nil) != (test.tuning != nil) || (got.Tuning != "") != (test.tuning != nil) {
				t.Errorf("got estimates %v of tuning %q", got.Estimates, got.Tuning)
			}
		})
	}
}

// Leaving a conversation costs the prompt that its model has cached.
func TestConversationsStay(t *testing.T) {
	prices := []model.Price{{Input: 1, Cached: 0.1}, {Input: 10, Cached: 1}}
	for _, test := range []struct {
		name   string
		query  router.Query
		stay   Stay
		prices []model.Price
		first  int
		stayed bool
	}{
		{"a short talk goes where it is best", easy, Stay{Place: 1, Tokens: 100}, prices, 0, false},
		{"a long one stays", easy, Stay{Place: 1, Tokens: 100_000}, prices, 1, true},
		{"the best needs no reason", hard, Stay{Place: 1, Tokens: 100_000}, prices, 1, false},
		{"it leaves for much better answers", hard, Stay{Place: 0, Tokens: 20_000}, prices, 1, false},
		{"without a price of the cache nothing is lost", easy, Stay{Place: 1, Tokens: 100_000}, []model.Price{{Input: 1}, {Input: 10}}, 0, false},
		{"without prices neither", easy, Stay{Place: 1, Tokens: 100_000}, nil, 0, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := decider(t, Options{Prices: test.prices, Explore: 1}, tuning(10)) // nothing is explored within a conversation
			got := d.Decide(&Question{Query: test.query, Stay: &test.stay})
			if got.Order[0] != test.first || got.Stayed != test.stayed || got.Explored {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestExplorationIsBounded(t *testing.T) {
	doubtful := router.Query{Text: "something else", Tokens: 5, Turns: 1} // where either could be the better choice
	for name, tuned := range map[string]*Tuning{"tuned": tuning(40), "not tuned": nil} {
		t.Run(name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(1, 2))
			d := decider(t, Options{Explore: 0.1, Random: rng.Float64, Normal: rng.NormFloat64}, tuned)
			usual := decider(t, Options{}, tuned).Decide(&Question{Query: doubtful}).Order[0]
			other := 0
			const n = 2000
			for range n {
				got := d.Decide(&Question{Query: doubtful})
				if got.Explored != (got.Order[0] != usual) {
					t.Fatalf("got %+v", got)
				}
				if got.Explored {
					other++
				}
			}
			if other == 0 || other > 0.12*n {
				t.Errorf("%d of %d requests were explored, want some, and a tenth at most", other, n)
			}
			quiet := decider(t, Options{Random: func() float64 { return 0 }}, tuned)
			if got := quiet.Decide(&Question{Query: hard}); got.Explored {
				t.Error("explored without leave")
			}
		})
	}
}

func expectedOf(d *Decider, q *router.Query) []router.Estimate {
	expected, _ := d.Estimate(q)
	return expected
}

// What people say moves choices; what they say of all alike does not.
func TestFeedbackMovesChoices(t *testing.T) {
	d := decider(t, Options{}, tuning(10))
	first := func(q router.Query) int { return d.Decide(&Question{Query: q}).Order[0] }
	if first(easy) != 0 {
		t.Fatal("the fast model should answer at first")
	}
	for range 40 {
		d.Learn(0, -1, expectedOf(d, &easy)[0], 0)
	}
	if first(easy) != 1 {
		t.Errorf("forty useless answers change nothing: %+v", d.Learned())
	}
	if l := d.Learned(); l[0].Shift >= 0 || l[1].Shift < 0 || l[0].Spread >= l[1].Spread || l[0].Ratings < 35 {
		t.Errorf("learned %+v", l)
	}
	harsh := decider(t, Options{}, tuning(10))
	for range 200 { // half of what is expected, of both
		for m := range 2 {
			e := expectedOf(harsh, &easy)[m]
			harsh.Learn(m, -1, e, e.Quality/2)
		}
	}
	if got := harsh.Decide(&Question{Query: easy}); got.Order[0] != 0 {
		t.Errorf("harsh judges drive requests away: %+v", harsh.Learned())
	}
}

func TestFeedbackThatSaysNothing(t *testing.T) {
	d := decider(t, Options{}, tuning(10))
	for _, r := range []float64{math.NaN(), -1, 2, math.Inf(1)} {
		d.Learn(0, -1, router.Estimate{}, r)
	}
	d.Learn(-1, -1, router.Estimate{}, 1)
	d.Learn(2, -1, router.Estimate{}, 1)
	if l := d.Learned(); l[0].Ratings != 0 || l[1].Ratings != 0 {
		t.Errorf("learned %+v", l)
	}
	for range 5000 {
		d.Learn(0, -1, router.Estimate{Quality: math.NaN()}, 1)
		d.Learn(1, -1, router.Estimate{Quality: 1}, 0)
	}
	for _, l := range d.Learned() {
		if math.IsNaN(l.Shift) || math.Abs(l.Shift) > 2*mostShift || l.Spread <= 0 || l.Ratings > memory+1 {
			t.Errorf("learned %+v", l)
		}
	}
}

// The shift is estimated without bias, and its interval covers the truth as often as it says.
func TestShiftIsCovered(t *testing.T) {
	const seeds, n, truth = 400, 300, 0.8
	rng := rand.New(rand.NewPCG(7, 7))
	covered, sum := 0, 0.0
	for range seeds {
		all := noTallies(2, 0)
		for range n {
			p := 0.2 + 0.6*rng.Float64()
			for m, shift := range []float64{truth / 2, -truth / 2} {
				reward := 0.0
				if rng.Float64() < shifted(p, shift) {
					reward = 1
				}
				all[m][0].add(p, reward)
			}
		}
		b := believe(all)
		difference := b.own[0].shift - b.own[1].shift
		sum += difference
		if math.Abs(difference-truth) < 1.96*math.Hypot(b.own[0].spread, b.own[1].spread) {
			covered++
		}
	}
	if mean := sum / seeds; math.Abs(mean-truth) > 0.05 {
		t.Errorf("the shift is %.3f on average, want %.2f", mean, truth)
	}
	if covered < 0.92*seeds || covered > 0.99*seeds {
		t.Errorf("%d of %d intervals of 95 %% hold the truth", covered, seeds)
	}
}

func TestTuningThatDoesNotFit(t *testing.T) {
	d := New(Options{Models: []string{"fast", "new"}})
	var missing *MissingError
	if err := d.Tune(tuning(1)); !errors.As(err, &missing) || missing.Model != "new" || d.Tuned() != "" {
		t.Errorf("got %v", err)
	}
	fewer := New(Options{Models: []string{"smart"}})
	if err := fewer.Tune(tuning(1)); err != nil || fewer.Tuned() != "t1" {
		t.Errorf("got %v for a route with fewer models", err)
	}
	if got := fewer.Decide(&Question{Query: easy}); !slices.Equal(got.Order, []int{0}) || got.Estimates[0].Quality < 0.9 {
		t.Errorf("got %+v", got)
	}
	fewer.Learn(0, -1, router.Estimate{Quality: 0.9}, 0)
	if err := fewer.Tune(nil); err != nil || fewer.Tuned() != "" || fewer.Learned()[0].Ratings != 0 {
		t.Errorf("the tuning is not taken away: %v, %+v", err, fewer.Learned())
	}
}

func TestStays(t *testing.T) {
	s, err := NewStays(100)
	if err != nil {
		t.Fatal(err)
	}
	if s.Of(7) != nil {
		t.Error("a conversation that nobody has had is remembered")
	}
	s.Note(7, 1, model.Usage{Input: 90, Output: 10})
	if got := s.Of(7); got == nil || *got != (Stay{Place: 1, Tokens: 100}) {
		t.Errorf("got %+v", got)
	}
	var none *Stays
	none.Note(7, 1, model.Usage{})
	if none.Of(7) != nil {
		t.Error("nothing remembers")
	}
}

// Many decide while tunings change and feedback comes in.
func TestConcurrentUse(t *testing.T) {
	d := decider(t, Options{Explore: 0.5}, tuning(10))
	var wg sync.WaitGroup
	for i := range 6 {
		wg.Go(func() {
			for j := range 300 {
				switch {
				case i == 0 && j%50 == 0:
					_ = d.Tune(nil)
				case i == 0:
					_ = d.Tune(tuning(float64(j)))
				case i == 1:
					d.Learn(j%2, -1, router.Estimate{Quality: 0.5}, float64(j%3)/2)
				case i == 2:
					d.Learned()
				default:
					if got := d.Decide(&Question{Query: easy}); len(got.Order) != 2 {
						t.Error(got)
					}
				}
			}
		})
	}
	wg.Wait()
}

func BenchmarkDecide(b *testing.B) {
	d := decider(b, Options{Explore: 0.02}, tuning(10))
	q := &Question{Query: router.Query{Tokens: 1000, Turns: 1}}
	for range 130 {
		q.Query.Text += "What is the difference between both? "
	}
	b.ReportAllocs()
	for b.Loop() {
		d.Decide(q)
	}
}
