// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package anytime

import "math"

// Difference returns an interval for the mean of b less that of a at this moment; Value is the difference of the
// estimates. At one α, all intervals of a pair of sequences together hold the difference with the chance 1 − α. The two
// may have been observed in any order and in unequal numbers, but not on the same units: each unit is in one arm.
func Difference(a, b *Mean, alpha float64) (Interval, error) {
	if err := checkAlpha(alpha); err != nil {
		return Interval{}, err
	}
	i := Interval{Value: b.Estimate() - a.Estimate(), Lower: b.Low - a.High, Upper: b.High - a.Low}
	if a.N == 0 || b.N == 0 {
		return i, nil
	}
	p, limit := newPair(a, b), -math.Log(alpha)
	i.Lower = crossing(i.Value, i.Lower, limit, p.log)
	i.Upper = crossing(i.Value, i.Upper, limit, p.log)
	return i, nil
}

// LogEDifference returns the logarithm of the e-value against the hypothesis that the mean of b less that of a is d.
func LogEDifference(a, b *Mean, d float64) float64 { return newPair(a, b).log(d) }

// pair is the joint e-process of two arms: that a's mean lies above its candidate while b's lies below, or the other
// way round, since nothing else speaks against a difference.
type pair struct{ a, b *process }

func newPair(a, b *Mean) pair { return pair{a.process(), b.process()} }

// together returns the logarithm of the wealth of pairs of bets. Each step between the boldness of the two halves a pair's
// share at the start: arms with like numbers of observations are best bet on alike, and others find their bets still.
func together(a, b stakes) float64 {
	var sum, shares float64
	for i, x := range a.wealth {
		for j, y := range b.wealth {
			share := 1 / float64(int(1)<<max(i-j, j-i))
			shares += share
			sum += share * x * y
		}
	}
	return a.most + b.most + math.Log(sum/shares)
}

// at returns the logarithm of the joint e-value against two candidates.
func (p pair) at(a, b float64) float64 {
	return logAdd(together(p.a.side(a, 1), p.b.side(b, -1)), together(p.a.side(a, -1), p.b.side(b, 1))) - math.Ln2
}

// log returns the least logarithm of the joint e-value over all means of a and b that differ by d. It is convex in
// both, and so its least is in d.
func (p pair) log(d float64) float64 {
	a, b := p.a.m, p.b.m
	// The least lies between the candidates that fit one arm alone.
	low, high := a.Estimate(), b.Estimate()-d
	if low > high {
		low, high = high, low
	}
	low, high = max(low, a.Low, b.Low-d), min(high, a.High, b.High-d)
	if low >= high {
		return p.at(low, low+d)
	}
	along := func(m float64) float64 { return p.at(m, m+d) }
	return along(lowest(low, high, along))
}

// precision is the number of steps after which a search ends: within a millionth of where it began, or less.
const precision = 30

// lowest returns where a convex function on [low, high] is least, by the golden section.
func lowest(low, high float64, f func(float64) float64) float64 {
	ratio := (math.Sqrt(5) - 1) / 2
	x, y := high-ratio*(high-low), low+ratio*(high-low)
	fx, fy := f(x), f(y)
	for range precision {
		if fx < fy {
			high, y, fy = y, x, fx
			x = high - ratio*(high-low)
			fx = f(x)
		} else {
			low, x, fx = x, y, fy
			y = low + ratio*(high-low)
			fy = f(y)
		}
	}
	return (low + high) / 2
}

// crossing returns how far from centre towards end a rising function stays below limit; end where it always does. The
// place it returns is on the outer side.
func crossing(centre, end, limit float64, f func(float64) float64) float64 {
	if f(end) < limit {
		return end
	}
	for range precision {
		middle := (centre + end) / 2
		if f(middle) < limit {
			centre = middle
		} else {
			end = middle
		}
	}
	return end
}
