// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package router

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestChoose(t *testing.T) {
	nan := math.NaN()
	cases := []struct {
		name      string
		lambda    float64
		estimates []Estimate
		want      int
	}{
		{"none", 1, nil, -1},
		{"the best", 0, []Estimate{{0.5, 1}, {0.9, 10}}, 1},
		{"too dear", 0.1, []Estimate{{0.5, 1}, {0.9, 10}}, 0},
		{"equals: the cheaper", 0, []Estimate{{0.5, 2}, {0.5, 1}}, 1},
		{"equals: the first", 0, []Estimate{{0.5, 1}, {0.5, 1}}, 0},
		{"no number", 1, []Estimate{{nan, 1}, {0.1, 1}}, 1},
		{"no numbers", 1, []Estimate{{nan, 1}, {nan, 1}}, 0},
		{"infinite cost", 0, []Estimate{{0.9, math.Inf(1)}, {0.1, 1}}, 1},
	}
	for _, c := range cases {
		if got := (Policy{Lambda: c.lambda}).Choose(c.estimates); got != c.want {
			t.Errorf("%s: chose %d, want %d", c.name, got, c.want)
		}
	}
}

func TestCalibrateReachesTargets(t *testing.T) {
	records := kitchen(2000, 9)
	training := trained(t, records, Options{})
	test := kitchen(4000, 2)
	models := training.Router.Models()
	for _, target := range []Target{{Best: true}, {Quality: 1}, {Quality: 0.95}, {Quality: 0.7}, {Cost: 0.7}, {Cost: 0.5}, {Cost: 0.11}} {
		p, err := Calibrate(records, training.OutOfFold, models, target)
		if err != nil {
			t.Fatal(err)
		}
		if p.Strongest != "dear" || p.Missed || p.Known < 0.999 {
			t.Errorf("%+v: policy %+v", target, p)
		}
		var got, alone Estimate
		for i := range test {
			m := p.Choose(training.Router.Estimate(nil, &test[i].Query))
			o, s := test[i].Outcomes[models[m]], test[i].Outcomes["dear"]
			got.Quality, got.Cost = got.Quality+o.Quality, got.Cost+o.Cost
			alone.Quality, alone.Cost = alone.Quality+s.Quality, alone.Cost+s.Cost
		}
		if target.Best && got.Quality < 1.04*alone.Quality {
			t.Errorf("%+v: %.3f of the strongest's quality on new requests", target, got.Quality/alone.Quality)
		}
		if target.Quality > 0 && got.Quality < (target.Quality-0.04)*alone.Quality {
			t.Errorf("%+v: %.3f of the strongest's quality on new requests", target, got.Quality/alone.Quality)
		}
		if target.Cost > 0 && got.Cost > (target.Cost+0.04)*alone.Cost {
			t.Errorf("%+v: %.3f of the strongest's cost on new requests", target, got.Cost/alone.Cost)
		}
		if !(p.Quality.Lower <= p.Quality.Value && p.Quality.Value <= p.Quality.Upper) {
			t.Errorf("%+v: interval %+v", target, p.Quality)
		}
	}
}

func TestMargin(t *testing.T) {
	p := Policy{Prefer: 1, Margin: 0.1}
	for _, c := range []struct {
		estimates []Estimate
		want      int
	}{
		{[]Estimate{{Quality: 0.55}, {Quality: 0.5}}, 1},
		{[]Estimate{{Quality: 0.65}, {Quality: 0.5}}, 0},
		{[]Estimate{{Quality: 0.65}}, 0}, // the preferred one is not among them
	} {
		if got := p.Choose(c.estimates); got != c.want {
			t.Errorf("%v: chose %d, want %d", c.estimates, got, c.want)
		}
	}
}

// TestBestIsPrudent gives estimates that know nothing: the strongest must be asked nearly always, whatever they say.
func TestBestIsPrudent(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	records := kitchen(600, 3)
	estimates := make([][]Estimate, len(records))
	for i := range estimates {
		estimates[i] = []Estimate{{Quality: 0.6 + random.Float64()/5}, {Quality: 0.6 + random.Float64()/5}}
	}
	p, err := Calibrate(records, estimates, []string{"cheap", "dear"}, Target{Best: true})
	if err != nil {
		t.Fatal(err)
	}
	if p.Shares["dear"] < 0.99 {
		t.Errorf("the strongest is asked for %.3f of the requests; policy %+v", p.Shares["dear"], p)
	}
}

func TestCalibrateWhenMissed(t *testing.T) {
	records := kitchen(200, 1)
	training := trained(t, records, Options{})
	for _, target := range []Target{{Quality: 2}, {Cost: 0.01}} {
		p, err := Calibrate(records, training.OutOfFold, training.Router.Models(), target)
		if err != nil {
			t.Fatal(err)
		}
		if !p.Missed {
			t.Errorf("%+v is said to be reached: %+v", target, p)
		}
		if target.Cost > 0 && p.Shares["cheap"] < 0.999 {
			t.Errorf("%+v: not the cheapest: %+v", target, p.Shares)
		}
	}
}

func TestCalibrateRejects(t *testing.T) {
	records := kitchen(10, 1)
	estimates := make([][]Estimate, 10)
	for i := range estimates {
		estimates[i] = make([]Estimate, 2)
	}
	models := []string{"cheap", "dear"}
	cases := []struct {
		name      string
		estimates [][]Estimate
		target    Target
		want      string
	}{
		{"no target", estimates, Target{}, "neither quality nor cost"},
		{"two targets", estimates, Target{Quality: 1, Cost: 1}, "both set"},
		{"three targets", estimates, Target{Quality: 1, Best: true}, "best is set"},
		{"negative", estimates, Target{Quality: -1}, "quality is -1"},
		{"not a number", estimates, Target{Cost: math.NaN()}, "cost is NaN"},
		{"too few estimates", estimates[:3], Target{Quality: 1}, "estimates of 3"},
		{"too narrow", append([][]Estimate{{{}}}, estimates[1:]...), Target{Quality: 1}, "record 0 has 1 estimates"},
		{"an estimate not a number", append([][]Estimate{{{Cost: math.NaN()}, {}}}, estimates[1:]...), Target{Quality: 1}, "not finite"},
	}
	for _, c := range cases {
		if _, err := Calibrate(records, c.estimates, models, c.target); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v does not say %q", c.name, err, c.want)
		}
	}
	for i := range records {
		for name := range records[i].Outcomes {
			records[i].Outcomes[name] = Outcome{Quality: 1}
		}
	}
	if _, err := Calibrate(records, estimates, models, Target{Cost: 0.5}); err == nil || !strings.Contains(err.Error(), "costs nothing") {
		t.Errorf("a share of nothing: %v", err)
	}
}
