// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package eval

import (
	"math"
	"math/rand/v2"
	"testing"
)

// Of one stratum the interval is Tango's, and so is the verdict.
func TestOneStratumIsTango(t *testing.T) {
	for _, m := range []Matched{{60, 3, 9}, {500, 12, 3}, {40, 0, 0}} {
		s := Strata{{Matched: m, Met: m.Items}}
		got, err := s.Difference(0.9)
		if err != nil {
			t.Fatal(err)
		}
		want, err := m.Difference(0.9)
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(got.Lower-want.Lower) > 1e-9 || math.Abs(got.Upper-want.Upper) > 1e-9 || got.Value != want.Value || s.All() != m {
			t.Errorf("%+v: %+v, Tango has %+v", m, got, want)
		}
		a, err := s.NonInferior(0.05, 0.05)
		if err != nil {
			t.Fatal(err)
		}
		b, err := NonInferior([]Group{{Matched: m}}, 0.05, 0.05)
		if err != nil {
			t.Fatal(err)
		}
		if a.Ruling != b[0].Ruling || math.Abs(a.P-b[0].P) > 1e-6 || math.Abs(a.Worse-b[0].Worse) > 1e-6 {
			t.Errorf("%+v: %+v, Tango has %+v", m, a, b[0])
		}
	}
}

func TestStrataRefuseWhatCannotBe(t *testing.T) {
	for _, s := range []Strata{nil, {{Matched: Matched{5, 1, 0}}}, {{Matched: Matched{5, 4, 3}, Met: 5}}, {{Matched: Matched{5, 1, 0}, Met: -1}},
		{{Matched: Matched{0, 1, 0}, Met: 1}}, {{Matched: Matched{5, 1, 0}, Met: 5, Alike: true}}} {
		if _, err := s.Difference(0.9); err == nil {
			t.Errorf("%+v is taken", s)
		}
	}
	s := Strata{{Matched: Matched{5, 1, 0}, Met: 5}, {Matched: Matched{7, 0, 7}}} // the second was not met, but is known of
	if d, err := s.Difference(0.9); err != nil || d.Value != 0.2 || d.Lower > -0.4 {
		t.Errorf("got %+v, %v", d, err)
	}
	for _, s := range []Strata{{{Met: 30, Alike: true}, {Matched: Matched{1, 0, 1}}, {}}, {{Met: 30, Alike: true}, {}, {}}} { // thirty requests tell little of what they were not
		if v, err := s.NonInferior(0.02, 0.05); err != nil || v.Ruling != Inconclusive || v.Difference.Lower > -0.09 {
			t.Errorf("got %+v, %v", v, err)
		}
	}
	s = Strata{{Met: 90, Alike: true}, {Met: 10}} // of a tenth nothing is known
	if d, err := s.Difference(0.9); err != nil || d.Value != 0 || d.Lower > -0.1 || d.Lower < -0.19 || d.Lower != -d.Upper {
		t.Errorf("got %+v, %v", d, err)
	}
	if v, err := s.NonInferior(0.3, 0.05); err != nil || v.Ruling != Pass {
		t.Errorf("got %+v, %v", v, err)
	}
	if v, err := s.NonInferior(0.05, 0.05); err != nil || v.Ruling != Inconclusive {
		t.Errorf("got %+v, %v", v, err)
	}
	if _, err := s.NonInferior(0, 0.05); err == nil {
		t.Error("no margin is taken")
	}
	if _, err := s.NonInferior(0.02, 0.5); err == nil {
		t.Error("a level of a half is taken")
	}
	if _, err := s.Difference(1); err == nil {
		t.Error("a confidence of 1 is taken")
	}
}

// world is two models on requests of three kinds: on those of the first they say the same; of the second a twentieth is known, and of the third all.
type world struct {
	requests     int
	share        [3]float64
	onlyA, onlyB [3]float64
}

func (w *world) difference() (d float64) {
	for kind, share := range w.share {
		d += share * (w.onlyA[kind] - w.onlyB[kind])
	}
	return d
}

// draw returns the strata, and what the known twentieth of all says.
func (w *world) draw(rng *rand.Rand) (s Strata, drawn Matched) {
	s = Strata{{Alike: true}, {}, {}}
	for range w.requests {
		kind := 2
		if u := rng.Float64(); u < w.share[0] {
			kind = 0
		} else if u < w.share[0]+w.share[1] {
			kind = 1
		}
		u, known := rng.Float64(), rng.IntN(20) == 0
		a, b := u < w.onlyA[kind], u >= w.onlyA[kind] && u < w.onlyA[kind]+w.onlyB[kind]
		if s[kind].Met++; known || kind == 2 {
			s[kind].Count(a, b)
		}
		if known {
			drawn.Count(a, b)
		}
	}
	return s, drawn
}

// Who is worse by just the margin passes in no more draws than the level says, few items or many, and who is better passes far more often
// than by the known twentieth of all.
func TestStrataKeepTheirLevel(t *testing.T) {
	const draws, margin, alpha = 1000, 0.02, 0.05
	for name, c := range map[string]struct {
		w    world
		most float64 // share that may pass
	}{
		"the left are worse":      {world{800, [3]float64{0.58, 0.02, 0.4}, [3]float64{0, 0.5, 0.10}, [3]float64{0, 0.5, 0.15}}, alpha},
		"the answered are worse":  {world{800, [3]float64{0.56, 0.04, 0.4}, [3]float64{0, 0.2, 0.10}, [3]float64{0, 0.7, 0.10}}, alpha},
		"few, answered are worse": {world{200, [3]float64{0.56, 0.04, 0.4}, [3]float64{0, 0.2, 0.10}, [3]float64{0, 0.7, 0.10}}, alpha},
		"few, left are worse":     {world{200, [3]float64{0.78, 0.02, 0.2}, [3]float64{0, 0.5, 0.05}, [3]float64{0, 0.5, 0.15}}, alpha},
		"wrong where they differ": {world{600, [3]float64{0.57, 0.03, 0.4}, [3]float64{0, 0, 0.125}, [3]float64{0, 1, 0.1}}, alpha},
		"seldom, and then wrong":  {world{300, [3]float64{0.555, 0.045, 0.4}, [3]float64{0, 0, 0.15}, [3]float64{0, 1, 0.0875}}, alpha},
		"few, hardly any left":    {world{60, [3]float64{0.965, 0.02, 0.015}, [3]float64{0, 0, 0.1}, [3]float64{0, 1, 0.1}}, alpha},
		"hardly any left":         {world{150, [3]float64{0.96, 0.02, 0.02}, [3]float64{0, 0, 0.1}, [3]float64{0, 1, 0.1}}, alpha},
		"very few":                {world{30, [3]float64{0.975, 0.02, 0.005}, [3]float64{0, 0, 0.1}, [3]float64{0, 1, 0.1}}, alpha},
		"the kinds pull apart":    {world{1200, [3]float64{0.5, 0.1, 0.4}, [3]float64{0, 0, 0.25}, [3]float64{0, 0.9, 0.075}}, alpha},
		"nearly all are left":     {world{1000, [3]float64{0.09, 0.01, 0.9}, [3]float64{0, 0.5, 0.10}, [3]float64{0, 0.5, 0.122222}}, alpha},
		"it is better":            {world{1200, [3]float64{0.58, 0.02, 0.4}, [3]float64{0, 0.5, 0.15}, [3]float64{0, 0.5, 0.10}}, 1},
	} {
		rng := rand.New(rand.NewPCG(11, 7))
		passed, ordinary, covered := 0, 0, 0
		for range draws {
			s, drawn := c.w.draw(rng)
			got, err := s.NonInferior(margin, alpha)
			if err != nil {
				t.Fatal(err)
			}
			if got.Ruling == Pass {
				passed++
			}
			if d := c.w.difference(); got.Difference.Lower <= d && d <= got.Difference.Upper {
				covered++
			}
			if (got.Ruling == Pass) != (got.Difference.Lower >= -margin) {
				t.Fatalf("%s: %+v is no verdict of its interval", name, got)
			}
			if drawn.Items > 0 {
				plain, err := NonInferior([]Group{{Matched: drawn}}, margin, alpha)
				if err != nil {
					t.Fatal(err)
				}
				if plain[0].Ruling == Pass {
					ordinary++
				}
			}
		}
		share := func(n int) float64 { return float64(n) / draws }
		t.Logf("%-24s true difference %+.3f: passes %.3f, by the twentieth alone %.3f; the interval covers it %.3f", name, c.w.difference(), share(passed), share(ordinary), share(covered))
		if share(passed) > c.most+3*math.Sqrt(c.most*(1-c.most)/draws) {
			t.Errorf("%s: %v pass", name, share(passed))
		}
		if c.most == 1 && (share(passed) < 0.5 || share(passed) < 3*share(ordinary)) {
			t.Errorf("%s: %v pass, by the twentieth alone %v", name, share(passed), share(ordinary))
		}
		if least := 0.9; share(covered) < least-3*math.Sqrt(least*(1-least)/draws) {
			t.Errorf("%s: the interval of 90 %% covers the difference in %v", name, share(covered))
		}
	}
}
