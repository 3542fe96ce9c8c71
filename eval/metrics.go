// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package eval

import (
	"errors"
	"fmt"
	"math"
)

// Item is one labelled prediction.
type Item struct {
	Gold      string // the answer wanted
	Predicted string // the answer given; empty when there was none, which is never right
	// Score is the model's probability that Predicted is right, in (0, 1]; 0 when the model gives none.
	Score float64
	// Distribution is the model's probability of each of MeasureOptions.Labels, in that order; nil when it gives none.
	Distribution []float64
}

// Right reports whether the prediction is the answer wanted.
func (i *Item) Right() bool { return i.Predicted == i.Gold && i.Predicted != "" }

// MeasureOptions changes how Measure works; the zero value is good.
type MeasureOptions struct {
	Labels     []string // the order of Item.Distribution; needed only where items have one
	Fields     []string // where golds and predictions are objects in canonical form: the names of their fields
	Confidence float64  // of each interval, in (0, 1); 0 means 0.95
	Resamples  int      // bootstrap resamples; 0 means 1,000, fewer (at least 200) above 50,000 items
	Seed       uint64   // of the bootstrap; equal seeds give equal intervals
	Bins       int      // calibration bins; 0 means 15
	Confusions int      // how many confusions to list; 0 means 20, negative all
}

// Estimate is a figure with its interval.
type Estimate struct {
	Value float64 `json:"value"`
	Lower float64 `json:"lower"`
	Upper float64 `json:"upper"`
}

// Points prints a difference of shares with its interval, in points of a hundred: "+2.1 [-0.3, +4.4]".
func (e Estimate) Points() string {
	return fmt.Sprintf("%s [%s, %s]", signed(e.Value), signed(e.Lower), signed(e.Upper))
}

// signed is a share in points of a hundred. Nothing has no minus.
func signed(share float64) string {
	s := fmt.Sprintf("%+.1f", 100*share)
	if s == "-0.0" {
		return "+0.0"
	}
	return s
}

// Metrics are the figures of one evaluation. Shares and scores are in [0, 1].
type Metrics struct {
	Items      int     `json:"items"`
	Right      int     `json:"right"`
	Unanswered int     `json:"unanswered,omitempty"` // items with no prediction; they count as wrong
	Confidence float64 `json:"confidence"`           // of every interval below

	Accuracy Estimate `json:"accuracy"` // Wilson's score interval
	// MacroF1 is the mean F1 over the labels that occur as gold or as prediction, each counting the same.
	// Of objects it is the mean F1 over the fields that have values.
	MacroF1     Estimate     `json:"macro_f1"`
	Classes     []Class      `json:"classes"`          // by label; none of objects
	Fields      []Field      `json:"fields,omitempty"` // of objects, in the order of MeasureOptions.Fields
	Confusions  []Confusion  `json:"confusions"`       // most frequent first
	Calibration *Calibration `json:"calibration,omitempty"`
}

// Measure computes the figures of items. It is deterministic for a seed, keeps nothing of items, and takes time
// proportional to their number: a second or so for 100,000.
//
// Errors name the item and field: no items at all, an empty Gold, a score outside [0, 1], a distribution that does not
// fit the labels.
func Measure(items []Item, opt MeasureOptions) (*Metrics, error) {
	if err := opt.fill(len(items)); err != nil {
		return nil, err
	}
	if err := check(items, opt.Labels); err != nil {
		return nil, err
	}
	m := &Metrics{Items: len(items), Confidence: opt.Confidence}
	for i := range items {
		if items[i].Right() {
			m.Right++
		}
		if items[i].Predicted == "" {
			m.Unanswered++
		}
	}
	m.Accuracy = wilson(float64(m.Right), m.Items, opt.Confidence)
	t := tally(items)
	m.Confusions = t.confusions(opt.Confusions)
	if opt.Fields != nil {
		fields := tallyFields(items, opt.Fields)
		m.Classes, m.Fields, m.MacroF1 = []Class{}, fields.fields(opt.Confidence), bootstrap(opt, fields.resampler())
	} else {
		m.Classes, m.MacroF1 = t.classes(), bootstrap(opt, t.resampler())
	}
	m.Calibration = calibrate(items, opt)
	return m, nil
}

func (o *MeasureOptions) fill(items int) error {
	if o.Confidence == 0 {
		o.Confidence = 0.95
	}
	if !(o.Confidence > 0 && o.Confidence < 1) {
		return fmt.Errorf("measure: confidence is %v: give a number between 0 and 1, both excluded", o.Confidence)
	}
	if o.Resamples == 0 {
		const draws = 50_000_000
		o.Resamples = min(1000, max(200, draws/max(1, items)))
	}
	if o.Bins == 0 {
		o.Bins = 15
	}
	if o.Confusions == 0 {
		o.Confusions = 20
	}
	if o.Resamples < 0 || o.Bins < 0 {
		return fmt.Errorf("measure: %d resamples in %d bins: give neither a negative number", o.Resamples, o.Bins)
	}
	return nil
}

func check(items []Item, labels []string) error {
	if len(items) == 0 {
		return errors.New("measure: there are no items")
	}
	for i := range items {
		it := &items[i]
		switch {
		case it.Gold == "":
			return fmt.Errorf("measure: item %d: gold is empty", i)
		case !(it.Score >= 0 && it.Score <= 1):
			return fmt.Errorf("measure: item %d: score %v is not in [0, 1]", i, it.Score)
		case it.Distribution != nil && len(it.Distribution) != len(labels):
			return fmt.Errorf("measure: item %d: distribution has %d entries for %d labels", i, len(it.Distribution), len(labels))
		}
		for j, p := range it.Distribution {
			if !(p >= 0 && p <= 1+1e-9) {
				return fmt.Errorf("measure: item %d: the probability of %q is %v, not in [0, 1]", i, labels[j], p)
			}
		}
	}
	return nil
}

// Share returns the mean of values from 0 to 1, of which there is one at least, with an interval: Wilson's score interval, which is meant for shares of right
// answers, and wider than it need be where values lie between 0 and 1.
func Share(values []float64, confidence float64) Estimate {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return wilson(sum, len(values), confidence)
}

// wilson returns a share with the score interval of E. B. Wilson (1927), which holds its confidence far better than the
// normal approximation near 0 and 1.
func wilson(right float64, n int, confidence float64) Estimate {
	z := quantile((1 + confidence) / 2)
	p, m := right/float64(n), float64(n)
	centre := (p + z*z/(2*m)) / (1 + z*z/m)
	half := z / (1 + z*z/m) * math.Sqrt(p*(1-p)/m+z*z/(4*m*m))
	return Estimate{Value: p, Lower: max(0, min(p, centre-half)), Upper: min(1, max(p, centre+half))}
}

// quantile is the inverse of the standard normal distribution function.
func quantile(p float64) float64 { return math.Sqrt2 * math.Erfinv(2*p-1) }

// normal is the standard normal distribution function.
func normal(x float64) float64 { return math.Erfc(-x/math.Sqrt2) / 2 }
