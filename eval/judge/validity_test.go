// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package judge

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"retort/compose"
	"retort/eval/certify"
	"retort/model"
)

// TestCertifiedCascadesHoldTheirPromise fits cascades on drawn records and counts how often less is good, of the answers
// that they would accept of the same source, than was promised: in at most δ of the runs, as far as so many runs can tell.
// The score is what the answer comes with: sure of itself by s, right with a chance that rises with s.
func TestCertifiedCascadesHoldTheirPromise(t *testing.T) {
	own := compose.VerifierFunc(func(_ context.Context, _ *model.Request, resp *model.Response) (float64, error) {
		return resp.Score, nil
	})
	sources := map[string]func(s float64) float64{
		"ranks well":        func(s float64) float64 { return 1 - 0.6*math.Pow(1-s, 2) },
		"says nothing":      func(float64) float64 { return 0.895 },
		"steps":             func(s float64) float64 { return 0.6 + 0.1*math.Floor(4*s) },
		"never good enough": func(s float64) float64 { return 0.88 * s },
	}
	goal := certify.Goal{Agreement: 0.9, Confidence: 0.9}
	const runs = 200
	req := asking("x")
	for name, chance := range sources {
		violated, spoke := 0, 0
		for seed := range runs {
			rng := rand.New(rand.NewPCG(uint64(seed), 17))
			records := make([]Record, 250)
			for i := range records {
				resp := answering("y")
				resp.Score = rng.Float64()
				records[i] = Record{Request: req, Response: resp, Good: rng.Float64() < chance(resp.Score)}
			}
			f, err := Fit(t.Context(), records, Fitting{Goal: goal, Verify: own})
			if err != nil {
				t.Fatal(err)
			}
			if !f.Certificate.Speaks() {
				continue
			}
			spoke++
			if above(chance, f.Certificate.Threshold) < goal.Agreement {
				violated++
			}
		}
		t.Logf("%s: %d of %d speak, %d violate", name, spoke, runs, violated)
		if certify.LowerBound(violated, runs, 1e-6) > 1-goal.Confidence {
			t.Errorf("%s: %d of %d runs violate the target", name, violated, runs)
		}
		if name == "ranks well" && spoke < runs/2 {
			t.Errorf("%s: only %d of %d runs certify anything", name, spoke, runs)
		}
	}
}

// TestLearnedCascadesHoldTheirPromise is the same for verifiers that are learned on one half of the records.
func TestLearnedCascadesHoldTheirPromise(t *testing.T) {
	goal := certify.Goal{Agreement: 0.8, Confidence: 0.8}
	const runs = 25
	violated, spoke := 0, 0
	for seed := range uint64(runs) {
		f, err := Fit(t.Context(), drawRecords(rand.New(rand.NewPCG(seed, 19)), 200), Fitting{Goal: goal, Seed: seed})
		if err != nil {
			t.Fatal(err)
		}
		if !f.Certificate.Speaks() {
			continue
		}
		spoke++
		fresh, accepted, good := rand.New(rand.NewPCG(seed, 23)), 0.0, 0.0
		for range 600 {
			req, resp, chance := draw(fresh)
			score, err := f.Verify(t.Context(), req, resp)
			if err != nil {
				t.Fatal(err)
			}
			if f.Certificate.Answers(score) {
				accepted, good = accepted+1, good+chance
			}
		}
		if accepted > 0 && good/accepted < goal.Agreement {
			violated++
		}
	}
	t.Logf("%d of %d speak, %d violate", spoke, runs, violated)
	if spoke < runs/3 || certify.LowerBound(violated, runs, 1e-6) > 1-goal.Confidence {
		t.Errorf("%d of %d runs speak, %d violate the target", spoke, runs, violated)
	}
}

// above is the share of good answers among those scored at least t, where scores are uniform.
func above(chance func(float64) float64, t float64) float64 {
	const cells = 2000
	var sum float64
	for i := range cells {
		sum += chance(t + (1-t)*(float64(i)+0.5)/cells)
	}
	return sum / cells
}
