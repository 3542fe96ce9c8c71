// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package eval

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMcNemarAgainstTables(t *testing.T) {
	// 1 against 7 is an example of Fagerland, Lydersen and Laake 2013; the small ones are sums by hand.
	for _, c := range []struct {
		a, b int
		want float64
	}{{1, 7, 0.0391}, {7, 1, 0.0391}, {0, 0, 1}, {5, 5, 1}, {0, 1, 0.5}, {0, 4, 0.0625}, {-3, 4, 0.0625}, {0, 2000, 0}} {
		if got := McNemar(c.a, c.b); math.Abs(got-c.want) > 5e-5 {
			t.Errorf("%d against %d: %.5f, want %.4f", c.a, c.b, got, c.want)
		}
	}
	if got := McNemar(100_000, 100_100); !(got > 0.8 && got < 0.9) {
		t.Errorf("of many: %v, want near that of the normal distribution", got)
	}
}

func TestHolmByHand(t *testing.T) {
	got := Holm([]float64{0.04, 0.01, 0.03, 0.005, 1})
	if diff := cmp.Diff([]float64{0.09, 0.04, 0.09, 0.025, 1}, got, near); diff != "" {
		t.Error(diff)
	}
	if len(Holm(nil)) != 0 {
		t.Error("none became some")
	}
}

// coverage returns how often an interval holds the truth, and the chance error of that share three standard errors wide.
func coverage(seeds int, holds func(rng *rand.Rand, seed uint64) bool) (share, error float64) {
	held := 0
	for seed := range uint64(seeds) {
		if holds(rand.New(rand.NewPCG(seed, 77)), seed) {
			held++
		}
	}
	return float64(held) / float64(seeds), 3 * math.Sqrt(0.05*0.95/float64(seeds))
}

// pairOfModels draws right and wrong of two models that share what is hard.
func pairOfModels(rng *rand.Rand, n int, a, b float64) (x, y []float64) {
	for range n {
		hard := rng.Float64()
		draw := func(p float64) float64 {
			if rng.Float64() < 0.7 && hard < p || rng.Float64() < p {
				return 1
			}
			return 0
		}
		x, y = append(x, draw(a)), append(y, draw(b))
	}
	return x, y
}

// truth is the probability that draw gives 1: of p in pairOfModels.
func truth(p float64) float64 { return 0.7*p + p - 0.7*p*p }

func TestDifferenceHoldsItsConfidence(t *testing.T) {
	for _, c := range []struct {
		n    int
		a, b float64
	}{{30, 0.5, 0.4}, {200, 0.5, 0.45}, {200, 0.9, 0.9}, {60, 0.97, 0.97}} {
		got, chance := coverage(400, func(rng *rand.Rand, seed uint64) bool {
			x, y := pairOfModels(rng, c.n, c.a, c.b)
			e, err := Difference(x, y, CompareOptions{Resamples: 400, Seed: seed})
			if err != nil {
				t.Fatal(err)
			}
			want := truth(c.a) - truth(c.b)
			return e.Lower <= want && want <= e.Upper
		})
		if got < 0.95-chance-0.01 {
			t.Errorf("%d items of %v and %v: %v of the intervals hold the truth", c.n, c.a, c.b, got)
		}
	}
}

func TestClustersWidenTheInterval(t *testing.T) {
	// Each text has ten questions, and the models differ by text.
	holds := func(clustered bool) float64 {
		got, _ := coverage(200, func(rng *rand.Rand, seed uint64) bool {
			var x, y []float64
			var cluster []int
			for text := range 40 {
				shift := rng.NormFloat64()
				for range 10 {
					x, y = append(x, shift+0.3*rng.NormFloat64()), append(y, 0)
					cluster = append(cluster, text)
				}
			}
			opt := CompareOptions{Resamples: 300, Seed: seed}
			if clustered {
				opt.Cluster = cluster
			}
			e, err := Difference(x, y, opt)
			if err != nil {
				t.Fatal(err)
			}
			return e.Lower <= 0 && e.Upper >= 0
		})
		return got
	}
	if with, without := holds(true), holds(false); with < 0.88 || without > 0.6 {
		t.Errorf("%v of the intervals hold the truth with clusters, %v without", with, without)
	}
}

func TestCompareByHand(t *testing.T) {
	all := []Series{
		{Name: "a", Quality: []float64{1, 1, 1, 0, 1, 1}, Cost: []float64{3, 3, 3, 3, 3, 3}},
		{Name: "b", Quality: []float64{1, 0, 0, 0, 1, 1}, Cost: []float64{1, 1, 1, 1, 1, 1}},
		{Name: "c", Quality: []float64{1, 1, 1, 0, 1, 1}},
	}
	pairs, err := Compare(all, CompareOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if len(pairs) != 3 || pairs[0].OnlyA != 2 || pairs[0].OnlyB != 0 || math.Abs(pairs[0].Quality.Value-1.0/3) > 1e-12 {
		t.Fatalf("got %+v", pairs)
	}
	if *pairs[0].Cost != (Estimate{2, 2, 2}) || pairs[1].Cost != nil || pairs[0].P != 0.25 || pairs[0].Holm != 0.75 {
		t.Errorf("got %+v", pairs)
	}
	if e := pairs[1].Quality; e.Value != 0 || e.Lower >= 0 || e.Upper <= 0 {
		t.Errorf("two models without a difference on six items: %+v, want an interval about 0", e)
	}
	again, _ := Compare(all, CompareOptions{})
	if diff := cmp.Diff(pairs, again); diff != "" {
		t.Errorf("not the same again: %s", diff)
	}
}

func TestCompareRefusesBadInput(t *testing.T) {
	good := Series{Name: "a", Quality: []float64{1, 0}, Cost: []float64{1, 2}}
	for name, c := range map[string]struct {
		all  []Series
		opt  CompareOptions
		want string
	}{
		"nothing":      {nil, CompareOptions{}, "no series"},
		"no items":     {[]Series{{Name: "a"}}, CompareOptions{}, "at least one"},
		"other items":  {[]Series{good, {Name: "b", Quality: []float64{1}}}, CompareOptions{}, `quality of "b"`},
		"NaN":          {[]Series{good, {Name: "b", Quality: []float64{1, math.NaN()}}}, CompareOptions{}, "NaN"},
		"endless cost": {[]Series{good, {Name: "b", Quality: []float64{1, 0}, Cost: []float64{1, math.Inf(1)}}}, CompareOptions{}, `cost of "b"`},
		"confidence":   {[]Series{good, good}, CompareOptions{Confidence: 1}, "confidence is 1"},
		"resamples":    {[]Series{good, good}, CompareOptions{Resamples: -1}, "resamples"},
		"clusters":     {[]Series{good, good}, CompareOptions{Cluster: []int{1}}, "1 clusters"},
	} {
		if _, err := Compare(c.all, c.opt); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", name, err, c.want)
		}
	}
}

// judged draws preferences of a judge with a taste for length.
func judged(rng *rand.Rand, n int, level, slope, longer float64) []Preference {
	out := make([]Preference, n)
	for i := range out {
		gap := longer + 200*rng.NormFloat64()
		out[i] = Preference{LengthA: int(2000 + gap), LengthB: 2000}
		if rng.Float64() < 1/(1+math.Exp(-level-slope*math.Tanh(gap/200))) {
			out[i].Win = 1
		}
	}
	return out
}

func TestLengthControlUndoesATasteForLength(t *testing.T) {
	held := 0
	var plain, controlled float64
	const seeds = 100
	for seed := range uint64(seeds) {
		rng := rand.New(rand.NewPCG(seed, 5))
		r, err := Win(judged(rng, 500, 0, 1.5, 150), CompareOptions{Resamples: 100, Seed: seed})
		if err != nil {
			t.Fatal(err)
		}
		plain += r.Plain.Value / seeds
		controlled += r.LengthControlled.Value / seeds
		if r.LengthControlled.Lower <= 0.5 && r.LengthControlled.Upper >= 0.5 {
			held++
		}
		if r.Length <= 0 {
			t.Errorf("seed %d: length has weight %v", seed, r.Length)
		}
	}
	if plain < 0.6 || math.Abs(controlled-0.5) > 0.015 || held < 88 {
		t.Errorf("plain %.3f, controlled %.3f, which %d of %d intervals hold; want 0.5 of two equal models", plain, controlled, held, seeds)
	}
}

func TestWinAtTheEnds(t *testing.T) {
	always := make([]Preference, 50)
	for i := range always {
		always[i] = Preference{Win: 1, LengthA: 10 * i, LengthB: 100}
	}
	r, err := Win(always, CompareOptions{Resamples: 50})
	if err != nil {
		t.Fatal(err)
	}
	if r.Plain.Value != 1 || r.LengthControlled.Value < 0.95 || math.IsNaN(r.LengthControlled.Upper) {
		t.Errorf("got %+v", r)
	}
	ties := []Preference{{Win: 0.5, LengthA: 3, LengthB: 3}, {Win: 0.5}}
	if r, err = Win(ties, CompareOptions{Resamples: 50}); err != nil || r.LengthControlled.Value != 0.5 {
		t.Errorf("ties: %+v, %v", r, err)
	}
	for _, bad := range [][]Preference{nil, {{Win: 2}}, {{Win: math.NaN()}}, {{LengthA: -1}}} {
		if _, err := Win(bad, CompareOptions{}); err == nil {
			t.Errorf("%v is taken", bad)
		}
	}
}

func ExampleCompare() {
	smart := Series{Name: "smart", Quality: make([]float64, 100)}
	fast := Series{Name: "fast", Quality: make([]float64, 100)}
	for i := range 100 {
		if i%10 != 0 {
			smart.Quality[i] = 1
		}
		if i%4 != 0 {
			fast.Quality[i] = 1
		}
	}
	pairs, err := Compare([]Series{smart, fast}, CompareOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	p := pairs[0]
	fmt.Printf("%+.2f, only %s right: %d, only %s right: %d, p = %.4f\n", p.Quality.Value, p.A, p.OnlyA, p.B, p.OnlyB, p.P)
	// Output:
	// +0.15, only smart right: 20, only fast right: 5, p = 0.0025
}
