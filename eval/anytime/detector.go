// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package anytime

// Detector notices that something has set in at an unknown moment. It is the e-detector of Shiryaev and Roberts for each of
// some alternatives, averaged (J. Shin, A. Ramdas, A. Rinaldo, "E-detectors: a nonparametric framework for sequential change
// detection", 2024).
//
// Each observation comes as its likelihood ratio under each alternative: a number of at least 0 whose expectation, given all
// that came before, is at most 1 while nothing has set in. Then Patience observations pass on average, at least, until a false
// alarm, and of n observations at most n/Patience give one on average. So detectors that share a stream of observations,
// each of which goes to one of them, need no correction for how many they are. What observations are about may change
// between two of them, as when a new version answers, as long as that holds of each.
//
// Make one with NewDetector. It is a value that encoding/json writes and reads, and must not be used by two goroutines at
// once.
type Detector struct {
	Patience float64   `json:"patience"`
	N        int       `json:"n"`        // observations since the beginning
	Evidence []float64 `json:"evidence"` // by alternative
	// Best is for each alternative the greatest likelihood ratio of a moment at which it set in (E. S. Page, "Continuous
	// inspection schemes", 1954), and From the number of observations before that moment.
	Best []float64 `json:"best"`
	From []int     `json:"from"`
}

// NewDetector returns a detector without evidence.
func NewDetector(alternatives int, patience float64) *Detector {
	return &Detector{Patience: patience, Evidence: make([]float64, alternatives), Best: make([]float64, alternatives), From: make([]int, alternatives)}
}

// highestEvidence keeps evidence finite, far above any patience.
const highestEvidence = 1e100

// Add takes an observation, as one likelihood ratio for each alternative, and reports whether there is an alarm. The
// detector goes on after one; begin anew with another where the alarm has been acted upon.
func (d *Detector) Add(ratios ...float64) (alarm bool) {
	for i := range d.Evidence {
		d.Evidence[i] = min((1+d.Evidence[i])*ratios[i], highestEvidence)
		if d.Best[i] <= 1 {
			d.Best[i], d.From[i] = 1, d.N
		}
		d.Best[i] = min(d.Best[i]*ratios[i], highestEvidence)
	}
	d.N++
	return d.Alarm()
}

// E is the evidence that something has set in: an alarm is given where it reaches Patience.
func (d *Detector) E() float64 {
	var sum float64
	for _, e := range d.Evidence {
		sum += e
	}
	return sum / float64(len(d.Evidence))
}

// Alarm reports whether the evidence has reached Patience.
func (d *Detector) Alarm() bool { return d.E() >= d.Patience }

// Since returns how many observations have come since the moment at which it most likely set in.
func (d *Detector) Since() int {
	best := 0
	for i, b := range d.Best {
		if b > d.Best[best] {
			best = i
		}
	}
	return d.N - d.From[best]
}
