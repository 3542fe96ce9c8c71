// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package eval

import (
	"math"
	"math/rand/v2"
	"slices"
)

// statistic is a figure of a sample: of the sample itself when rng is nil, else of one resampled with replacement.
type statistic func(rng *rand.Rand) float64

// bootstrap returns a statistic with its bias-corrected percentile interval (B. Efron, "Nonparametric standard errors
// and confidence intervals", 1981). The correction matters for figures such as macro-F1 and calibration error, whose
// resamples are shifted against the sample.
func bootstrap(opt MeasureOptions, stat statistic) Estimate {
	return resample(opt, stat).at(opt.Confidence)
}

// resamples are a statistic's value and what it was in each resample, sorted.
type resamples struct {
	value float64
	drawn []float64
}

func resample(opt MeasureOptions, stat statistic) *resamples {
	rng := rand.New(rand.NewPCG(opt.Seed, 0x9e3779b97f4a7c15))
	r := &resamples{value: stat(nil), drawn: make([]float64, opt.Resamples)}
	for i := range r.drawn {
		r.drawn[i] = stat(rng)
	}
	slices.Sort(r.drawn)
	return r
}

// at returns the statistic with its interval of this confidence.
func (r *resamples) at(confidence float64) Estimate {
	low, high := corrected(r.drawn, r.value, confidence)
	return Estimate{Value: r.value, Lower: low, Upper: high}
}

// corrected returns the ends of the bias-corrected interval from sorted resamples.
func corrected(drawn []float64, value, confidence float64) (low, high float64) {
	below := 0.0
	for _, d := range drawn {
		switch {
		case d < value:
			below++
		case d == value:
			below += 0.5
		}
	}
	n := float64(len(drawn))
	// A correction beyond what so few resamples can show would be infinite.
	shift := quantile(min(max(below/n, 1/(n+1)), n/(n+1)))
	z := quantile((1 + confidence) / 2)
	return at(drawn, normal(2*shift-z)), at(drawn, normal(2*shift+z))
}

// at returns the quantile p of sorted values, interpolated.
func at(sorted []float64, p float64) float64 {
	x := p * float64(len(sorted)-1)
	i := int(math.Floor(x))
	if i >= len(sorted)-1 {
		return sorted[len(sorted)-1]
	}
	return sorted[i] + (x-float64(i))*(sorted[i+1]-sorted[i])
}
