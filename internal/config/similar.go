// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package config

// Similar lets a task answer from its teacher's answers to similar inputs.
type Similar struct {
	Agreement  float64  `yaml:"agreement" default:"0.95" doc:"Share of the answers from memory that must agree with fresh ones, between 0 and 1."`
	Confidence float64  `yaml:"confidence" default:"0.95" doc:"Confidence with which that must be shown, between 0 and 1."`
	Audit      float64  `yaml:"audit" default:"0.05" doc:"Share of the requests that are asked fresh, to be compared, whatever the memory says; above 0 and at most 1."`
	TTL        Duration `yaml:"ttl" default:"24h" doc:"How long an answer is remembered."`
	Max        int      `yaml:"max" default:"10000" doc:"Answers remembered for each tenant, at most 100000; about 2 kB each."`
}

// mostSimilar is the largest Max.
const mostSimilar = 100_000

func (s *Similar) check(d *decoder, path string) {
	for key, share := range map[string]float64{"agreement": s.Agreement, "confidence": s.Confidence} {
		if share <= 0 || share >= 1 {
			d.fail(join(path, key), "%v is not between 0 and 1; write a share such as 0.95", share)
		}
	}
	if s.Audit <= 0 || s.Audit > 1 {
		d.fail(path+".audit", "%v is not above 0 and at most 1; without fresh answers nobody would notice that the old ones no longer agree", s.Audit)
	}
	if s.TTL <= 0 {
		d.fail(path+".ttl", "must be above zero")
	}
	if s.Max < 1 || s.Max > mostSimilar {
		d.fail(path+".max", "%d is not from 1 to %d", s.Max, mostSimilar)
	}
}

// stranger is a struct that knows why a key which somebody may expect has no place in it.
type stranger interface {
	// stranger returns the reason, and what to do; empty: the key is not known at all.
	stranger(key string) string
}

func (Cache) stranger(key string) string {
	switch key {
	case "similar", "semantic", "similarity", "threshold", "embedding":
		return "answers to similar questions are kept for tasks alone: only answers with a contract agree or do not, so that a hit can be judged; write tasks.NAME.similar"
	}
	return ""
}
