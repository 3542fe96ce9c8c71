// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package certify

import "fmt"

// Point is one threshold of a coverage-against-agreement curve.
type Point struct {
	Threshold float64 `json:"threshold"`
	Answered  int     `json:"answered"`
	Coverage  float64 `json:"coverage"`
	Agreement float64 `json:"agreement"`
	// Lower and Upper are the exact two-sided interval of the agreement at this point alone.
	Lower float64 `json:"lower"`
	Upper float64 `json:"upper"`
}

// Curve returns how agreement falls as coverage grows: at most points thresholds in order of growing coverage, the last
// of which answers everything. The intervals have the given confidence each, not together, so the curve is to be
// looked at, never to pick a threshold from. No judgements give no points.
func Curve(judged []Judgement, points int, confidence float64) ([]Point, error) {
	r, err := rank(judged)
	if err != nil {
		return nil, fmt.Errorf("draw curve: %w", err)
	}
	if points < 1 || !(confidence > 0 && confidence < 1) {
		return nil, fmt.Errorf("draw curve: %d points at confidence %v: give at least one point and a confidence between 0 and 1",
			points, confidence)
	}
	var out []Point
	n, last := r.len(), 0
	for i := 1; i <= points && last < n; i++ {
		k := n * i / points
		if k <= last {
			continue
		}
		k = r.whole(k)
		low, high := Interval(r.agreed[k], k, confidence)
		out = append(out, Point{
			Threshold: r.threshold(k), Answered: k, Coverage: float64(k) / float64(n),
			Agreement: float64(r.agreed[k]) / float64(k), Lower: low, Upper: high,
		})
		last = k
	}
	return out, nil
}

// Bin is one bar of a reliability diagram: requests of similar score, what the score promised and what was kept.
type Bin struct {
	Low       float64 `json:"low"`  // lowest score in the bin
	High      float64 `json:"high"` // highest score in the bin
	Count     int     `json:"count"`
	MeanScore float64 `json:"mean_score"`
	Agreement float64 `json:"agreement"`
	Lower     float64 `json:"lower"` // exact two-sided interval of the agreement
	Upper     float64 `json:"upper"`
}

// Reliability cuts the judgements into at most bins bins of nearly equal size by score, from the lowest to the highest.
// Equal scores share a bin. The intervals have the given confidence each.
func Reliability(judged []Judgement, bins int, confidence float64) ([]Bin, error) {
	r, err := rank(judged)
	if err != nil {
		return nil, fmt.Errorf("draw reliability: %w", err)
	}
	if bins < 1 || !(confidence > 0 && confidence < 1) {
		return nil, fmt.Errorf("draw reliability: %d bins at confidence %v: give at least one bin and a confidence between 0 and 1",
			bins, confidence)
	}
	var out []Bin
	n, last := r.len(), 0
	for i := 1; i <= bins && last < n; i++ {
		k := n * i / bins
		if k <= last {
			continue
		}
		k = r.whole(k)
		out = append([]Bin{r.bin(last, k, confidence)}, out...)
		last = k
	}
	return out, nil
}

// bin summarises ranks from (excluded) to upto (included).
func (r ranking) bin(from, upto int, confidence float64) Bin {
	var sum float64
	for _, s := range r.scores[from:upto] {
		sum += s
	}
	count, agreed := upto-from, r.agreed[upto]-r.agreed[from]
	low, high := Interval(agreed, count, confidence)
	return Bin{
		Low: r.scores[upto-1], High: r.scores[from], Count: count, MeanScore: sum / float64(count),
		Agreement: float64(agreed) / float64(count), Lower: low, Upper: high,
	}
}
