// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package near

import (
	"fmt"
	"math"
)

// Options of an Index. The zero value is good for short texts.
type Options struct {
	// Jaccard is the least index of two texts that are near: shared shingles by all shingles of both. 0: 0.8.
	Jaccard float64
	// Characters or Words is the length of a shingle, at most 32; only one may be set. Both 0: 4 characters. Words suit
	// documents.
	Characters, Words int
	// Recall is the least probability that a pair exactly at the threshold is found, when its sets are large enough to be
	// sampled as if at random; pairs above it are found with more. 0: 0.99. At low thresholds it may be lower: a sketch has
	// at most 112 bins.
	Recall float64
	// Crowd bounds the texts that one bucket of a table remembers, so that a million variants of one text take no
	// quadratic time; Stats tells how often that happened. 0: 256.
	Crowd int
	// Seed chooses the hash functions.
	Seed uint64
}

// mostBins bounds a sketch: a bin keeps the round that filled it in 8 bits, and there are two rounds for each bin.
const mostBins = 112

// longest shingle.
const longest = 32

func (o Options) complete() (Options, error) {
	if o.Jaccard == 0 {
		o.Jaccard = 0.8
	}
	if o.Recall == 0 {
		o.Recall = 0.99
	}
	if o.Characters == 0 && o.Words == 0 {
		o.Characters = 4
	}
	if o.Crowd == 0 {
		o.Crowd = 256
	}
	switch {
	case !(o.Jaccard > 0 && o.Jaccard <= 1):
		return o, fmt.Errorf("near: jaccard is %v; it must be above 0 and at most 1", o.Jaccard)
	case !(o.Recall > 0 && o.Recall < 1):
		return o, fmt.Errorf("near: recall is %v; it must lie between 0 and 1", o.Recall)
	case o.Characters != 0 && o.Words != 0:
		return o, fmt.Errorf("near: shingles are of characters or of words, not of both; leave one at 0")
	case o.Characters < 0 || o.Words < 0 || o.Characters > longest || o.Words > longest:
		return o, fmt.Errorf("near: a shingle has %d characters or words; it must have 1 to %d", o.Characters+o.Words, longest)
	case o.Crowd < 0:
		return o, fmt.Errorf("near: crowd is %d; it must be positive", o.Crowd)
	}
	return o, nil
}

// layout returns how many bands of how many bins each find a pair at the threshold with the recall wanted. More bins in a
// band mean fewer texts to compare, so it takes as many as the sketch can hold.
func (o Options) layout() (bands, rows int) {
	bands, rows = mostBins, 1
	for r := 1; r <= 8; r++ {
		p := math.Pow(o.Jaccard, float64(r))
		b := 1
		if p < 1 {
			b = int(math.Ceil(math.Log(1-o.Recall) / math.Log(1-p)))
		}
		if b*r > mostBins {
			break
		}
		bands, rows = b, r
	}
	return bands, rows
}
