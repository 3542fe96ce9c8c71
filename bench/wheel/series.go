// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"math/rand/v2"
	"slices"

	"retort/eval/certify"
	"retort/internal/shareddata"
)

// ask is one request of a series with the answer that the teacher would give.
type ask struct {
	text, label string
	outside     bool // it is none of the task
}

// series is traffic in its order.
type series struct {
	asks  []ask
	shift int // index of the first request after a change; len(asks) where there is none
	goal  certify.Goal
	aside []string
	moved []string          // classes whose meaning changes
	meant map[string]string // what these mean from shift on
}

// labels are the answers that occur, sorted.
func (s *series) labels() []string {
	labels := make([]string, len(s.asks))
	for i := range s.asks {
		labels[i] = s.asks[i].label
	}
	slices.Sort(labels)
	return slices.Compact(labels)
}

// outsideLabel is the teacher's answer to what is none of the task.
const outsideLabel = "oos"

// usual is what is asked of students unless a series says otherwise.
var usual = certify.Goal{Agreement: 0.95, Confidence: 0.95}

func mix(asks []ask, rng *rand.Rand) {
	rng.Shuffle(len(asks), func(i, j int) { asks[i], asks[j] = asks[j], asks[i] })
}

// bankingSeries is Banking77's training split in random order.
func bankingSeries(order uint64) (*series, error) {
	_, rows, err := shareddata.ReadCSV("banking77/train.csv")
	if err != nil {
		return nil, err
	}
	s := &series{goal: usual}
	for _, r := range rows {
		s.asks = append(s.asks, ask{text: r[0], label: r[1]})
	}
	mix(s.asks, rand.New(rand.NewPCG(order, 77)))
	s.shift = len(s.asks)
	return s, nil
}

// clincSeries is CLINC150's training split in random order, with all that is out of scope among its second half.
func clincSeries(order uint64) (*series, error) {
	_, rows, err := shareddata.ReadCSV("clinc150/data_full.csv")
	if err != nil {
		return nil, err
	}
	var known, outside []ask
	for _, r := range rows {
		switch r[0] {
		case "train":
			known = append(known, ask{text: r[1], label: r[2]})
		case "oos_train", "oos_val", "oos_test":
			outside = append(outside, ask{text: r[1], label: outsideLabel, outside: true})
		}
	}
	rng := rand.New(rand.NewPCG(order, 150))
	mix(known, rng)
	half := len(known) / 2
	later := append(known[half:len(known):len(known)], outside...)
	mix(later, rng)
	return &series{asks: append(known[:half:half], later...), shift: half, goal: usual, aside: []string{outsideLabel}}, nil
}

// shiftedSeries is Banking77 with the meaning of so many classes changed from the middle on: each of their texts gets the label
// of the next of them, and that of one class alone another class's.
func shiftedSeries(order uint64, classes int) (*series, error) {
	s, err := bankingSeries(order)
	if err != nil {
		return nil, err
	}
	var labels []string
	seen := map[string]bool{}
	for _, a := range s.asks {
		if !seen[a.label] {
			seen[a.label] = true
			labels = append(labels, a.label)
		}
	}
	rng := rand.New(rand.NewPCG(order, 15))
	rng.Shuffle(len(labels), func(i, j int) { labels[i], labels[j] = labels[j], labels[i] })
	meaning := map[string]string{}
	for i, l := range labels[:classes] {
		meaning[l] = labels[(i+1)%max(classes, 2)]
	}
	s.shift, s.moved, s.meant = len(s.asks)/2, labels[:classes], meaning
	for i := s.shift; i < len(s.asks); i++ {
		if other := meaning[s.asks[i].label]; other != "" {
			s.asks[i].label = other
		}
	}
	return s, nil
}

// noisyAgreement is the goal where the teacher errs at random.
const noisyAgreement = 0.9

// noisySeries is Banking77 with a share of the answers replaced by others at random, and a lower goal.
func noisySeries(order uint64, noise float64) (*series, error) {
	s, err := bankingSeries(order)
	if err != nil {
		return nil, err
	}
	rng := rand.New(rand.NewPCG(order, 2))
	labels := make([]string, len(s.asks))
	for i, a := range s.asks {
		labels[i] = a.label
	}
	for i := range s.asks {
		if rng.Float64() < noise {
			s.asks[i].label = labels[rng.IntN(len(labels))]
		}
	}
	s.goal.Agreement = noisyAgreement
	return s, nil
}
