// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package wheel

import (
	"math"

	"retort/eval/anytime"
)

// ranks tests whether the scores of a version come from one source: a conformal test martingale. While they do, the rank
// of each among those before it is uniform and independent of the earlier ranks, exactly and whatever the source is, so
// every bet on a rank is a fair one. The scores of two versions cannot be compared, but bets can: a new version begins with
// no scores and goes on with the evidence.
type ranks struct {
	bins     [2 * scoreBins]int
	n        int
	density  [rankBins]float64 // of recent ranks, for the bet that learns
	detector *anytime.Detector
	about    history
}

const (
	scoreBins = 200
	rankBins  = 10
	settling  = 200 // scores of a version before bets are made on its next ones
	prior     = 30. // ranks that each bin of the learning bet is believed to have had
	fading    = 0.998
)

// powers are the bets that ranks are low or, negative, that they are high: densities κx^(κ−1).
var powers = [...]float64{0.6, 0.8, -0.8, -0.6}

func newRanks() *ranks {
	r := &ranks{detector: anytime.NewDetector(len(powers)+1, patienceInput)}
	r.renew()
	return r
}

// renew forgets the scores, as they were another version's, and keeps the evidence.
func (r *ranks) renew() {
	r.bins, r.n = [2 * scoreBins]int{}, 0
	for i := range r.density {
		r.density[i] = prior
	}
}

// bin orders answers: novel ones first, then by score, on a scale that tells sure ones apart.
func bin(s Said) int {
	p := min(max(s.Score, 1e-4), 1-1e-4)
	i := int((math.Log(p/(1-p)) + 9.3) / 18.6 * scoreBins)
	i = min(max(i, 0), scoreBins-1)
	if !s.Novel {
		i += scoreBins
	}
	return i
}

// add takes an answer; luck is uniform and breaks ties. It reports whether there is an alarm.
func (r *ranks) add(request int64, s Said, luck float64) (alarm bool) {
	at, below := bin(s), 0
	for _, n := range r.bins[:at] {
		below += n
	}
	rank := (float64(below) + luck*float64(r.bins[at]+1)) / float64(r.n+1)
	r.bins[at]++
	if r.n++; r.n <= settling {
		return false
	}
	r.about.add(request)
	return r.detector.Add(r.bets(min(max(rank, 1e-9), 1-1e-9))...)
}

// bets are densities at a rank. The last is that of recent ranks.
func (r *ranks) bets(x float64) []float64 {
	out := make([]float64, 0, len(powers)+1)
	for _, k := range powers {
		if k > 0 {
			out = append(out, k*math.Pow(x, k-1))
		} else {
			out = append(out, -k*math.Pow(1-x, -k-1))
		}
	}
	at, sum := int(x*rankBins), 0.0
	for _, d := range r.density {
		sum += d
	}
	out = append(out, r.density[at]*rankBins/sum)
	for i, d := range r.density {
		r.density[i] = prior + (d-prior)*fading
	}
	r.density[at]++
	return out
}

// since is the first request after the source most likely changed.
func (r *ranks) since() int64 { return r.about.back(r.detector.Since()) }
