// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package refine

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"unicode/utf8"

	"retort/dataset"
	"retort/router/language"
)

// usual is the share of the texts whose language can be told that a language needs to be at home among them.
const usual = 0.02

// languages looks for texts in a language that few others have. Texts whose language cannot be told are let be.
func languages(remove bool) work {
	return func(ctx context.Context, examples []dataset.Example, note *notes) ([]dataset.Example, error) {
		told := make([]string, len(examples))
		count, total := map[string]int{}, 0
		for i := range examples {
			if err := note.tick(ctx, i, len(examples)); err != nil {
				return nil, err
			}
			if told[i] = language.Of(examples[i].Text); told[i] != "" {
				count[told[i]]++
				total++
			}
		}
		var home []string
		for _, code := range slices.Sorted(maps.Keys(count)) {
			if float64(count[code]) >= usual*float64(total) {
				home = append(home, code)
			}
		}
		note.detail("usual", home)
		note.detail("texts_by_language", count)
		note.detail("untold", len(examples)-total)
		return only(examples, func(i int) bool {
			if told[i] == "" || slices.Contains(home, told[i]) {
				return true
			}
			note.remove(remove, "in another language", &examples[i], told[i])
			return !remove
		}), nil
	}
}

// Lengths are compared by their logarithm, since they are spread as such: a text is an outlier when it lies more than far
// robust deviations from the median (the median absolute deviation, scaled to that of a normal distribution; Iglewicz and
// Hoaglin, "How to detect and handle outliers", 1993), of which one counts as a factor of leastDeviation at least.
const (
	far            = 5
	leastDeviation = 1.5
	readByStudents = 8192 // characters of a text that a student reads
)

// lengths looks for texts that are far longer or shorter than the others.
func lengths(remove bool) work {
	return func(ctx context.Context, examples []dataset.Example, note *notes) ([]dataset.Example, error) {
		if len(examples) == 0 {
			return examples, nil
		}
		logs := make([]float64, len(examples))
		for i := range examples {
			if err := note.tick(ctx, i, len(examples)); err != nil {
				return nil, err
			}
			logs[i] = math.Log1p(float64(utf8.RuneCountInString(examples[i].Text)))
		}
		middle := median(slices.Clone(logs))
		off := make([]float64, len(logs))
		for i, x := range logs {
			off[i] = math.Abs(x - middle)
		}
		spread := far * max(1.4826*median(off), math.Log(leastDeviation))
		shortest, longest := math.Expm1(middle-spread), math.Expm1(middle+spread)
		note.detail("median_characters", math.Round(math.Expm1(middle)))
		note.detail("usual_characters", []float64{math.Ceil(max(shortest, 0)), math.Floor(longest)})
		return only(examples, func(i int) bool {
			reason := ""
			switch n := math.Expm1(logs[i]); {
			case n > longest:
				reason = "far longer than the others"
			case n < shortest:
				reason = "far shorter than the others"
			case math.Round(n) > readByStudents:
				reason = fmt.Sprintf("longer than the %d characters that a student reads", readByStudents)
			default:
				return true
			}
			note.remove(remove, reason, &examples[i], fmt.Sprintf("%.0f characters", math.Expm1(logs[i])))
			return !remove
		}), nil
	}
}

// median reorders x.
func median(x []float64) float64 {
	slices.Sort(x)
	return (x[(len(x)-1)/2] + x[len(x)/2]) / 2
}
