// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package student

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

// Example is a text with the teacher's answer.
type Example struct {
	Text  string
	Label string // empty: the most probable label of Soft
	// Soft has the teacher's probabilities by label, nil when it gave none. They need not sum to one.
	Soft map[string]float64
	// Weight says how many times the example counts; 0 means 1.
	Weight float64
	// Hard marks an example that was picked, and so is no fair sample of what will be asked. It trains every model and
	// neither calibrates nor judges: it has no prediction out of fold.
	Hard bool
}

// HashExamples returns "sha256:" and the hex digest of the examples in their order: the same examples, the same hash.
func HashExamples(examples []Example) string {
	digest := sha256.New()
	var buf []byte
	text := func(s string) {
		buf = binary.LittleEndian.AppendUint64(buf, uint64(len(s)))
		buf = append(buf, s...)
	}
	number := func(x float64) { buf = binary.LittleEndian.AppendUint64(buf, math.Float64bits(x)) }
	for _, e := range examples {
		buf = buf[:0]
		text(e.Text)
		text(e.Label)
		number(e.Weight)
		number(float64(len(e.Soft)))
		if e.Hard {
			text("hard")
		}
		for _, label := range slices.Sorted(maps.Keys(e.Soft)) {
			text(label)
			number(e.Soft[label])
		}
		digest.Write(buf)
	}
	return "sha256:" + hex.EncodeToString(digest.Sum(nil))
}

// sample is the examples in the form that training wants.
type sample struct {
	labels []string // the contract
	texts  []string
	class  []int32   // index into labels
	weight []float32 // positive
	soft   [][]share // nil: all of it on class
	hard   []bool
}

// share is a part of a teacher's distribution.
type share struct {
	class int32
	part  float32
}

// newSample checks the examples and numbers their labels.
func newSample(examples []Example, labels []string) (*sample, error) {
	if len(examples) == 0 {
		return nil, fmt.Errorf("train a student: no examples; give at least one text with its label")
	}
	s := &sample{labels: slices.Clone(labels)}
	if len(labels) == 0 {
		s.labels = foundLabels(examples)
	}
	number := make(map[string]int32, len(s.labels))
	for i, label := range s.labels {
		if _, twice := number[label]; twice {
			return nil, fmt.Errorf("train a student: label %q is listed twice; remove one", label)
		}
		if label == "" || !utf8.ValidString(label) {
			return nil, fmt.Errorf("train a student: label %d is %q; want a name in UTF-8", i, label)
		}
		number[label] = int32(i)
	}
	for i, e := range examples {
		if err := s.add(e, number); err != nil {
			return nil, fmt.Errorf("train a student: example %d: %w", i, err)
		}
	}
	return s, nil
}

func foundLabels(examples []Example) []string {
	found := make(map[string]bool)
	for _, e := range examples {
		if e.Label != "" {
			found[e.Label] = true
		}
		for label := range e.Soft {
			found[label] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}

func (s *sample) add(e Example, number map[string]int32) error {
	soft, err := newShares(e.Soft, number)
	if err != nil {
		return err
	}
	class, ok := number[e.Label]
	switch {
	case ok:
	case e.Label != "":
		return fmt.Errorf("label: %q is not among the %d labels of the task; add it or correct the example", e.Label, len(number))
	case soft == nil:
		return fmt.Errorf("label: empty, and there are no soft labels; give one of them")
	default:
		class = slices.MaxFunc(soft, func(a, b share) int {
			if a.part != b.part {
				return cmpFloat(a.part, b.part)
			}
			return int(b.class - a.class)
		}).class
	}
	weight := e.Weight
	if weight == 0 {
		weight = 1
	}
	if !(weight > 0 && weight <= 1e6) {
		return fmt.Errorf("weight: %v; want a number above 0 and at most 1e6", e.Weight)
	}
	s.texts = append(s.texts, e.Text)
	s.class = append(s.class, class)
	s.weight = append(s.weight, float32(weight))
	s.soft = append(s.soft, soft)
	s.hard = append(s.hard, e.Hard)
	return nil
}

func cmpFloat(a, b float32) int {
	if a < b {
		return -1
	}
	return 1
}

// newShares returns the shares by class, summing to one; nil for none.
func newShares(soft map[string]float64, number map[string]int32) ([]share, error) {
	if len(soft) == 0 {
		return nil, nil
	}
	var sum float64
	labels := slices.Sorted(maps.Keys(soft))
	for _, label := range labels {
		if _, ok := number[label]; !ok {
			return nil, fmt.Errorf("soft labels: %q is not among the %d labels of the task; add it or correct the example", label, len(number))
		}
		if p := soft[label]; !(p >= 0 && p <= math.MaxFloat32) {
			return nil, fmt.Errorf("soft labels: the probability of %q is %v; want a finite number of at least 0", label, p)
		}
		sum += soft[label]
	}
	if sum == 0 {
		return nil, fmt.Errorf("soft labels: all are 0 (%s); give the likely one a probability", strings.Join(labels, ", "))
	}
	var shares []share
	for _, label := range labels {
		if p := soft[label] / sum; p > 1e-6 {
			shares = append(shares, share{number[label], float32(p)})
		}
	}
	slices.SortFunc(shares, func(a, b share) int { return int(a.class - b.class) })
	return shares, nil
}

// part returns the examples whose numbers are given.
func (s *sample) part(numbers []int) *sample {
	p := &sample{labels: s.labels}
	for _, i := range numbers {
		p.texts = append(p.texts, s.texts[i])
		p.class = append(p.class, s.class[i])
		p.weight = append(p.weight, s.weight[i])
		p.soft = append(p.soft, s.soft[i])
		p.hard = append(p.hard, s.hard[i])
	}
	return p
}
