// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package consensus

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"
)

// world draws items with their true classes, and votes on them.
type world struct {
	prior     []float64
	confusion [][][]float64
	missing   float64 // share of votes
}

// sharp returns a matrix of an answerer that is right with these probabilities, class by class, and errs evenly.
func sharp(right ...float64) [][]float64 {
	m := make([][]float64, len(right))
	for c, p := range right {
		m[c] = make([]float64, len(right))
		for said := range m[c] {
			m[c][said] = (1 - p) / float64(len(right)-1)
		}
		m[c][c] = p
	}
	return m
}

func (w *world) draw(rng *rand.Rand, n int) (v *Votes, truth []int) {
	v = &Votes{}
	for c := range w.prior {
		v.Classes = append(v.Classes, fmt.Sprint("class", c))
	}
	for a := range w.confusion {
		v.Answerers = append(v.Answerers, fmt.Sprint("answerer", a))
	}
	for range n {
		k := pick(rng, w.prior)
		row := make([]int, len(w.confusion))
		for a := range row {
			row[a] = pick(rng, w.confusion[a][k])
			if rng.Float64() < w.missing {
				row[a] = None
			}
		}
		v.Rows, truth = append(v.Rows, row), append(truth, k)
	}
	return v, truth
}

func pick(rng *rand.Rand, p []float64) int {
	x := rng.Float64()
	for i, share := range p {
		if x -= share; x < 0 {
			return i
		}
	}
	return len(p) - 1
}

func majority(row []int, classes int) int {
	count := make([]int, classes)
	for _, said := range row {
		if said != None {
			count[said]++
		}
	}
	return argmax(count)
}

func argmax[T int | float64](p []T) int {
	best := 0
	for i := range p {
		if p[i] > p[best] {
			best = i
		}
	}
	return best
}

// accuracy returns how often the posterior and the majority are right.
func accuracy(r *Reliability, v *Votes, truth []int) (posterior, voted float64) {
	for i, row := range v.Rows {
		if argmax(r.Posterior(nil, row)) == truth[i] {
			posterior++
		}
		if majority(row, len(v.Classes)) == truth[i] {
			voted++
		}
	}
	n := float64(len(truth))
	return posterior / n, voted / n
}

func fit(t *testing.T, v *Votes, opt Options) *Reliability {
	t.Helper()
	r, err := Fit(v, opt)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// unequal are two answerers that are good at one class each, one that always says the same, and two middling ones.
func unequal() *world {
	constant := [][]float64{{0.98, 0.01, 0.01}, {0.98, 0.01, 0.01}, {0.98, 0.01, 0.01}}
	return &world{prior: []float64{0.5, 0.3, 0.2}, missing: 0.1, confusion: [][][]float64{
		sharp(0.95, 0.6, 0.5), sharp(0.5, 0.9, 0.85), constant, sharp(0.6, 0.65, 0.6), sharp(0.55, 0.6, 0.7)}}
}

func TestRecoversMatrices(t *testing.T) {
	for _, labelled := range []bool{false, true} {
		t.Run(fmt.Sprint("labelled ", labelled), func(t *testing.T) {
			w := unequal()
			v, truth := w.draw(rand.New(rand.NewPCG(1, 2)), 6000)
			opt := Options{}
			if labelled {
				opt.Gold = truth
			}
			r := fit(t, v, opt)
			if !r.Converged {
				t.Errorf("no convergence after %d rounds", r.Iterations)
			}
			for a := range w.confusion {
				for c := range w.prior {
					for said, want := range w.confusion[a][c] {
						if got := r.Confusion[a][c][said]; math.Abs(got-want) > 0.06 {
							t.Errorf("answerer %d says %d of %d with probability %.3f, want %.3f", a, said, c, got, want)
						}
					}
					if math.Abs(r.Prior[c]-w.prior[c]) > 0.04 {
						t.Errorf("class %d has a share of %.3f, want %.3f", c, r.Prior[c], w.prior[c])
					}
				}
			}
		})
	}
}

// With unequal answerers the posterior beats the majority, and knows how sure it may be.
func TestBeatsTheMajority(t *testing.T) {
	const seeds = 20
	won, gain, brier := 0, 0.0, 0.0
	for seed := range uint64(seeds) {
		v, truth := unequal().draw(rand.New(rand.NewPCG(seed, 7)), 400)
		r := fit(t, v, Options{})
		posterior, voted := accuracy(r, v, truth)
		gain += (posterior - voted) / seeds
		if posterior > voted {
			won++
		}
		for i, row := range v.Rows {
			p := r.Posterior(nil, row)
			best, right := argmax(p), 0.0
			if best == truth[i] {
				right = 1
			}
			brier += (p[best] - right) / float64(seeds*len(v.Rows))
		}
	}
	t.Logf("won %d of %d, by %.3f on average; surer than right by %.3f", won, seeds, gain, brier)
	if won < seeds*9/10 || gain < 0.04 {
		t.Errorf("won %d of %d, by %.3f on average; want nearly all, by 0.04", won, seeds, gain)
	}
	if math.Abs(brier) > 0.05 {
		t.Errorf("the probabilities are off by %.3f on average", brier)
	}
}

// Equal answerers leave nothing to gain: little is lost to the majority, with few items and with many classes too.
func TestEqualAnswerersLoseLittle(t *testing.T) {
	for name, test := range map[string]struct{ classes, items int }{"few items": {3, 120}, "many classes": {60, 150}} {
		loss := 0.0
		const seeds = 20
		for seed := range uint64(seeds) {
			w := &world{}
			right := make([]float64, test.classes)
			for c := range right {
				right[c] = 0.75
				w.prior = append(w.prior, 1/float64(test.classes))
			}
			for range 4 {
				w.confusion = append(w.confusion, sharp(right...))
			}
			v, truth := w.draw(rand.New(rand.NewPCG(seed, 9)), test.items)
			posterior, voted := accuracy(fit(t, v, Options{}), v, truth)
			loss += (voted - posterior) / seeds
		}
		t.Logf("%s: loses %.4f", name, loss)
		if loss > 0.015 {
			t.Errorf("%s: loses %.3f of accuracy to the majority", name, loss)
		}
	}
}

// Two classes that most answerers confuse, and few items, are where classes like to trade places.
func TestClassesKeepTheirNames(t *testing.T) {
	for seed := range uint64(20) {
		w := &world{prior: []float64{0.5, 0.5}, confusion: [][][]float64{sharp(0.65, 0.6), sharp(0.6, 0.65), sharp(0.6, 0.6), sharp(0.3, 0.3)}}
		v, truth := w.draw(rand.New(rand.NewPCG(seed, 3)), 600)
		if posterior, _ := accuracy(fit(t, v, Options{}), v, truth); posterior < 0.5 {
			t.Errorf("seed %d: %.3f are right; the classes have been exchanged", seed, posterior)
		}
	}
}

// Beliefs that begin exchanged are put right.
func TestExchangeIsUndone(t *testing.T) {
	v, truth := unequal().draw(rand.New(rand.NewPCG(4, 4)), 500)
	opt := Options{}
	if err := opt.complete(v); err != nil {
		t.Fatal(err)
	}
	f := newFitting(v, opt)
	for i := range v.Rows {
		b := f.of(i)
		b[1], b[2] = b[2], b[1]
	}
	if !f.exchange() || f.exchange() {
		t.Error("want one exchange, and no more")
	}
	right := 0
	for i, k := range truth {
		if argmax(f.of(i)) == k {
			right++
		}
	}
	if right < 300 {
		t.Errorf("%d of 500 beliefs are right", right)
	}
}

// An answerer that is wrong more often than chance is evidence too.
func TestContraryAnswererCounts(t *testing.T) {
	w := &world{prior: []float64{0.5, 0.5}, confusion: [][][]float64{sharp(0.8, 0.8), sharp(0.75, 0.75), sharp(0.8, 0.75), sharp(0.05, 0.05)}}
	v, truth := w.draw(rand.New(rand.NewPCG(8, 8)), 1500)
	r := fit(t, v, Options{})
	if posterior, voted := accuracy(r, v, truth); posterior < voted+0.05 || r.Right[3] > 0.2 {
		t.Errorf("%.3f are right, by majority %.3f; the contrary answerer is thought to be right at %.3f", posterior, voted, r.Right[3])
	}
}

// Known classes of some items help with the others, and copies of one answerer do not make the posterior too sure.
func TestTemperHoldsWithDependentAnswerers(t *testing.T) {
	w := &world{prior: []float64{0.4, 0.3, 0.3}, confusion: [][][]float64{sharp(0.7, 0.7, 0.7), sharp(0.75, 0.7, 0.65)}}
	rng := rand.New(rand.NewPCG(5, 5))
	v, truth := w.draw(rng, 4000)
	v.Answerers = append(v.Answerers, "copy1", "copy2", "copy3")
	for i := range v.Rows {
		for range 3 {
			said := v.Rows[i][0]
			if rng.Float64() < 0.1 {
				said = rng.IntN(3)
			}
			v.Rows[i] = append(v.Rows[i], said)
		}
	}
	train := &Votes{Answerers: v.Answerers, Classes: v.Classes, Rows: v.Rows[:1000]}
	r := fit(t, train, Options{Gold: truth[:1000]})
	off := func(r *Reliability) (sum float64) {
		for i, row := range v.Rows[1000:] {
			p := r.Posterior(nil, row)
			best := argmax(p)
			sum += p[best] / 3000
			if best == truth[1000+i] {
				sum -= 1.0 / 3000
			}
		}
		return sum
	}
	bare := fit(t, train, Options{Gold: truth[:1000]})
	bare.Evidence = 1
	t.Logf("evidence %.2f: surer than right by %.3f; unscaled by %.3f", r.Evidence, off(r), off(bare))
	if r.Evidence > 0.8 || math.Abs(off(r)) > 0.06 || off(bare) < 0.05 {
		t.Errorf("evidence %.2f; the probabilities are off by %.3f, unscaled by %.3f", r.Evidence, off(r), off(bare))
	}
}

func TestSomeKnownClasses(t *testing.T) {
	v, truth := unequal().draw(rand.New(rand.NewPCG(6, 6)), 500)
	gold := make([]int, len(truth))
	for i := range gold {
		gold[i] = None
		if i%10 == 0 {
			gold[i] = truth[i]
		}
	}
	r := fit(t, v, Options{Gold: gold})
	if r.Labelled != 50 {
		t.Errorf("%d labelled, want 50", r.Labelled)
	}
	if posterior, voted := accuracy(r, v, truth); posterior <= voted {
		t.Errorf("%.3f are right, by majority %.3f", posterior, voted)
	}
}

func TestSameVotesSameResult(t *testing.T) {
	v, _ := unequal().draw(rand.New(rand.NewPCG(2, 2)), 300)
	a, b := fit(t, v, Options{}), fit(t, v, Options{})
	if !reflect.DeepEqual(a.Confusion, b.Confusion) {
		t.Error("two fits of the same votes differ")
	}
}

func TestEdges(t *testing.T) {
	rows := [][]int{{0, 0}, {0, None}, {None, None}}
	one := fit(t, &Votes{Answerers: []string{"a", "b"}, Classes: []string{"x"}, Rows: rows}, Options{})
	if p := one.Posterior(nil, []int{0, None}); len(p) != 1 || p[0] != 1 {
		t.Errorf("one class has the probabilities %v", p)
	}
	unseen := fit(t, &Votes{Answerers: []string{"a", "b"}, Classes: []string{"x", "y", "never"}, Rows: [][]int{{0, 0}, {1, 1}, {0, 1}}}, Options{})
	p := unseen.Posterior(nil, []int{2, 2})
	if argmax(p) != 2 {
		t.Errorf("votes for a class that no item had give %v; want it likeliest", p)
	}
	if p := unseen.Posterior(nil, []int{99, -7, 3}); !sane(p) {
		t.Errorf("votes that are none give %v", p)
	}
	single := &Votes{Answerers: []string{"a"}, Classes: []string{"x", "y"}, Rows: [][]int{{0}, {1}, {0}}}
	if _, err := Fit(single, Options{}); err == nil {
		t.Error("one answerer was believed")
	}
	alone := fit(t, single, Options{Gold: []int{0, 1, 1}})
	if p := alone.Posterior(nil, []int{0}); !sane(p) || p[0] <= p[1] {
		t.Errorf("one answerer with known classes: %v", p)
	}
}

func sane(p []float64) bool {
	sum := 0.0
	for _, x := range p {
		if !(x >= 0 && x <= 1) {
			return false
		}
		sum += x
	}
	return math.Abs(sum-1) < 1e-9
}

func TestFitRefuses(t *testing.T) {
	two := []string{"a", "b"}
	good := Votes{Answerers: two, Classes: []string{"x", "y"}, Rows: [][]int{{0, 1}}}
	for name, test := range map[string]struct {
		votes Votes
		opt   Options
	}{
		"no classes":      {Votes{Answerers: two, Rows: [][]int{{0, 0}}}, Options{}},
		"no answerers":    {Votes{Classes: two, Rows: [][]int{{}}}, Options{}},
		"no items":        {Votes{Answerers: two, Classes: two}, Options{}},
		"class twice":     {Votes{Answerers: two, Classes: []string{"x", "x"}, Rows: [][]int{{0, 0}}}, Options{}},
		"answerer twice":  {Votes{Answerers: []string{"a", "a"}, Classes: two, Rows: [][]int{{0, 0}}}, Options{}},
		"short row":       {Votes{Answerers: two, Classes: two, Rows: [][]int{{0}}}, Options{}},
		"no such class":   {Votes{Answerers: two, Classes: two, Rows: [][]int{{0, 2}}}, Options{}},
		"gold too short":  {good, Options{Gold: []int{}}},
		"gold no class":   {good, Options{Gold: []int{5}}},
		"NaN":             {good, Options{Smoothing: math.NaN()}},
		"infinite":        {good, Options{Smoothing: math.Inf(1)}},
		"negative rounds": {good, Options{Iterations: -1}},
	} {
		if _, err := Fit(&test.votes, test.opt); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestTabulate(t *testing.T) {
	v := Tabulate([]Vote{{"q1", "b", "yes"}, {"q2", "a", "no"}, {"q1", "a", "no"}, {"q1", "b", "no"}}, "maybe")
	want := &Votes{Answerers: []string{"a", "b"}, Classes: []string{"maybe", "no", "yes"}, Items: []string{"q1", "q2"},
		Rows: [][]int{{1, 1}, {1, None}}}
	if !reflect.DeepEqual(v, want) {
		t.Errorf("got %+v, want %+v", v, want)
	}
	if gold := v.Gold(map[string]string{"q2": "yes", "q1": "other"}); !reflect.DeepEqual(gold, []int{None, 2}) {
		t.Errorf("got %v", gold)
	}
}

// settled must be right about every way in which the others may still vote.
func TestSettledMeansSettled(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	early := 0
	for seed := range uint64(15) {
		v, _ := unequal().draw(rand.New(rand.NewPCG(seed, 1)), 200)
		r := fit(t, v, Options{})
		for range 30 {
			votes, open := make([]string, 5), make([]bool, 5)
			for a := range votes {
				switch rng.IntN(3) {
				case 0:
					open[a] = true
				case 1:
					votes[a] = v.Classes[rng.IntN(3)]
				}
			}
			winner, _, settled := r.Count(votes, open)
			if !settled {
				continue
			}
			if open[0] || open[1] {
				early++
			}
			if other, how := outcome(r, votes, open, 0, winner); other {
				t.Fatalf("%v with %v open is settled for %s, but not if they say %v", votes, open, winner, how)
			}
		}
	}
	if early < 5 {
		t.Errorf("only %d outcomes were settled early", early)
	}
}

// outcome says whether some votes of those open lead to another winner.
func outcome(r *Reliability, votes []string, open []bool, from int, winner string) (bool, []string) {
	for a := from; a < len(votes); a++ {
		if !open[a] {
			continue
		}
		for _, say := range append([]string{""}, r.Classes...) {
			votes[a] = say
			if other, how := outcome(r, votes, open, a+1, winner); other {
				return true, how
			}
		}
		votes[a] = ""
		return false, nil
	}
	now, _, _ := r.Count(votes, make([]bool, len(votes)))
	return now != winner, append([]string(nil), votes...)
}

func TestCount(t *testing.T) {
	r := &Reliability{Answerers: []string{"a", "b"}, Classes: []string{"x", "y"}, Prior: []float64{0.5, 0.5}, Evidence: 1,
		Confusion: [][][]float64{sharp(0.9, 0.9), sharp(0.9, 0.9)}, Votes: []int{1, 1}, Right: []float64{0.9, 0.9}}
	for name, test := range map[string]struct {
		votes   []string
		open    []bool
		winner  string
		p       float64
		settled bool
	}{
		"tie goes to the first": {[]string{"y", "x"}, []bool{false, false}, "y", 0.5, true},
		"agreed":                {[]string{"x", "x"}, []bool{false, false}, "x", 0.81 / 0.82, true},
		"one open":              {[]string{"x", ""}, []bool{false, true}, "x", 0.9, false},
		"foreign class":         {[]string{"z", "x"}, []bool{false, false}, "x", 0.9, true},
		"one open, and less":    {[]string{"x", "x", ""}, []bool{false, false, false}, "x", 0.81 / 0.82, true},
		"foreign alone":         {[]string{"z", ""}, []bool{false, false}, "z", 0, false},
		"nobody":                {[]string{"", ""}, []bool{true, true}, "", 0, false},
		"too many":              {[]string{"x", "", "y"}, []bool{false, false, true}, "x", 0.9, true},
	} {
		winner, p, settled := r.Count(test.votes, test.open)
		if winner != test.winner || math.Abs(p-test.p) > 1e-9 || settled != test.settled {
			t.Errorf("%s: got %q with %v, settled %v", name, winner, p, settled)
		}
	}
}

func TestJSON(t *testing.T) {
	v, _ := unequal().draw(rand.New(rand.NewPCG(2, 9)), 300)
	r := fit(t, v, Options{})
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var back Reliability
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	votes := []int{0, 1, None, 2, 1}
	if got, want := back.Posterior(nil, votes), r.Posterior(nil, votes); !reflect.DeepEqual(got, want) {
		t.Errorf("read back, it says %v instead of %v", got, want)
	}
	two, err := r.For("answerer1", "answerer1", "answerer0")
	if err != nil {
		t.Fatal(err)
	}
	if p := two.Posterior(nil, []int{1, 1, 0}); !sane(p) {
		t.Error(p)
	}
	if _, err := r.For("stranger"); err == nil {
		t.Error("a stranger is known")
	}
}

func FuzzReliability(f *testing.F) {
	v, _ := unequal().draw(rand.New(rand.NewPCG(2, 9)), 30)
	r, err := Fit(v, Options{})
	if err != nil {
		f.Fatal(err)
	}
	text, err := json.Marshal(r)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(text))
	f.Add(`{"answerers":["a"],"classes":["x","y"],"prior":[0.5,0.5],"confusion":[[[0.9,0.1],[1e-300,1]]],"evidence":1,"votes":[1],"right":[0.9]}`)
	f.Fuzz(func(t *testing.T, text string) {
		var r Reliability
		if json.Unmarshal([]byte(text), &r) != nil {
			return
		}
		if p := r.Posterior(nil, []int{0, 1, 2, -1}); !sane(p) {
			t.Errorf("the probabilities are %v", p)
		}
		r.Count([]string{"x", "y", ""}, []bool{false, true, true})
	})
}
