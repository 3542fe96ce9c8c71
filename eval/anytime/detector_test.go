// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package anytime

import (
	"encoding/json"
	"math/rand/v2"
	"testing"
)

// TestDetectorsShareTheirPatience gives each observation to one of twenty detectors: together they raise a false alarm no more
// often than one would.
func TestDetectorsShareTheirPatience(t *testing.T) {
	const patience, classes, n = 2000, 20, 400_000
	rng := rand.New(rand.NewPCG(1, 7))
	detectors := make([]*Detector, classes)
	for i := range detectors {
		detectors[i] = NewDetector(2, patience)
	}
	alarms := 0
	for range n {
		c := rng.IntN(classes)
		differ := rng.Float64() < 0.1
		ratios := []float64{0.7 / 0.9, 0.1 / 0.9}
		if differ {
			ratios = []float64{3, 9}
		}
		if detectors[c].Add(ratios...) {
			alarms++
			detectors[c] = NewDetector(2, patience)
		}
	}
	t.Logf("%d false alarms in %d observations", alarms, n)
	if alarms > n/patience {
		t.Errorf("%d false alarms in %d observations, want %d at most", alarms, n, n/patience)
	}
}

// TestDetectorDatesTheChange lets a coin change and goes on from what JSON kept.
func TestDetectorDatesTheChange(t *testing.T) {
	const before, after = 3000, 120
	sum, off := 0, 0
	for seed := range uint64(200) {
		rng := rand.New(rand.NewPCG(seed, 9))
		d := NewDetector(2, 1e6)
		for i := range before + after {
			p := 0.05
			if i >= before {
				p = 0.4
			}
			ratios := []float64{0.8 / 0.95, 0.5 / 0.95}
			if rng.Float64() < p {
				ratios = []float64{4, 10}
			}
			d.Add(ratios...)
			if i == before {
				kept, err := json.Marshal(d)
				if err != nil {
					t.Fatal(err)
				}
				if d = new(Detector); json.Unmarshal(kept, d) != nil {
					t.Fatal("what was written is not read")
				}
			}
		}
		if !d.Alarm() {
			t.Fatalf("seed %d: no alarm, evidence %v", seed, d.Evidence)
		}
		since := d.Since()
		sum += since
		if since < after-20 || since > after+20 {
			off++
		}
	}
	t.Logf("dated %d observations back on average, want %d; %d of 200 off by more than 20", sum/200, after, off)
	if off > 20 {
		t.Errorf("%d of 200 changes are dated wrong by more than 20 observations", off)
	}
}
