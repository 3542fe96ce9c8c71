// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package eval

import (
	"errors"
	"fmt"
	"math"

	"retort/eval/binomial"
)

// Stratum is a part of what two models are compared on, such as the requests on which they say the same. Who is right may be known of
// some of its items only, which chance picked among those of the stratum: of one stratum all, of another few.
type Stratum struct {
	Matched      // the items of which it is known
	Met     int  // its items in what says how large the strata are, by the same chance for all: a share of the sum over the strata
	Alike   bool // both models say the same of every item, so that they do not differ whoever is right
}

// Strata are the parts of a whole, all of them: one that was never met may be a part of it all the same.
type Strata []Stratum

func (s Strata) check() error {
	for i, one := range s {
		if one.Items != 0 || one.OnlyA != 0 || one.OnlyB != 0 {
			if err := one.Matched.check(); err != nil {
				return fmt.Errorf("stratum %d: %w", i, err)
			}
		}
		if one.Met < 0 || one.Alike && (one.OnlyA != 0 || one.OnlyB != 0) {
			return fmt.Errorf("compare: stratum %d is met %d times, and A alone is right on %d, B alone on %d", i, one.Met, one.OnlyA, one.OnlyB)
		}
	}
	if s.met() == 0 {
		return errors.New("compare: there are no items")
	}
	return nil
}

func (s Strata) met() (n float64) {
	for _, one := range s {
		n += float64(one.Met)
	}
	return n
}

// All counts the items of all strata together of which it is known who is right.
func (s Strata) All() (all Matched) {
	for _, one := range s {
		all.Items, all.OnlyA, all.OnlyB = all.Items+one.Items, all.OnlyA+one.OnlyA, all.OnlyB+one.OnlyB
	}
	return all
}

// Difference is how much more often A is right than B, as a share of the whole: the differences in the strata, weighted by how much
// of the whole these are. The interval is put together from Tango's of the strata, or exact ones of those with few items, by the recovery of their variances (G. Y. Zou, A. Donner,
// "Construction of confidence limits about effect measures: a general approach", Statistics in Medicine 27, 2008), each with
// exact bounds of how large the stratum is, also of one that was never met. Of a stratum without known items anything may be true, whatever the
// confidence. Errors are as those of [Matched.Difference].
func (s Strata) Difference(confidence float64) (Estimate, error) {
	if err := s.check(); err != nil {
		return Estimate{}, err
	}
	if err := checkConfidence(confidence); err != nil {
		return Estimate{}, err
	}
	z := quantile((1 + confidence) / 2)
	value := s.value()
	return Estimate{Value: value, Lower: value - s.reach(z), Upper: value + s.reach(-z)}, nil
}

// value is the weighted mean of the differences.
func (s Strata) value() float64 {
	sum, n := 0.0, s.met()
	for _, one := range s {
		sum += float64(one.Met) / n * one.difference()
	}
	return sum
}

// reach is how far the interval reaches on one side of the value: below it where z is positive. What a stratum adds to the value is bounded by its share
// and its difference, each at the worst that is likely.
func (s Strata) reach(z float64) float64 {
	sum, unknown, n := 0.0, 0.0, s.met()
	for _, one := range s {
		if one.Alike {
			continue
		}
		share, d := float64(one.Met)/n, one.difference()
		worst := one.bound(z)
		if one.Items == 0 { // what is not known does not vary by chance: it may be all for one of them
			unknown += share
			d = worst
		}
		of := share // larger than it seems where that is bad, and smaller where it would be good
		if len(s) > 1 {
			of = exact(float64(one.Met), n, math.Copysign(z, z*worst))
		}
		far := share*d - of*worst
		sum += far * far
	}
	return unknown + math.Sqrt(sum)
}

// difference is that of the known items; where there is none it is taken for 0.
func (s Stratum) difference() float64 {
	if s.Items == 0 {
		return 0
	}
	return s.Matched.difference()
}

// bound is the lower bound of the difference by the known items where z is positive, else the upper.
func (s Stratum) bound(z float64) float64 {
	switch d := s.difference(); {
	case s.Items == 0:
		return -math.Copysign(1, z)
	case s.Items < few: // what an item counts is 1 where A alone is right, 0 where B is, else a half
		return 2*exact(float64(s.Items+s.OnlyA-s.OnlyB)/2, float64(s.Items), z) - 1
	case z < 0:
		return s.where(z, d, 1)
	default:
		return s.where(z, -1, d)
	}
}

// few is the number of items below which a stratum's bounds are exact: scores are too sure of a handful on which models nearly always differ.
const few = 30

// exact is the exact bound of a share of which so many of n were found: the lower one where z is positive.
func exact(found, n, z float64) float64 {
	alpha := normal(-math.Abs(z))
	if z > 0 {
		return binomial.Lower(found, n, alpha)
	}
	return binomial.Upper(found, n, alpha)
}

// NonInferior tests whether A is worse than B on the whole by margin or more; it decides as the interval of [Strata.Difference] does. See
// the function of this name, also for the errors.
func (s Strata) NonInferior(margin, alpha float64) (NonInferiority, error) {
	if err := checkMargin(margin, alpha); err != nil {
		return NonInferiority{}, err
	}
	difference, err := s.Difference(1 - 2*alpha)
	if err != nil {
		return NonInferiority{}, err
	}
	out := NonInferiority{Group: Group{Matched: s.All()}, Difference: difference}
	gap := difference.Value + margin
	side := 1.0 // on which side of the value the margin lies
	if gap < 0 {
		side = -1
	}
	low, high := 0.0, 40.0 // no bound is as far away as at 40 standard deviations, but for those that nothing reaches
	for range 60 {
		if middle := (low + high) / 2; s.reach(side*middle) < math.Abs(gap) {
			low = middle
		} else {
			high = middle
		}
	}
	out.P, out.Worse = normal(-side*low), normal(side*low)
	out.Holm, out.WorseHolm = out.P, out.Worse
	out.Ruling = ruled(out.P, out.Worse, alpha)
	return out, nil
}
