// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package eval

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/mathext"
)

// Series is what one model got on each of a list of items: series of the same list are compared item by item.
type Series struct {
	Name    string
	Quality []float64 // of each item: 1 for right and 0 for wrong, or a score; higher is better
	Cost    []float64 // of each item, in US dollars; nil where costs are not known
}

// CompareOptions changes how series are compared; the zero value is good.
type CompareOptions struct {
	Confidence float64 // of each interval, in (0, 1); 0 means 0.95
	Resamples  int     // bootstrap resamples; 0 means 2,000, fewer (at least 500) above 25,000 items
	Seed       uint64  // of the bootstrap; equal seeds give equal intervals
	// Cluster names the cluster of each item: items that are not independent of each other, such as the questions on one
	// text, share a number. They are resampled together. nil means that each item is its own.
	Cluster []int
}

func (o *CompareOptions) fill(items int) error {
	if o.Confidence == 0 {
		o.Confidence = 0.95
	}
	if !(o.Confidence > 0 && o.Confidence < 1) {
		return fmt.Errorf("compare: confidence is %v: give a number between 0 and 1, both excluded", o.Confidence)
	}
	if o.Resamples == 0 {
		const draws = 50_000_000
		o.Resamples = min(2000, max(500, draws/max(1, items)))
	}
	if o.Resamples < 0 {
		return fmt.Errorf("compare: %d resamples: give a number above 0", o.Resamples)
	}
	if o.Cluster != nil && len(o.Cluster) != items {
		return fmt.Errorf("compare: %d clusters are named for %d items", len(o.Cluster), items)
	}
	return nil
}

func (o *CompareOptions) measure() MeasureOptions {
	return MeasureOptions{Confidence: o.Confidence, Resamples: o.Resamples, Seed: o.Seed}
}

// Pair is how a model does against another on the same items.
type Pair struct {
	A string `json:"a"`
	B string `json:"b"`
	// Quality is the mean of A's less that of B's, with a paired bootstrap's interval.
	Quality Estimate `json:"quality"`
	// Cost is the mean of A's less that of B's in US dollars an item; null where one's costs are not known.
	Cost *Estimate `json:"cost,omitempty"`
	// OnlyA and OnlyB count the items on which A's quality is the higher, and B's.
	OnlyA int `json:"only_a"`
	OnlyB int `json:"only_b"`
	// P is the p-value of McNemar's mid-p test on OnlyA and OnlyB; Holm is the same when all pairs of a Compare are
	// looked at: below α for any pair with a chance of at most α when no two models differ.
	P    float64 `json:"p"`
	Holm float64 `json:"p_holm"`
}

// Compare compares each series with each later one. The intervals hold for each pair by itself; Holm's p-values hold for
// all pairs at once. Where clusters are given McNemar's test treats the items as independent all the same: then believe
// the intervals.
func Compare(all []Series, opt CompareOptions) ([]Pair, error) {
	if err := checkSeries(all); err != nil {
		return nil, err
	}
	var pairs []Pair
	var ps []float64
	for i := range all {
		for j := i + 1; j < len(all); j++ {
			p, err := pairOf(&all[i], &all[j], opt)
			if err != nil {
				return nil, err
			}
			pairs, ps = append(pairs, p), append(ps, p.P)
		}
	}
	for i, p := range Holm(ps) {
		pairs[i].Holm = p
	}
	return pairs, nil
}

func pairOf(a, b *Series, opt CompareOptions) (Pair, error) {
	p := Pair{A: a.Name, B: b.Name}
	for i := range a.Quality {
		switch {
		case a.Quality[i] > b.Quality[i]:
			p.OnlyA++
		case a.Quality[i] < b.Quality[i]:
			p.OnlyB++
		}
	}
	p.P = McNemar(p.OnlyA, p.OnlyB)
	var err error
	if p.Quality, err = Difference(a.Quality, b.Quality, opt); err != nil || a.Cost == nil || b.Cost == nil {
		return p, err
	}
	cost, err := costDifference(a, b, opt)
	p.Cost = &cost
	return p, err
}

// costDifference is Difference for costs. They are no counts of right answers, even when they happen to be whole.
func costDifference(a, b *Series, opt CompareOptions) (Estimate, error) {
	if err := opt.fill(len(a.Cost)); err != nil {
		return Estimate{}, err
	}
	return bootstrap(opt.measure(), gather(minus(a.Cost, b.Cost), opt.Cluster).mean), nil
}

// Difference returns the mean of a less that of b, two series of the same items, with the bias-corrected percentile
// interval of a paired bootstrap: whole items, or clusters, are drawn with replacement, so that what is hard or easy for
// both cancels (B. Efron and R. J. Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 14; for models, P. Koehn,
// "Statistical significance tests for machine translation evaluation", 2004).
//
// Where all differences are -1, 0 or 1, as those of right and wrong are, an item of each extreme is added to those drawn
// from. Without them, few items on which the models differ would make the interval far too short, and none an interval
// of no length; two added items are what D. G. Bonett and R. M. Price, "Adjusted Wald confidence interval for a difference
// of binomial proportions based on paired data" (2012), found enough. The value itself is without them.
func Difference(a, b []float64, opt CompareOptions) (Estimate, error) {
	if err := checkPaired(a, b); err != nil {
		return Estimate{}, err
	}
	if err := opt.fill(len(a)); err != nil {
		return Estimate{}, err
	}
	e := differences(a, b, opt).at(opt.Confidence)
	e.Value = mean(minus(a, b))(nil)
	return e, nil
}

func differences(a, b []float64, opt CompareOptions) *resamples {
	d := minus(a, b)
	drawn := gather(d, opt.Cluster)
	if counted(d) {
		drawn.add(1)
		drawn.add(-1)
	}
	return resample(opt.measure(), drawn.mean)
}

// counted reports whether values are those of a difference between two counts of right answers.
func counted(d []float64) bool {
	return !slices.ContainsFunc(d, func(v float64) bool { return v != 0 && v != 1 && v != -1 })
}

func minus(a, b []float64) []float64 {
	out := make([]float64, len(a))
	for i := range a {
		out[i] = a[i] - b[i]
	}
	return out
}

// clusters are values summed over what is drawn together.
type clusters struct{ sum, size []float64 }

// gather sums values by cluster, in the order in which the clusters first occur; nil makes each value its own.
func gather(values []float64, cluster []int) *clusters {
	c := &clusters{}
	if cluster == nil {
		for _, v := range values {
			c.add(v)
		}
		return c
	}
	index := make(map[int]int)
	for i, v := range values {
		at, seen := index[cluster[i]]
		if !seen {
			at = len(c.sum)
			index[cluster[i]] = at
			c.sum, c.size = append(c.sum, 0), append(c.size, 0)
		}
		c.sum[at] += v
		c.size[at]++
	}
	return c
}

func (c *clusters) add(v float64) {
	c.sum, c.size = append(c.sum, v), append(c.size, 1)
}

// mean is the mean of the values as a statistic.
func (c *clusters) mean(rng *rand.Rand) float64 {
	var sum, size float64
	for i := range c.sum {
		if rng != nil {
			i = rng.IntN(len(c.sum))
		}
		sum += c.sum[i]
		size += c.size[i]
	}
	return sum / size
}

// McNemar returns the two-sided mid-p value of the hypothesis that two models are right equally often, from the number of
// items on which the one alone is right and the other alone (Q. McNemar 1947; the mid-p form is what M. W. Fagerland,
// S. Lydersen and P. Laake, "The McNemar test for binary matched-pairs data: mid-p and asymptotic are better than exact
// conditional", 2013, recommend). It is 1 when the two are equal, also when both are 0; negative numbers count as 0.
func McNemar(onlyA, onlyB int) float64 {
	low, high := max(0, min(onlyA, onlyB)), max(0, onlyA, onlyB)
	if low == high {
		return 1
	}
	k, n := float64(low), float64(low+high)
	atMost := mathext.RegIncBeta(n-k, k+1, 0.5)
	all, _ := math.Lgamma(n + 1)
	some, _ := math.Lgamma(k + 1)
	rest, _ := math.Lgamma(n - k + 1)
	return min(1, 2*atMost-math.Exp(all-some-rest-n*math.Ln2))
}

// Holm returns p-values adjusted for being looked at together, in the same order: rejecting those at most α makes one
// false rejection or more with a chance of at most α (S. Holm, "A simple sequentially rejective multiple test procedure",
// 1979).
func Holm(p []float64) []float64 {
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int {
		if p[i] < p[j] {
			return -1
		}
		if p[i] > p[j] {
			return 1
		}
		return 0
	})
	out := make([]float64, len(p))
	highest := 0.0
	for rank, i := range order {
		highest = max(highest, min(1, p[i]*float64(len(p)-rank)))
		out[i] = highest
	}
	return out
}

// checkSeries refuses what cannot be compared: nothing at all, series of different lengths, figures that are no numbers.
func checkSeries(all []Series) error {
	if len(all) == 0 {
		return fmt.Errorf("compare: there are no series")
	}
	for i := range all {
		s := &all[i]
		if err := checkPaired(s.Quality, all[0].Quality); err != nil {
			return fmt.Errorf("%w (quality of %q beside %q)", err, s.Name, all[0].Name)
		}
		if s.Cost == nil {
			continue
		}
		if err := checkPaired(s.Cost, all[0].Quality); err != nil {
			return fmt.Errorf("%w (cost of %q)", err, s.Name)
		}
	}
	return nil
}

func checkPaired(a, b []float64) error {
	if len(a) == 0 || len(a) != len(b) {
		return fmt.Errorf("compare: %d items beside %d: give figures of the same items, at least one", len(a), len(b))
	}
	for _, values := range [][]float64{a, b} {
		for i, v := range values {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return fmt.Errorf("compare: item %d: %v is not a number", i, v)
			}
		}
	}
	return nil
}
