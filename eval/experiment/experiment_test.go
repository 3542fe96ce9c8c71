// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package experiment

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var begin = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func at(minutes int) time.Time { return begin.Add(time.Duration(minutes) * time.Minute) }

func plan(minutes int) Plan {
	return Plan{Arms: []string{"a", "b"}, Margin: 0.05, Confidence: 0.95, Window: 10 * time.Minute, Now: at(minutes)}
}

func said(minute int, value float64) Outcome { return Outcome{at(minute), value} }

func TestUnitsCountOnceAndForGood(t *testing.T) {
	requests := []Request{
		{Arm: "a", Unit: 1, Start: at(0), Cost: 2, Said: []Outcome{said(5, 0), said(6, 1)}},          // the latest counts
		{Arm: "a", Unit: 1, Start: at(1), Cost: 4, Said: []Outcome{said(15, 0.5)}},                   // at the last moment
		{Arm: "a", Unit: 1, Start: at(30), Cost: 100, Said: []Outcome{said(40, 0)}},                  // too late
		{Arm: "b", Unit: 1, Start: at(31), Said: []Outcome{said(32, 0)}},                             // in another arm
		{Arm: "b", Unit: 2, Start: at(2), Latency: time.Second, Said: []Outcome{said(21, 1)}},        // still open at 30
		{Arm: "b", Unit: 3, Start: at(3), Failed: true},                                              // nothing said
		{Arm: "gone", Unit: 4, Start: at(3)}, {Arm: "a", Unit: 5, Start: at(100), Said: []Outcome{}}, // of no arm; later
	}
	r, err := Analyse(plan(30), requests)
	if err != nil {
		t.Fatal(err)
	}
	a, b := r.Arms[0], r.Arms[1]
	if a.Requests != 3 || a.Units != 1 || a.Judged != 1 || a.Outcome.Value != 0.75 || a.Pending != 0 {
		t.Errorf("got %+v", a)
	}
	if b.Requests != 2 || b.Units != 2 || b.Judged != 0 || b.Pending != 1 || b.Failed != 1 || b.P50 != time.Second || b.Outcome != nil {
		t.Errorf("got %+v", b)
	}
	if len(a.Closing) != 0 || !slices.Equal(b.Closing, []time.Time{at(31), at(31)}) {
		t.Errorf("units close at %v and %v", a.Closing, b.Closing)
	}
	later, err := Analyse(plan(60), requests)
	if err != nil {
		t.Fatal(err)
	}
	if later.Arms[0].Outcome.Value != 0.75 || later.Arms[1].Judged != 1 || later.Arms[1].Pending != 0 {
		t.Errorf("later %+v", later.Arms)
	}
	slices.Reverse(requests)
	again, err := Analyse(plan(60), requests)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(later, again); d != "" {
		t.Errorf("the order of requests changes the result:\n%s", d)
	}
	if _, err := json.Marshal(r); err != nil {
		t.Errorf("before it says anything: %v", err)
	}
}

// traffic draws units of two arms with these chances of a good outcome and these mean costs.
func traffic(seed uint64, units int, quality, cost [2]float64) []Request {
	rng := rand.New(rand.NewPCG(seed, 6))
	out := make([]Request, units)
	for i := range out {
		k := rng.IntN(2)
		good := 0.0
		if rng.Float64() < quality[k] {
			good = 1
		}
		out[i] = Request{Arm: string(rune('a' + k)), Unit: uint64(i + 1), Start: at(i), Cost: cost[k] * rng.ExpFloat64(),
			Said: []Outcome{said(i+1, good)}}
	}
	return out
}

func TestFindings(t *testing.T) {
	for _, c := range []struct {
		units         int
		quality, cost [2]float64
		finding       Finding
		winner        string
		words         string
	}{
		{2000, [2]float64{0.6, 0.75}, [2]float64{1, 1}, Better, "b", "safe to stop: b is better"},
		{2000, [2]float64{0.75, 0.6}, [2]float64{1, 1}, Better, "a", "safe to stop: a is better"},
		{4000, [2]float64{0.97, 0.97}, [2]float64{1, 0.2}, Cheaper, "b", "safe to stop: b is cheaper"},
		{4000, [2]float64{0.97, 0.97}, [2]float64{1, 1}, Same, "", "no difference above 0.05"},
		{300, [2]float64{0.6, 0.65}, [2]float64{1, 1}, NotYet, "", "not yet: about "},
		{3, [2]float64{0.6, 0.65}, [2]float64{1, 1}, NotYet, "", "not yet: too few"},
		{0, [2]float64{0.6, 0.65}, [2]float64{1, 1}, NotYet, "", "not yet: too few"},
	} {
		r, err := Analyse(plan(c.units+100), traffic(3, c.units, c.quality, c.cost))
		if err != nil {
			t.Fatal(err)
		}
		if r.Finding != c.finding || r.Winner != c.winner || !strings.Contains(r.Words(0.05), c.words) || r.Finding.Safe() != (c.finding != NotYet) {
			t.Errorf("%+v: %s, %+v", c, r.Words(0.05), r.Pairs)
		}
	}
}

// TestWhoFailsDoesNotWin has an arm whose failures cost nothing and are said nothing of, and whose answers are as good.
func TestWhoFailsDoesNotWin(t *testing.T) {
	for _, c := range []struct {
		quality, cost [2]float64
		words         string
	}{
		{[2]float64{0.97, 0.97}, [2]float64{1, 1}, "not yet: b fails more often than a"},
		{[2]float64{0.97, 0.97}, [2]float64{1, 0.2}, "not yet: b fails more often than a"},
		{[2]float64{0.6, 0.9}, [2]float64{1, 1}, "not yet: b fails more often than a"},
		{[2]float64{0.97, 0.97}, [2]float64{1, 2}, "a is cheaper"},
	} {
		requests := traffic(3, 8000, c.quality, c.cost)
		for i := range requests {
			if r := &requests[i]; r.Arm == "b" && i%17 < 10 {
				r.Failed, r.Cost, r.Said = true, 0, nil
			}
		}
		r, err := Analyse(plan(10_000), requests)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(r.Words(0.05), c.words) || r.Winner == "b" {
			t.Errorf("%+v: %s, winner %q, %+v", c, r.Words(0.05), r.Winner, r.Pairs)
		}
		if b := r.Arms[1]; math.Abs(b.Cost.Value-c.cost[1]) > 0.1*c.cost[1] {
			t.Errorf("%+v: an answer of b costs %v", c, b.Cost.Value)
		}
	}
}

func TestThreeArms(t *testing.T) {
	p := plan(10_000)
	p.Arms = []string{"a", "b", "c"}
	requests := traffic(1, 3000, [2]float64{0.5, 0.7}, [2]float64{1, 1})
	for _, r := range traffic(2, 3000, [2]float64{0.9, 0.9}, [2]float64{1, 1}) {
		r.Arm, r.Unit = "c", r.Unit+1e6
		requests = append(requests, r)
	}
	r, err := Analyse(p, requests)
	if err != nil || r.Finding != Better || r.Winner != "c" || len(r.Pairs) != 3 {
		t.Errorf("%+v, %v", r, err)
	}
}

// TestStoppingIsSafe stops at the first look that says it is safe: arms that do not differ must seldom have a winner.
func TestStoppingIsSafe(t *testing.T) {
	const seeds, units = 40, 500
	wrong := 0
	for seed := range uint64(seeds) {
		requests := traffic(seed, units, [2]float64{0.7, 0.7}, [2]float64{1, 1})
		for look := 25; look <= units; look += 25 {
			r, err := Analyse(plan(look+11), requests[:look])
			if err != nil {
				t.Fatal(err)
			}
			if r.Winner != "" {
				wrong++
				break
			}
		}
	}
	if most := seeds*0.05 + 3*math.Sqrt(seeds*0.05*0.95); float64(wrong) > most {
		t.Errorf("%d of %d experiments without a difference had a winner", wrong, seeds)
	}
}

func TestBadPlans(t *testing.T) {
	for _, change := range []func(*Plan){
		func(p *Plan) { p.Arms = p.Arms[:1] }, func(p *Plan) { p.Margin = 0 }, func(p *Plan) { p.Margin = math.NaN() },
		func(p *Plan) { p.Confidence = 1 }, func(p *Plan) { p.Window = -1 },
	} {
		p := plan(1)
		change(&p)
		if _, err := Analyse(p, nil); err == nil {
			t.Errorf("%+v is taken", p)
		}
	}
	if _, err := Analyse(plan(100), []Request{{Arm: "a", Unit: 1, Start: at(0), Said: []Outcome{said(1, math.NaN())}}}); err == nil {
		t.Error("an outcome that is no number is taken")
	}
}
