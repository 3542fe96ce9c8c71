// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package anytime

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// draws are what observations may look like, with their mean.
var draws = map[string]struct {
	mean float64
	next func(*rand.Rand) float64
}{
	"coin":        {0.5, func(r *rand.Rand) float64 { return float64(r.IntN(2)) }},
	"seldom":      {0.03, func(r *rand.Rand) float64 { return when(r.Float64() < 0.03) }},
	"mostly":      {0.95, func(r *rand.Rand) float64 { return when(r.Float64() < 0.95) }},
	"even":        {0.5, func(r *rand.Rand) float64 { return r.Float64() }},
	"narrow":      {0.7, func(r *rand.Rand) float64 { return 0.69 + 0.02*r.Float64() }},
	"constant":    {0.2, func(*rand.Rand) float64 { return 0.2 }},
	"heavy ended": {1.0 / 3, func(r *rand.Rand) float64 { return math.Pow(r.Float64(), 2) }},
}

func when(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// missed runs streams and returns how many of them were wrong at least once, looking after each observation.
func missed(streams int, wrong func(rng *rand.Rand) bool) (share, most float64) {
	n := 0
	for seed := range uint64(streams) {
		if wrong(rand.New(rand.NewPCG(seed, 41))) {
			n++
		}
	}
	return float64(n) / float64(streams), 0.05 + 3*math.Sqrt(0.05*0.95/float64(streams))
}

func TestMeanHoldsUnderPeeking(t *testing.T) {
	for name, c := range draws {
		t.Run(name, func(t *testing.T) {
			width := 0.0
			got, most := missed(200, func(rng *rand.Rand) bool {
				m, err := NewMean(0, 1)
				if err != nil {
					t.Fatal(err)
				}
				wrong := false
				for range 1000 {
					if err := m.Add(c.next(rng)); err != nil {
						t.Fatal(err)
					}
					wrong = wrong || m.LogE(c.mean) >= math.Log(20)
				}
				i, err := m.Interval(0.05)
				if err != nil || i.Excludes(c.mean) && !wrong {
					t.Errorf("%v, %v, though no e-value was above 1/α", i, err)
				}
				width = i.Upper - i.Lower
				return wrong
			})
			if got > most {
				t.Errorf("%.3f of the streams exclude the mean at some moment", got)
			}
			t.Logf("wrong at some moment: %.3f; width after 1,000: %.3f", got, width)
		})
	}
}

func TestDifferenceHoldsUnderPeeking(t *testing.T) {
	for _, share := range []float64{0.5, 0.1} {
		for _, pair := range [][2]string{{"coin", "coin"}, {"mostly", "coin"}, {"narrow", "mostly"}, {"seldom", "seldom"}} {
			first, second := draws[pair[0]], draws[pair[1]]
			width := 0.0
			got, most := missed(40, func(rng *rand.Rand) bool {
				a, _ := NewMean(0, 1)
				b, _ := NewMean(0, 1)
				for n := range 1500 {
					if rng.Float64() < share {
						_ = b.Add(second.next(rng))
					} else {
						_ = a.Add(first.next(rng))
					}
					if n%25 == 0 && LogEDifference(a, b, second.mean-first.mean) >= math.Log(20) {
						return true
					}
				}
				i, err := Difference(a, b, 0.05)
				if err != nil || i.Excludes(second.mean-first.mean) {
					t.Errorf("%v, %v, though no e-value was above 1/α", i, err)
				}
				width = i.Upper - i.Lower
				return false
			})
			if got > most {
				t.Errorf("%v at share %v: %.3f of the streams exclude the difference at some moment", pair, share, got)
			}
			t.Logf("%v at share %v: wrong at some moment: %.3f; width after 1,500: %.3f", pair, share, got, width)
		}
	}
}

func TestAmountHoldsUnderPeeking(t *testing.T) {
	got, most := missed(400, func(rng *rand.Rand) bool {
		var a, b Amount
		for range 2000 {
			_ = a.Add(rng.ExpFloat64())
			if rng.Float64() < 0.3 {
				_ = b.Add(math.Exp(rng.NormFloat64()*0.8 - 0.32))
			}
			i, _ := AmountDifference(&a, &b, 0.05)
			one, _ := a.Interval(0.05)
			if i.Excludes(0) || one.Excludes(1) {
				return true
			}
		}
		return false
	})
	if got > 2*most { // two statements, each with its α
		t.Errorf("%.3f of the streams exclude the difference or the mean at some moment", got)
	}
	t.Logf("wrong at some moment: %.3f", got)
}

func TestWagerHoldsUnderPeeking(t *testing.T) {
	for _, target := range []float64{0.5, 0.95, 0.99} {
		got, most := missed(400, func(rng *rand.Rand) bool {
			w, err := NewWager(target)
			if err != nil {
				t.Fatal(err)
			}
			for range 2000 {
				_ = w.Add(when(rng.Float64() < target))
			}
			return w.Rejected(0.05)
		})
		if got > most {
			t.Errorf("target %v: %.3f of the streams are rejected at some moment", target, got)
		}
		took := 0
		for seed := range uint64(50) {
			rng := rand.New(rand.NewPCG(seed, 43))
			w, _ := NewWager(target)
			for !w.Rejected(0.05) && w.N < 5000 {
				_ = w.Add(when(rng.Float64() < target-0.1))
			}
			took += w.N
		}
		if took/50 > 1500 {
			t.Errorf("target %v: it takes %d observations to reject a mean that is 0.1 lower", target, took/50)
		}
		t.Logf("target %v: rejected %.3f; 0.1 lower found after %d", target, got, took/50)
	}
}

func TestDifferenceFindsOne(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	a, _ := NewMean(0, 1)
	b, _ := NewMean(0, 1)
	for range 1000 {
		_ = a.Add(when(rng.Float64() < 0.6))
		_ = b.Add(when(rng.Float64() < 0.75))
	}
	i, err := Difference(a, b, 0.05)
	if err != nil || i.Lower <= 0 || i.Value < 0.1 || i.Value > 0.2 {
		t.Errorf("got %+v, %v", i, err)
	}
	single, _ := a.Interval(0.025)
	other, _ := b.Interval(0.025)
	if i.Upper-i.Lower > 0.8*(single.Upper-single.Lower+other.Upper-other.Lower) {
		t.Errorf("%v is hardly narrower than two intervals: %v and %v", i, single, other)
	}
	if at := LogEDifference(a, b, i.Lower); math.Abs(at+math.Log(0.05)) > 1e-3 && i.Lower > -1 {
		t.Errorf("log e-value at the end is %v, want that of α", at)
	}
	back, _ := Difference(b, a, 0.05)
	if math.Abs(back.Lower+i.Upper) > 1e-6 || math.Abs(back.Upper+i.Lower) > 1e-6 {
		t.Errorf("the other way round %v, want the mirror image of %v", back, i)
	}
}

func TestScaleDoesNotMatter(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 2))
	unit, _ := NewMean(0, 1)
	stars, _ := NewMean(1, 5)
	for range 200 {
		x := rng.Float64()
		_ = unit.Add(x)
		_ = stars.Add(1 + 4*x)
	}
	u, _ := unit.Interval(0.05)
	s, _ := stars.Interval(0.05)
	for _, c := range [][2]float64{{u.Value, s.Value}, {u.Lower, s.Lower}, {u.Upper, s.Upper}} {
		if math.Abs(1+4*c[0]-c[1]) > 1e-9 {
			t.Errorf("%v and %v", u, s)
		}
	}
}

func TestStateSurvivesJSON(t *testing.T) {
	m, _ := NewMean(0, 1)
	w, _ := NewWager(0.9)
	a := &Amount{}
	again, wagered, amount := &Mean{}, &Wager{}, &Amount{}
	for i := range 100 {
		x := float64(i%7) / 6
		if i == 50 {
			for _, c := range [][2]any{{m, again}, {w, wagered}, {a, amount}} {
				data, err := json.Marshal(c[0])
				if err == nil {
					err = json.Unmarshal(data, c[1])
				}
				if err != nil {
					t.Fatal(err)
				}
			}
		}
		if i >= 50 {
			_, _, _ = again.Add(x), wagered.Add(x), amount.Add(x)
		}
		_, _, _ = m.Add(x), w.Add(x), a.Add(x)
	}
	if d := cmp.Diff([]any{m, w, a}, []any{again, wagered, amount}); d != "" {
		t.Error(d)
	}
}

func TestBadInput(t *testing.T) {
	for _, c := range [][2]float64{{0, 0}, {1, 0}, {math.NaN(), 1}, {0, math.Inf(1)}} {
		if _, err := NewMean(c[0], c[1]); err == nil {
			t.Errorf("%v is taken", c)
		}
	}
	for _, target := range []float64{0, -1, 1.1, math.NaN()} {
		if _, err := NewWager(target); err == nil {
			t.Errorf("target %v is taken", target)
		}
	}
	m, _ := NewMean(0, 1)
	w, _ := NewWager(1)
	a := &Amount{}
	if m.Add(math.NaN()) == nil || w.Add(math.NaN()) == nil || a.Add(math.NaN()) == nil || a.Add(math.Inf(1)) == nil {
		t.Error("NaN is taken")
	}
	_, _ = m.Add(7), w.Add(-7)
	if i, err := m.Interval(0.05); err != nil || i.Value != 1 {
		t.Errorf("got %v, %v", i, err)
	}
	if _, err := m.Interval(0); err == nil {
		t.Error("α of 0 is taken")
	}
	empty, _ := NewMean(0, 1)
	if i, err := Difference(empty, m, 0.05); err != nil || i.Lower != -1 || i.Upper != 1 {
		t.Errorf("without observations: %v, %v", i, err)
	}
	if i, err := AmountDifference(a, a, 0.05); err != nil || !math.IsInf(i.Upper, 1) {
		t.Errorf("without amounts: %v, %v", i, err)
	}
	for range 40 {
		_ = a.Add(0)
	}
	if i, err := AmountDifference(a, a, 0.05); err != nil || i != (Interval{}) {
		t.Errorf("of nothing but zeros: %v, %v", i, err)
	}
}
