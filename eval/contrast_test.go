// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package eval

import (
	"context"
	"math/rand/v2"
	"testing"

	"retort/model/modeltest"
)

func TestContrast(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	weak, strong, blend := routed(rng, 400, 0.8)
	c, err := Contrast([]Series{weak, strong, blend}, "blend", CompareOptions{Resamples: 300})
	if err != nil {
		t.Fatal(err)
	}
	if c.Models[0].Name != "blend" || c.Models[2].Name != "weak" || len(c.Pairs) != 3 || c.Pairs[0].A != "blend" {
		t.Errorf("got %+v, %+v", c.Models, c.Pairs)
	}
	if c.Verdict.QualityIs != Higher || c.Verdict.CostIs != Lower || c.Verdict.Best != "strong" {
		t.Errorf("verdict %v", c.Verdict)
	}
	if len(c.Frontier) != 2 || c.Models[1].DominatedBy != "blend" || !c.Models[0].Hull || c.Models[1].Regret.Value <= 0 {
		t.Errorf("frontier %v, models %+v", c.Frontier, c.Models)
	}
	if c.Models[0].Regret.Value >= c.Models[1].Regret.Value || c.Oracle.Share["blend"] != 0 {
		t.Errorf("oracle %+v", c.Oracle)
	}
	weak.Cost = nil
	if c, err = Contrast([]Series{weak, strong}, "", CompareOptions{Resamples: 10}); err != nil || c.Frontier != nil ||
		c.Models[0].Cost != nil || c.Verdict != nil {
		t.Errorf("without one's costs: %+v, %v", c, err)
	}
	if _, err = Contrast([]Series{weak}, "blend", CompareOptions{}); err == nil {
		t.Error("a blend that is not there is judged")
	}
	if _, err = Contrast([]Series{blend}, "blend", CompareOptions{}); err == nil {
		t.Error("a blend without parts is judged")
	}
}

func TestSeriesOfAReport(t *testing.T) {
	r, err := Run(context.Background(), modeltest.Echo("echo"), cases(8), RunOptions{Name: "echo"})
	if err != nil {
		t.Fatal(err)
	}
	s := r.Series()
	if s.Name != "echo" || mean(s.Quality)(nil) != r.Metrics.Accuracy.Value || s.Cost[3] <= 0 || s.Quality[3] != 0 {
		t.Errorf("got %+v", s)
	}
}
